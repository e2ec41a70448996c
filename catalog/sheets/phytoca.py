"""Phytoca: one column per product, headings down the first column."""

from catalog.sheets.layout import Layout, Sheet

LAYOUT = Layout(
    key="phytoca",
    supplier="Phytoca",
    sheets=(
        Sheet(
            name="Sheet1",
            per_column=True,
            columns={
                "Product Name": "name",
                "TGA Trade name": "trade_name",
                "Product Brand": "brand",
                "Product Schedule": "schedule",
                "TGA Category": "tga_category",
                "TGA Dosage Form": "dose_form",
                "Product Size (grams, ml, pieces)": "size",
                "Strain Type (multichoice)": "strain_type",
                "Strain Name": "cultivar",
                "Indica % Ratio": "indica",
                "Sativa % Ratio": "sativa",
                "Strain Parent/s": "lineage",
                "Cannabinoids": "cannabinoids",
                "THC mg/ml/piece and/or %": "thc",
                "Total THC mg Per Container": "thc_total",
                "CBD mg/ml/piece and/or %": "cbd",
                "Total CBD mg Per Container": "cbd_total",
                "UPC Barcode Number": "gtin13",
                "Recommended Retail Price": "retail",
                "Recommended Wholesale Price": "wholesale",
                # Mixed units and slips: a price per milligram is computed where it is wanted.
                "Price Per Total Cannabinoids (RRP/Total Cannabinoid Per Container)": "",
                "Contact Email": "",
            },
            optional=frozenset(
                {"Price Per Total Cannabinoids (RRP/Total Cannabinoid Per Container)", "Contact Email"}
            ),
        ),
    ),
)
