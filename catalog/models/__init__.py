"""Every record of the catalogue."""

from catalog.models.imports import Import, ImportRow
from catalog.models.products import DoseForm, Price, Product
from catalog.models.suppliers import SheetLayout, Supplier

__all__ = ["DoseForm", "Import", "ImportRow", "Price", "Product", "SheetLayout", "Supplier"]
