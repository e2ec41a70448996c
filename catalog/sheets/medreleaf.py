"""MedReleaf: one sheet per dose form, potency in percent cells, no schedule and no barcode."""

from catalog.sheets.layout import Layout, Sheet

PRICED = {
    "Brand": "brand",
    "Product": "name",
    "TGA Cat": "tga_category",
    "Wholesale": "wholesale",
    "Retail": "retail",
    "Size": "size",
    "THC": "thc",
    "CBD": "cbd",
}
INHALED = PRICED | {"Strain Type": "strain_type", "Cultivar": "cultivar"}

LAYOUT = Layout(
    key="medreleaf",
    supplier="MedReleaf",
    sheets=(
        Sheet(name="Dried Flower", columns=INHALED, fixed={"dose_form": "Dried Flower"}),
        Sheet(name="Carts", columns=INHALED, fixed={"dose_form": "Cartridge"}),
        Sheet(name="Oil", columns=PRICED, fixed={"dose_form": "Oil"}),
        Sheet(name="Pastels", columns=PRICED, fixed={"dose_form": "Pastille"}),
    ),
)
