"""Long price lists: ``python -m config.benchmarks.price_lists FILE LINES RISE`` writes one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django

NAMES = ("Myrtle", "Sassafras", "Leatherwood", "Pandani", "Boronia")


def write(path: Path, *, lines: int, rise: int) -> None:
    """A list in the layout of Tasmanian Botanics, ``rise`` dollars dearer than it was at first."""
    from catalog.management.commands import make_sample_sheets as samples  # noqa: PLC0415  Django is up only now

    flowers = list(_flowers(range(lines), rise))
    book = samples.tasmanian_botanics(flowers)
    sheet = book["Tasmanian Botanics Product List"]
    for number in range(lines):  # the samples count from one and the same barcode on
        sheet.cell(number + 2, 5).value = samples.barcode(10_000 + number)
    book.save(path)


def _flowers(numbers: range, rise: int) -> Iterator[list[Any]]:
    for number in numbers:
        strength = 12 + number % 15
        name = f"THC {strength} {NAMES[number % len(NAMES)]} Lot {number} 10g"
        price = 60 + number % 120 + rise
        described = ["Active", f"DF-{number:06}", name, f"{strength}% THC, <0.1% CBD", "Herb, Dried", "10g"]
        yield [*described, 8, 5 if strength >= 20 else 4, price, price + 20, "Now"]


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    write(Path(sys.argv[1]), lines=int(sys.argv[2]), rise=int(sys.argv[3]))
