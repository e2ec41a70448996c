"""Every record of the catalogue."""

from catalog.models.imports import ChangeSet, Decision, Import, ImportPolicy, ImportRow
from catalog.models.products import DoseForm, Price, Product
from catalog.models.suppliers import SheetLayout, Supplier

__all__ = [
    "ChangeSet",
    "Decision",
    "DoseForm",
    "Import",
    "ImportPolicy",
    "ImportRow",
    "Price",
    "Product",
    "SheetLayout",
    "Supplier",
]
