"""The catalogue's screens."""

from catalog.admin import imports, products, suppliers

__all__ = ["imports", "products", "suppliers"]
