"""Alma: sections under headings that name the brand; a second sheet adds availability."""

from catalog.sheets.layout import Layout, Sheet

COLUMNS = {
    "THC": "thc",
    "CBD": "cbd",
    "Quantity": "size",
    "Strain": "strain_type",
    "Ratio (Indica:Sativa)": "ratio",
    "Terpenes %": "terpenes",
    "Cultiva": "cultivar",
    "Heritage": "lineage",
    "Schedule": "schedule",
    "Category": "tga_category",
    "Wholesale": "wholesale",
    "RRP": "retail",
}
FLOWER = {"dose_form": "Dried Flower"}  # the list is flower only and says so nowhere

LAYOUT = Layout(
    key="alma",
    supplier="Alma",
    sheets=(
        Sheet(name="Sheet1", columns=COLUMNS, title="name", fixed=FLOWER),
        Sheet(
            name="Sheet3",
            columns=COLUMNS | {"Availability": "availability"},
            title="name",
            fixed=FLOWER,
            confirms="Sheet1",
        ),
    ),
    skipped={"Sheet2": "therapeutic claims, which have no place in the catalogue"},
    noise=("Cannabis",),
)
