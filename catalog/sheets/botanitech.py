"""Botanitech: one sheet, one line per product, strengths in one cell, no prices."""

from catalog.sheets.layout import Layout, Sheet

LAYOUT = Layout(
    key="botanitech",
    supplier="Botanitech",
    sheets=(
        Sheet(
            name="Sheet1",
            columns={
                "Trade/Brand name": "name",
                "Generic name": "generic_name",
                "Strength": "strength",
                "Dose form": "dose_form",
                "Pack Size": "size",
                "Packaging Type": "packaging",
                "ARTG No": "artg_id",
                "APN": "gtin13",
                "TGA Category 1-5": "tga_category",
                "Access mechanism SAS or Authorised Prescriber": "pathway",
                "Poison Schedule": "schedule",
                "Storage Information": "storage",
            },
        ),
    ),
    brands=("Botanitech Curated", "Botanitech NRG", "Botanitech Value", "Botanitech", "INC"),
)
