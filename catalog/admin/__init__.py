"""The catalogue's screens."""

from catalog.admin import import_rows, imports, products, suppliers

__all__ = ["import_rows", "imports", "products", "suppliers"]
