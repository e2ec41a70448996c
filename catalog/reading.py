"""Reading a received workbook: every line checked, set beside the catalogue, and kept with its cells."""

from __future__ import annotations

import gc
import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from catalog import comparing, receiving, sheets
from catalog.comparing import Comparison, Keeper, Outcome
from catalog.models import Import, ImportPolicy, ImportRow, Product, Supplier
from catalog.sheets.findings import Finding, Severity
from catalog.sheets.formats import Offers, format_of
from catalog.sheets.reading import Heard
from catalog.shelving import Line
from config import tracing
from config.base import Refused, uuid7
from messaging import mailing, streaming

if TYPE_CHECKING:
    from clinic.models import User

MOST_ATTEMPTS = 3
ABANDONED = timedelta(minutes=5)
"""So long a worker may say nothing of an import before another takes it up."""
BECAME: dict[str, str] = {
    Import.Status.CHECKED: "was read and waits for you",
    Import.Status.SETTLED: "was read and has nothing new in it",
    Import.Status.APPLIED: "is in the catalogue now",
    Import.Status.REFUSED: "could not be worked on",
}
COLUMNS = (
    "id",
    "recorded_at",
    "recorded_by_id",
    "trace",
    "run_id",
    "position",
    "sheet",
    "cell",
    "line",
    "raw",
    "cells",
    "stated",
    "findings",
    "outcome",
    "needs_decision",
    "changes",
    "relies_on",
    "product_id",
)


class Interrupted(Refused):
    def __init__(self) -> None:
        super().__init__(
            f"Reading this file was interrupted {MOST_ATTEMPTS} times, so it is not tried again. "
            "Please show the file to whoever looks after the system."
        )


@dataclass
class Result:
    """What an import would do, or did."""

    supplier: str
    file_sha256: str
    comparison: Comparison
    notes: list[Finding] = field(default_factory=list)
    run: Import | None = None  # None when nothing was stored
    seen_before: Import | None = None  # the same file, applied earlier, with nothing new in it now
    left_out: int = 0  # lines that were not applied because somebody has to look at the strength

    @property
    def totals(self) -> dict[str, int]:
        counts = self.comparison.counts
        return {
            "read": self.comparison.read,
            "new": counts[Outcome.NEW],
            "changed": counts[Outcome.CHANGED],
            "unchanged": counts[Outcome.UNCHANGED],
            "gone": counts[Outcome.GONE],
            "review": self.comparison.review,
            "errors": counts[Outcome.ERROR],
        }

    def as_json(self) -> dict[str, Any]:
        """The result as the ``import_supplier`` command prints it."""
        lines = self.comparison.lines
        return {
            "supplier": self.supplier,
            "file_sha256": self.file_sha256,
            **self.totals,
            "products": [_product_json(line) for line in lines if line.outcome != Outcome.ERROR],
            "quarantined": [_quarantined_json(line) for line in lines if line.outcome == Outcome.ERROR],
            "gone_products": [str(product) for product in self.comparison.gone],
            "notes": [finding.as_json() for finding in self.notes],
            "left_out": self.left_out,
        }


def _product_json(line: Line) -> dict[str, Any]:
    computed = {
        "schedule": line.facts["schedule"] or None,
        "tga_category": line.facts["tga_category"],
        "outcome": str(line.outcome),
        "changes": line.changes if line.product else {},
    }
    return line.offer.as_json() | computed


def _quarantined_json(line: Line) -> dict[str, Any]:
    return {
        "product_name": line.offer.name,
        "source": {"sheet": line.offer.sheet, "cell": line.offer.cell},
        "errors": line.offer.codes(Severity.ERROR),
        "findings": [finding.as_json() for finding in line.offer.findings],
        "raw": line.offer.raw,
    }


