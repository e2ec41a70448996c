"""The catalogue's screens."""

from catalog.admin import import_rows, imports, layouts, prices, products, suppliers

__all__ = ["import_rows", "imports", "layouts", "prices", "products", "suppliers"]
