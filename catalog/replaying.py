"""A supplier's history, brought in again from nothing: the same files, decisions and days.

What stands in the catalogue follows from three things that are kept for good: each list's file, what was
decided about its lines, and the day from which its prices hold. So a catalogue can be made anew, on another
server or to see that nothing was changed by hand. A list that was undone is left out: nothing of it holds.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from django.db import transaction

from catalog import applying, reading, receiving, reviewing
from catalog.models import Decision, Import, ImportRow
from config.base import Refused

if TYPE_CHECKING:
    from clinic.models import User

TOLD = "history.json"
Place = tuple[str, str, str, str]
"""Which line of a list: its sheet, its row or column, the barcode and the name that it states."""


class Ruling(NamedTuple):
    """What holds for one line, as it was decided last."""

    place: Place
    verdict: str
    reason: str
    at_terminal: bool


class Chapter(NamedTuple):
    """One list that stands in the catalogue: its file, from when its prices hold, what was decided."""

    file_name: str
    data: bytes
    effective_on: date
    rulings: Sequence[Ruling]


class NoHistory(Refused):
    def __init__(self) -> None:
        super().__init__("This file is no history of imports. Give one that archive_imports wrote.")


class ReadsOtherwise(Refused):
    """The layout or the checks have changed since: somebody has to look at the list again."""

    def __init__(self, file_name: str, lines: Iterable[str]) -> None:
        told = ", ".join(lines)
        super().__init__(
            f"{file_name} is read otherwise now than when it was reviewed: {told}. Review it again."
        )


def history_of(key: str) -> list[Chapter]:
    """The lists of a supplier that stand in the catalogue, in the order in which they were applied."""
    runs = Import.objects.filter(supplier__key=key, status=Import.Status.APPLIED).order_by("applied_at", "pk")
    return [
        Chapter(
            file_name=run.file_name,
            data=receiving.content(run),
            effective_on=run.change_sets.get(kind="applied").effective_on,
            rulings=[
                Ruling(_place(decision.row), decision.verdict, decision.reason, decision.at_terminal)
                for decision in _last_decisions(run)
            ],
        )
        for run in runs
    ]


def pack(history: Sequence[Chapter]) -> bytes:
    """A ZIP of the lists as they came and a JSON of what was decided: enough to replay them elsewhere."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        told = []
        for number, chapter in enumerate(history, 1):
            archive.writestr(f"lists/{number:04}", chapter.data)
            rulings = [ruling._asdict() for ruling in chapter.rulings]
            told.append({**chapter._asdict(), "data": f"lists/{number:04}", "rulings": rulings})
        archive.writestr(TOLD, json.dumps(told, default=str, ensure_ascii=False, indent=1))
    return packed.getvalue()


def unpack(packed: bytes) -> list[Chapter]:
    """Read what ``pack`` wrote.

    :raises NoHistory: it is something else
    """
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            return [
                Chapter(
                    file_name=told["file_name"],
                    data=archive.read(told["data"]),
                    effective_on=date.fromisoformat(told["effective_on"]),
                    rulings=[
                        Ruling(**ruling | {"place": tuple(ruling["place"])}) for ruling in told["rulings"]
                    ],
                )
                for told in json.loads(archive.read(TOLD))
            ]
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError) as problem:
        raise NoHistory from problem


def replay(key: str, history: Sequence[Chapter], *, by: User | None) -> list[Import]:
    """Bring ``history`` in, list by list, as the act of somebody who may run commands on the server.

    :raises WorkbookRefused: a file is no list of this supplier any more
    :raises ReadsOtherwise: a line that was decided about is not there, or another one waits for a decision
    :raises CatalogueMoved: the catalogue holds something else of this supplier
    """
    return [_replay(key, chapter, by=by) for chapter in history]


def _replay(key: str, chapter: Chapter, *, by: User | None) -> Import:
    run = receiving.receive(key, data=chapter.data, file_name=chapter.file_name, by=by).run
    reading.read(run, by=by)
    with transaction.atomic():
        _decide(run, chapter, by=by)
        reviewing.approve_replayed(run, by=by)
        applying.apply(run, by=by, day=chapter.effective_on)
    return run


def _decide(run: Import, chapter: Chapter, *, by: User | None) -> None:
    rows = {_place(row): row for row in run.rows.exclude(outcome=ImportRow.Outcome.UNCHANGED)}
    decided = {ruling.place for ruling in chapter.rulings}
    left = {_place(row) for row in run.rows.undecided()} - decided
    if odd := sorted((decided - set(rows)) | left):
        raise ReadsOtherwise(
            chapter.file_name, (f"{sheet} {line} {name}".strip() for sheet, line, _, name in odd)
        )
    Decision.objects.bulk_create(
        Decision(
            row=rows[ruling.place],
            verdict=ruling.verdict,
            reason=ruling.reason,
            at_terminal=ruling.at_terminal,
            recorded_by=by,
        )
        for ruling in chapter.rulings
    )


def _last_decisions(run: Import) -> Iterable[Decision]:
    last: dict[object, Decision] = {}
    for decision in Decision.objects.filter(row__run=run).select_related("row").order_by("pk"):
        last[decision.row_id] = decision
    return last.values()


def _place(row: ImportRow) -> Place:
    stated = row.stated
    return row.sheet, row.line, stated.get("gtin13") or "", stated.get("product_name") or ""
