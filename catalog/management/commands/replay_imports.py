"""Bring the lists of an archive in, one after the other, with what was decided about them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from catalog import replaying
from catalog.sheets import LAYOUTS
from config.base import Refused


class Command(BaseCommand):
    help = """Bring the lists of an archive in, one after the other, with what was decided about them."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("supplier", choices=list(LAYOUTS), metavar="SUPPLIER", help=", ".join(LAYOUTS))
        parser.add_argument("file", type=Path, metavar="FILE", help="the archive (.zip)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            history = replaying.unpack(options["file"].read_bytes())
            runs = replaying.replay(options["supplier"], history, by=None)
        except (Refused, OSError) as no:
            self.stderr.write(str(no))
            sys.exit(1)
        self.stderr.write(f"{len(runs)} lists were brought in.")
