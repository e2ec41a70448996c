"""Supplier workbooks: receiving, reading, comparing and applying them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from catalog import checking, comparing, sheets
from catalog.comparing import Comparison, Line, Outcome
from catalog.models import Import, ImportRow, Price, Product, Supplier
from catalog.sheets import reading
from catalog.sheets.findings import Finding, Severity
from catalog.sheets.layout import Layout
from catalog.sheets.workbook import WorkbookRefused
from config.base import Refused, forbid_transaction

if TYPE_CHECKING:
    from clinic.models import User

BATCH = 1000


class CatalogueMoved(Refused):
    def __init__(self) -> None:
        super().__init__("The catalogue has changed since this file was read. Please import the file again.")


@dataclass
class Result:
    """What an import would do, or did."""

    supplier: str
    file_sha256: str
    comparison: Comparison
    notes: list[Finding] = field(default_factory=list)
    run: Import | None = None  # None when nothing was stored
    seen_before: Import | None = None  # the same file, applied earlier, with nothing new in it now

    @property
    def totals(self) -> dict[str, int]:
        lines = self.comparison.lines
        return {
            "read": len(lines),
            "new": self.comparison.count(Outcome.NEW),
            "changed": self.comparison.count(Outcome.CHANGED),
            "unchanged": self.comparison.count(Outcome.UNCHANGED),
            "gone": len(self.comparison.gone),
            "review": sum(line.is_to_review for line in lines),
            "errors": self.comparison.count(Outcome.ERROR),
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
        }


def _product_json(line: Line) -> dict[str, Any]:
    computed = {
        "schedule": line.facts["schedule"] or None,
        "tga_category": line.facts["tga_category"],
        "outcome": str(line.outcome),
        "changes": line.changes,
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


def examine(key: str, *, data: bytes) -> Result:
    """Read a workbook of the supplier ``key`` and compare it with the catalogue, storing nothing.

    :raises UnknownSupplier: there is no layout of this name
    :raises WorkbookRefused: the file is not a list of this supplier
    """
    found = reading.read(sheets.layout_of(key), data)
    checking.check(found.offers)
    supplier = Supplier.objects.filter(key=key).first()
    comparison = comparing.compare(found.offers, supplier)
    return Result(key, hashlib.sha256(data).hexdigest(), comparison, found.notes)


def bring_in(key: str, *, data: bytes, file_name: str, by: User | None, apply_now: bool = False) -> Result:
    """Receive, read and, if ``apply_now``, apply a workbook.

    A file that was applied before and has nothing new in it is recognised, and not stored again.

    :raises UnknownSupplier: there is no layout of this name
    :raises WorkbookRefused: the file is not a list of this supplier; the refusal is kept
    """
    sheets.layout_of(key)
    applied = Import.objects.filter(
        supplier__key=key, file_sha256=hashlib.sha256(data).hexdigest(), status=Import.Status.APPLIED
    ).first()
    if applied:
        again = examine(key, data=data)
        if again.comparison.is_settled:
            again.seen_before = applied
            return again
    run = receive(key, data=data, file_name=file_name, by=by)
    result = read(run, by=by)
    if apply_now:
        apply(run, by=by)
    return result


def receive(key: str, *, data: bytes, file_name: str, by: User | None) -> Import:
    """Keep the file, once per content, and note that it came.

    :raises UnknownSupplier: there is no layout of this name
    """
    forbid_transaction()
    of = sheets.layout_of(key)
    fingerprint = hashlib.sha256(data).hexdigest()
    stored = f"imports/{key}/{fingerprint}.xlsx"
    if not default_storage.exists(stored):
        stored = default_storage.save(stored, ContentFile(data))
    with transaction.atomic():
        return Import.objects.add(
            by=by,
            why="The file came in.",
            supplier=_supplier(of, by=by),
            file=stored,
            file_name=file_name[-200:],
            file_sha256=fingerprint,
        )


def _supplier(of: Layout, *, by: User | None) -> Supplier:
    known = Supplier.objects.filter(key=of.key).first()
    return known or Supplier.objects.add(by=by, why="First list received.", key=of.key, name=of.supplier)


def read(run: Import, *, by: User | None) -> Result:
    """Read the file of ``run`` into rows, each with what it would change.

    :raises WorkbookRefused: the file is not a list of this supplier; the import is refused with the reason
    """
    try:
        result = examine(run.supplier.key, data=_content(run))
    except WorkbookRefused as no:
        run.move_to(Import.Status.REFUSED, by=by, why=str(no), refusal=str(no))
        raise
    result.run = run
    with transaction.atomic():
        notes = [finding.as_json() for finding in result.notes]
        run.move_to(Import.Status.READ, by=by, why="Read and compared.", totals=result.totals, notes=notes)
        rows = [_row(run, position, line) for position, line in enumerate(result.comparison.lines, start=1)]
        ImportRow.objects.bulk_create(rows, batch_size=BATCH)
    return result


def _content(run: Import) -> bytes:
    forbid_transaction()
    with run.file.open("rb") as file:
        return file.read()


def _row(run: Import, position: int, line: Line) -> ImportRow:
    return ImportRow(
        run=run,
        position=position,
        sheet=line.offer.sheet[:100],
        cell=line.offer.cell,
        line=line.offer.line,
        raw=line.offer.raw,
        stated=line.offer.as_json(),
        findings=[finding.as_json() for finding in line.offer.findings],
        outcome=line.outcome,
        changes=line.changes,
        product=line.product,
    )


def apply(run: Import, *, by: User | None) -> Result:
    """Carry what ``run`` found into the catalogue, all of it or nothing.

    :raises CatalogueMoved: since it was read, the catalogue has changed in what this file is about
    :raises IllegalMove: it was not read yet, or is applied already
    """
    data = _content(run)
    now = timezone.now()
    with transaction.atomic():
        run.supplier.lock()  # two lists of one supplier one after the other
        result = examine(run.supplier.key, data=data)
        _check_unmoved(run.lock(), result.comparison.lines)
        why = f"Import of {run.file_name}, fingerprint {run.file_sha256[:12]}."
        run.move_to(Import.Status.APPLIED, by=by, why=why, applied_at=now, totals=result.totals)
        _save(result.comparison.lines, run, by=by, why=why)
    result.run = run
    return result


def _check_unmoved(run: Import, lines: list[Line]) -> None:
    if run.status != Import.Status.READ:
        return  # the move refuses this with a better sentence
    reviewed = list(run.rows.order_by("position").values_list("outcome", "changes", "product_id"))
    if reviewed != [(str(line.outcome), line.changes, line.product and line.product.pk) for line in lines]:
        raise CatalogueMoved


def _save(lines: Iterable[Line], run: Import, *, by: User | None, why: str) -> None:
    new: list[Product] = []
    changed: list[Product] = []
    names: set[str] = set()
    for line in lines:
        if line.outcome == Outcome.NEW:
            line.product = Product(supplier=run.supplier, **line.facts)
            new.append(line.product)
        elif line.outcome == Outcome.CHANGED and line.product and line.changes.keys() - line.prices.keys():
            for name, value in line.facts.items():
                setattr(line.product, name, value)
            changed.append(line.product)
            names |= line.facts.keys()
    save_in_sets(new, changed, sorted(names), by=by, why=why)
    Price.objects.bulk_create(
        [price for line in lines for price in _prices(line, run, by=by)], batch_size=BATCH
    )


def _prices(line: Line, run: Import, *, by: User | None) -> list[Price]:
    return [
        Price(
            product=line.product,
            kind=kind,
            amount=amount,
            gst=getattr(line.offer, f"{kind}_gst"),
            effective_on=timezone.localdate(),
            run=run,
            recorded_by=by,
        )
        for kind, amount in line.prices.items()
    ]


def save_in_sets(
    new: list[Product], changed: list[Product], names: list[str], *, by: User | None, why: str
) -> None:
    """Write many products with a version each, set by set: a save per product takes twenty times as long."""
    signed = {"batch_size": BATCH, "default_user": by, "default_change_reason": why}
    if new:
        Product.objects.bulk_create(new, batch_size=BATCH)
        Product.history.bulk_history_create(new, **signed)
    if changed:
        Product.objects.bulk_create(
            changed, batch_size=BATCH, update_conflicts=True, unique_fields=["id"], update_fields=names
        )
        Product.history.bulk_history_create(changed, update=True, **signed)
