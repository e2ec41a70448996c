"""The catalogue's screens."""

from catalog.admin import import_rows, imports, layouts, products, suppliers

__all__ = ["import_rows", "imports", "layouts", "products", "suppliers"]
