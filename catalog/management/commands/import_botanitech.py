"""Import the Botanitech price list."""

from catalog.management.commands import import_supplier


class Command(import_supplier.Command):
    supplier = "botanitech"