def examine(key: str, *, data: bytes, heard: Heard | None = None) -> Result:
    """Read a workbook of the supplier ``key`` and compare it with the catalogue, storing nothing.

    While it reads, ``heard`` is told how far it is. The result holds every line.

    :raises UnknownSupplier: there is no layout of this name
    :raises WorkbookRefused: the file is not a list of this supplier
    """
    with _uncollected():
        return _compared(key, _opened(key, data, heard), data=data)


def _opened(key: str, data: bytes, heard: Heard | None) -> Offers:
    return format_of(sheets.layout_of(key))(heard=heard).create_dataset(data)


def _compared(key: str, offers: Offers, *, data: bytes, keeper: Keeper | None = None) -> Result:
    comparison = comparing.compare(
        offers,
        Supplier.objects.filter(key=key).first(),
        price_change_percent=ImportPolicy.objects.current().price_change_percent,
        keeper=keeper,
    )
    fingerprint = hashlib.sha256(data).hexdigest()
    notes = [*offers.notes, *_older_list(key, fingerprint, receiving.last_saved(data))]
    return Result(key, fingerprint, comparison, notes)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Have nobody look for garbage: reading makes none, and looking takes a fifth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def read(run: Import, *, by: User | None, keeps_lines: bool = False) -> Result | None:
    """Read the file of ``run`` into rows; None when that is done already.

    All rows are kept in one transaction, so that a reader that is killed leaves nothing behind and
    the next one starts anew. The result has the lines too if it ``keeps_lines``, which takes the more
    memory the longer the list is.

    :raises WorkbookRefused: the file is not a list of this supplier; the import is refused with the reason
    :raises Interrupted: it was tried too often
    """
    if not _claim(run, by=by):
        return None
    key, data = run.supplier.key, receiving.content(run)
    with _uncollected():
        try:
            offers = _opened(key, data, lambda done, expected: _tell_progress(run, done, expected))
        except Refused as no:
            _refuse(run, no, by=by)
            raise
        with transaction.atomic():
            if run.lock().status != Import.Status.READING:
                return None  # another worker was faster
            rows = Rows(run, by=by, keeps_lines=keeps_lines)
            result = _compared(key, offers, data=data, keeper=rows)
            result.run = run
            result.comparison.lines, result.comparison.gone = rows.lines, rows.gone
            _end(run, result, by=by)
    return result


def _end(run: Import, result: Result, *, by: User | None) -> None:
    comparison = result.comparison
    is_nothing_new = comparison.is_settled and not comparison.counts[Outcome.GONE]
    run.move_to(
        Import.Status.SETTLED if is_nothing_new else Import.Status.CHECKED,
        by=by,
        why="Read, checked and compared.",
        totals=result.totals,
        notes=[finding.as_json() for finding in result.notes],
        expected=comparison.read,
        progress=comparison.read,
        attempts=0,
    )
    tell(run)
    if by is None:
        write(run)


@transaction.atomic
def _claim(run: Import, *, by: User | None) -> bool:
    """Count the attempt before it begins: a file that kills its reader must not be read for ever."""
    status = run.lock().status
    if status not in (Import.Status.RECEIVED, Import.Status.READING):
        return False
    if run.attempts >= MOST_ATTEMPTS:
        no = Interrupted()
        run.move_to(Import.Status.REFUSED, by=by, why=str(no), refusal=str(no))
        tell(run)
        return False
    counted = {"attempts": run.attempts + 1, "touched_at": timezone.now(), "progress": 0}
    why = f"Reading, attempt {run.attempts + 1}."
    if status == Import.Status.RECEIVED:
        run.move_to(Import.Status.READING, by=by, why=why, **counted)
    else:
        run.change(by=by, why=why, **counted)
    tell(run)
    return True


@transaction.atomic
def _tell_progress(run: Import, done: int, expected: int) -> None:
    """Note how far the reader is, at once, so that pages see it and nobody takes the import for abandoned."""
    reading_now = Import.objects.filter(pk=run.pk, status=Import.Status.READING)
    reading_now.update(progress=done, expected=expected, touched_at=timezone.now())
    tell(run)


