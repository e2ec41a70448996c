"""Write the kept lists of a supplier, and what was decided about them, into one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from catalog import replaying
from catalog.sheets import LAYOUTS


class Command(BaseCommand):
    help = """Write the kept lists of a supplier, and what was decided about them, into one file."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("supplier", choices=list(LAYOUTS), metavar="SUPPLIER", help=", ".join(LAYOUTS))
        parser.add_argument("file", type=Path, metavar="FILE", help="the archive (.zip)")

    def handle(self, *args: Any, **options: Any) -> None:
        history = replaying.history_of(options["supplier"])
        options["file"].write_bytes(replaying.pack(history))
        self.stderr.write(f"{len(history)} lists are in {options['file']}.")
