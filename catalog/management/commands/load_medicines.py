"""Load ordinary medicines from a prepared list."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from catalog import stocking
from config.base import Refused


class Command(BaseCommand):
    """Loads a JSON list of ordinary medicines; loading it again changes only what differs."""

    help = "Load ordinary medicines from a JSON list like fixtures/demo/medicines.json. Twice does no harm."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, help="the list (.json)")

    def handle(self, *, file: Path, **options: Any) -> None:
        try:
            done = stocking.load_medicines(file, by=None)
        except Refused as no:
            self.stderr.write(str(no))
            sys.exit(1)
        medicines = "medicine" if done["read"] == 1 else "medicines"
        self.stdout.write(f"{done['read']} {medicines} read: {done['new']} new, {done['changed']} changed.")
