"""Tasmanian Botanics: a cover sheet, the list with a status per product, and pictures."""

from catalog.sheets.layout import Layout, Sheet

NOT_IMPORTED = (
    "Distributors",
    "Flavours",
    "Contains Gluten",
    "Contins Lactose",
    "Contains Latex",
    "Reorder No",
    "CMI Attached",
    "Images Attached",
)

LAYOUT = Layout(
    key="tasmanian_botanics",
    supplier="Tasmanian Botanics",
    sheets=(
        Sheet(
            name="Tasmanian Botanics Product List",
            columns={
                "Type (to be released, active or discontinued)": "supply",
                "Brand": "brand",
                "Product Code": "product_code",
                "Product Name": "name",
                "Barcode": "gtin13",
                "Active Ingredients": "strength",
                "Dose Form": "dose_form",
                "Pack Size": "size",
                "Drug Schedule": "schedule",
                "TGA Category": "tga_category",
                "Wholesale Price (exc GST)": "wholesale",
                "RRP (inc GST)": "retail",
                "Packaging Type": "packaging",
                "Date Available": "availability",
                "How is it available?": "pathway",
                "ARTG ID": "artg_id",
            }
            | dict.fromkeys(NOT_IMPORTED, ""),
            optional=frozenset(NOT_IMPORTED),
        ),
    ),
    skipped={"Sheet Information": "a cover letter", "Images": "pictures"},
    gst={"wholesale": "ex", "retail": "inc"},
)
