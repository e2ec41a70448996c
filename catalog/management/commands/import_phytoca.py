"""Import the Phytoca price list."""

from catalog.management.commands import import_supplier


class Command(import_supplier.Command):
    supplier = "phytoca"
