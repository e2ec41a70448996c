"""A supplier's layout as a format of django-import-export: a workbook comes in, and offers come out."""

from __future__ import annotations

import gc
import pickle
import tempfile
import weakref
from collections.abc import Iterator
from itertools import islice, pairwise
from typing import IO, cast

from import_export.formats.base_formats import Format
from tablib import Dataset

from catalog.checking import Neighbours
from catalog.sheets import reading
from catalog.sheets.findings import Finding
from catalog.sheets.layout import Layout
from catalog.sheets.offers import Offer
from catalog.sheets.reading import Heard

BATCH = 500
MOST_HELD = 20  # batches in memory; those of a longer list wait on the disk


class Offers(Dataset):
    """The offers of one workbook, one to a row, which can be gone through again and again.

    A ``Dataset`` of tablib holds all its rows. This one holds the first ``MOST_HELD`` batches, so that a
    list of 100,000 lines takes hardly more room than one of 10,000. ``batch`` is the one that is gone
    through just now, for whoever looks things up for many rows at once.
    """

    def __init__(self) -> None:
        super().__init__(headers=["offer"])
        self.notes: list[Finding] = []  # about the workbook as a whole
        self.neighbours = Neighbours()  # has met every line
        self.batch: list[Offer] = []
        self._count = 0
        self._held: list[list[Offer]] = []
        self._rest: IO[bytes] | None = None
        self._ends: list[int] = []

    @property
    def height(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[tuple[Offer]]:
        for batch in self._batches():
            self.batch = batch
            yield from ((offer,) for offer in batch)

    def _batches(self) -> Iterator[list[Offer]]:
        yield from self._held
        for start, end in pairwise([0, *self._ends]):
            yield self._taken_up(start, end)

    def _taken_up(self, start: int, end: int) -> list[Offer]:
        rest = cast("IO[bytes]", self._rest)
        rest.seek(start)
        batch: list[Offer] = pickle.loads(rest.read(end - start))  # noqa: S301  a nameless file of our own
        return batch

    def fill(self, offers: Iterator[Offer]) -> None:
        """Take in what is read."""
        while batch := list(islice(offers, BATCH)):
            self._count += len(batch)
            for offer in batch:
                self.neighbours.note(offer)
            if len(self._held) < MOST_HELD:
                self._held.append(batch)
            else:
                self._put_by(batch)
            gc.collect(0)  # what was found to be unreadable holds on to its line in circles

    def _put_by(self, batch: list[Offer]) -> None:
        if self._rest is None:
            self._rest = tempfile.TemporaryFile()  # noqa: SIM115  it goes when nobody has the list any more
            weakref.finalize(self, self._rest.close)
        self._rest.write(pickle.dumps(batch, pickle.HIGHEST_PROTOCOL))
        self._ends.append(self._rest.tell())


class SheetFormat(Format):
    """The format of workbooks that are laid out like ``layout``."""

    layout: Layout

    def __init__(self, encoding: str | None = None, *, heard: Heard | None = None) -> None:
        self.encoding = encoding
        self.heard = heard  # is told now and then how far it is

    def get_title(self) -> str:
        return self.layout.supplier

    def can_import(self) -> bool:
        return True

    def create_dataset(self, in_stream: bytes) -> Offers:
        """Read a workbook.

        :raises WorkbookRefused: it is no workbook, or not one of this supplier
        """
        dataset = Offers()
        dataset.fill(reading.lines(self.layout, in_stream, dataset.notes, heard=self.heard))
        return dataset


def format_of(layout: Layout) -> type[SheetFormat]:
    """The format of one layout, whether it came with the program or was matched by a manager."""
    return type(f"{layout.key.title().replace('_', '')}Format", (SheetFormat,), {"layout": layout})