@transaction.atomic
def _refuse(run: Import, no: Refused, *, by: User | None) -> None:
    run.move_to(Import.Status.REFUSED, by=by, why=str(no), refusal=str(no))
    tell(run)
    if by is None:
        write(run)


def tell(run: Import) -> None:
    """Let the open pages of whoever sent the file know how far it is."""
    if run.sender_id:
        streaming.push([run.sender_id], "import", {"import": run.pk, "status": run.status})


def write(run: Import) -> None:
    """Owe whoever sent the file a letter about what a worker made of it: they went on to other things."""
    if run.sender and run.sender.is_active:
        mailing.queue(
            "catalog/mail/import_finished",
            recipient=run.sender,
            to=run.sender.email,
            context={
                "became": BECAME[run.status],
                "path": reverse("admin:catalog_import_change", args=[run.pk]),
            },
        )


def _older_list(key: str, fingerprint: str, saved_at: datetime | None) -> Iterator[Finding]:
    """Warn where last month's list comes after this month's."""
    applied = Import.objects.filter(supplier__key=key, status=Import.Status.APPLIED)
    last = applied.order_by("-applied_at", "-pk").first()
    if last is None or last.file_sha256 == fingerprint:
        return
    same = applied.filter(file_sha256=fingerprint).order_by("-applied_at").first()
    if same and same.applied_at:
        yield Finding("older_list", detail=f"This very file was applied on {_day(same.applied_at)}.")
    elif saved_at and last.saved_at and saved_at < last.saved_at:
        saved = f"It was last saved on {_day(saved_at)}, that one on {_day(last.saved_at)}."
        yield Finding("older_list", detail=saved)


def _day(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%-d %B %Y}"


class Rows:
    """Keeps the lines of one import as rows, as they come. COPY takes a tenth of the time of INSERTs."""

    def __init__(self, run: Import, *, by: User | None, keeps_lines: bool) -> None:
        self.keeps_lines = keeps_lines
        self.lines: list[Line] = []
        self.gone: list[Product] = []
        self._started = [timezone.now(), by and by.pk, json.dumps(tracing.current()), run.pk]
        self._positions = count(1)

    def keep(self, lines: list[Line]) -> None:
        self._copy(map(_of_line, lines))
        if self.keeps_lines:
            self.lines += lines

    def miss(self, products: list[Product]) -> None:
        self._copy(map(_of_gone, products))
        if self.keeps_lines:
            self.gone += products

    def _copy(self, rows: Iterable[list[Any]]) -> None:
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY catalog_importrow ({', '.join(COLUMNS)}) FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row([uuid7(), *self._started, next(self._positions), *row])


def _of_line(line: Line) -> list[Any]:
    offer = line.offer
    stated = offer.as_json() | {"gst": {"wholesale": offer.wholesale_gst, "retail": offer.retail_gst}}
    return [
        offer.sheet[:100],
        offer.cell,
        offer.line,
        json.dumps(offer.raw),
        json.dumps(offer.cells),
        json.dumps(stated),
        json.dumps([finding.as_json() for finding in offer.findings]),
        str(line.outcome),
        line.needs_decision,
        json.dumps(line.changes),
        json.dumps(line.relies_on),
        line.product and line.product.pk,
    ]


def _of_gone(product: Product) -> list[Any]:
    finding = Finding("gone_from_list").as_json()
    proposal = {"supply": [product.supply, Product.Supply.DISCONTINUED.value]}
    stated = {"product_name": product.name, "brand": product.brand or None}
    return [
        "",
        "",
        "",
        "{}",
        "{}",
        json.dumps(stated),
        json.dumps([finding]),
        ImportRow.Outcome.GONE.value,
        True,
        json.dumps(proposal),
        "{}",
        product.pk,
    ]
