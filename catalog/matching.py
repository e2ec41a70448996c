"""Matching a supplier's columns with our fields on a sample: a layout without a line of code."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from catalog import checking, sheets
from catalog.models import SheetLayout, Supplier
from catalog.sheets import declaring, guessing, reading
from catalog.sheets.guessing import LABELS
from catalog.sheets.layout import SEARCHED_ROWS, Layout, Sheet, words
from catalog.sheets.reading import FEWEST, Reading
from catalog.sheets.tables import Cell, Table
from catalog.sheets.workbook import open_workbook
from config.base import Refused, forbid_transaction

if TYPE_CHECKING:
    from clinic.models import User

READ, AGAIN, LEFT_OUT = "read", "again", "left_out"
NAME_IN_SECTIONS = "section:name"
"""Stands for a column of names whose heading is the name of a section, not "Product"."""


class NotMatched(Refused):
    """The columns are not matched well enough to read a list by them."""


@dataclass(frozen=True)
class Choice:
    """What somebody decided about one sheet, or what we propose; columns are told by their position."""

    use: str
    header_row: int = 1
    per_column: bool = False
    dose_form: str = ""  # where the list says so nowhere
    fields: Mapping[int, str] = field(default_factory=dict)


def receive(supplier: Supplier, *, data: bytes, file_name: str, by: User | None) -> SheetLayout:
    """Keep a sample of the supplier's list, to match its columns on.

    :raises WorkbookRefused: it is no workbook
    """
    forbid_transaction()
    open_workbook(data)
    fingerprint = hashlib.sha256(data).hexdigest()
    stored = f"layouts/{supplier.key}/{fingerprint}{PurePath(file_name).suffix.lower()[:6]}"
    if not default_storage.exists(stored):
        stored = default_storage.save(stored, ContentFile(data))
    with transaction.atomic():
        return SheetLayout.objects.add(
            by=by,
            why="The sample came in.",
            supplier=supplier,
            sample=stored,
            sample_name=file_name[-200:],
            sample_sha256=fingerprint,
        )


def sample_of(layout: SheetLayout) -> bytes:
    forbid_transaction()
    with layout.sample.open("rb") as file:
        return file.read()


def before(layout: SheetLayout) -> Layout | None:
    """What was matched until now: on this sample, else for this supplier's lists."""
    if layout.declaration:
        return declaring.layout_of(layout)
    try:
        return sheets.layout_of(layout.supplier.key)
    except sheets.UnknownSupplier:
        return None


def propose(table: Table, known: Layout | None) -> Choice:
    """Propose how a sheet is laid out: as was decided before, else as it looks."""
    if known and words(table.name) in map(words, known.skipped):
        return Choice(LEFT_OUT)
    for sheet in known.sheets if known else ():
        if words(sheet.name) == words(table.name) or table.is_alone:
            return _as_before(table, sheet)
    row, per_column = guessing.headings_of(table, _layouts(known))
    return propose_at(table, known, header_row=row + 1, per_column=per_column)


def propose_at(table: Table, known: Layout | None, *, header_row: int, per_column: bool) -> Choice:
    """Propose which columns are which under the headings that somebody pointed at."""
    header = header_of(table, header_row, per_column=per_column)
    fields = {at: guessing.field_for(cell.text, _layouts(known)) for at, cell in enumerate(header)}
    twice = [into for into in fields.values() if list(fields.values()).count(into) > 1]
    fields = {at: into for at, into in fields.items() if into and into not in twice}
    is_form = words(table.name) in checking.DOSE_FORMS and "dose_form" not in fields.values()
    use = READ if "name" in fields.values() else LEFT_OUT
    return Choice(use, header_row, per_column, table.name.title() if is_form else "", fields)


def _layouts(known: Layout | None) -> list[Layout]:
    return [*sheets.LAYOUTS.values(), *([known] if known else [])]


def _as_before(table: Table, sheet: Sheet) -> Choice:
    lines = islice((table.turned() if sheet.per_column else table).rows(), SEARCHED_ROWS)
    scores = [sum(words(cell.text) in sheet.headings for cell in row if cell.text) for row in lines]
    row = scores.index(max(scores)) if scores else 0
    header = header_of(table, row + 1, per_column=sheet.per_column)
    fields = {at: sheet.headings.get(words(cell.text), "") for at, cell in enumerate(header) if cell.text}
    titled = [at for at, cell in enumerate(header) if at in fields and words(cell.text) not in sheet.headings]
    if sheet.title and titled:
        fields[titled[0]] = NAME_IN_SECTIONS
    use = AGAIN if sheet.confirms else READ
    return Choice(use, row + 1, sheet.per_column, sheet.fixed.get("dose_form", ""), fields)


def header_of(table: Table, header_row: int, *, per_column: bool) -> list[Cell]:
    """The headings as somebody pointed at them: a row, or a column of a list of columns."""
    lines = (table.turned() if per_column else table).rows()
    return next(islice(lines, header_row - 1, None), [])


def declare(
    layout: SheetLayout,
    choices: Mapping[str, Choice],
    tables: list[Table],
    *,
    brands: list[str],
    gst: Mapping[str, str],
) -> dict[str, Any]:
    """Put what was decided about every sheet together as one layout.

    :raises NotMatched: with it, no list could be read
    """
    used = [table for table in tables if choices[table.name].use != LEFT_OUT]
    first = next((table for table in used if choices[table.name].use == READ), None)
    if first is None:
        raise NotMatched("Choose at least one sheet whose products are to be read.")
    ordered = sorted(used, key=lambda table: choices[table.name].use == AGAIN)
    known = before(layout)
    declared = Layout(
        key=layout.supplier.key,
        supplier=layout.supplier.name,
        sheets=tuple(_sheet(table, choices[table.name], first.name) for table in ordered),
        skipped={table.name: "left out by decision" for table in tables if table not in used},
        brands=tuple(brands),
        noise=known.noise if known else (),
        gst={price: basis for price, basis in gst.items() if basis},
    )
    return declaring.declaration(declared)


def _sheet(table: Table, choice: Choice, first: str) -> Sheet:
    header = header_of(table, choice.header_row, per_column=choice.per_column)
    taken = {at: into for at, into in choice.fields.items() if into and at < len(header)}
    _check(table, header, taken)
    titles = [at for at, into in taken.items() if into == NAME_IN_SECTIONS]
    headings = [cell.text for cell in header]
    columns = {
        headings[at]: taken.get(at, "")
        for at in range(len(header))
        if headings[at] and at not in titles and list(map(words, headings)).count(words(headings[at])) == 1
    }
    return Sheet(
        name=table.name,
        columns=columns,
        optional=frozenset(heading for heading, into in columns.items() if not into),
        title="name" if titles else "",
        per_column=choice.per_column,
        fixed={"dose_form": choice.dose_form} if choice.dose_form else {},
        confirms=first if choice.use == AGAIN else "",
        header_row=choice.header_row,
    )


def _check(table: Table, header: list[Cell], taken: Mapping[int, str]) -> None:
    named = [into.removeprefix("section:") for into in taken.values()]
    where = "the list" if table.is_alone else f"sheet “{table.name}”"
    if "name" not in named:
        raise NotMatched(f"Choose which column of {where} is the product name.")
    if len(named) < FEWEST:
        raise NotMatched(f"A product is more than its name: choose {FEWEST} columns of {where} at least.")
    for into in named:
        if named.count(into) > 1:
            raise NotMatched(f"Two columns of {where} are matched with “{LABELS[into]}”. Choose one of them.")
    told = [words(cell.text) for cell in header]
    for at, into in taken.items():
        if into != NAME_IN_SECTIONS and (not told[at] or told.count(told[at]) > 1):
            raise NotMatched(
                f"Cell {header[at].address} of {where} needs a heading of its own, or its column cannot be "
                "found in the next list. Please ask the supplier for one."
            )


def try_out(layout: SheetLayout, declaration: dict[str, Any]) -> Reading:
    """Read the sample by ``declaration``, storing nothing.

    :raises Refused: it cannot be read by it
    """
    tried = SheetLayout(supplier=layout.supplier, declaration=declaration)
    found = reading.read(declaring.layout_of(tried), sample_of(layout))
    checking.check(found.offers)
    return found


def keep(layout: SheetLayout, declaration: dict[str, Any], *, by: User | None) -> Reading:
    """Save ``declaration`` as the next version of ``layout``; lists are read by it once it is in use.

    :raises NotMatched: not one product of the sample can be read by it
    """
    found = try_out(layout, declaration)
    if all(offer.is_quarantined for offer in found.offers):
        raise NotMatched("Not one product of the sample can be read like this. Please look at the preview.")
    with transaction.atomic():
        layout.lock()
        layout.change(by=by, why="The columns were matched.", declaration=declaration)
    return found


@transaction.atomic
def use(layout: SheetLayout, *, by: User | None) -> None:
    """Read the supplier's lists by ``layout`` from now on, and no longer by another.

    :raises NotMatched: its columns are not matched yet
    """
    layout.supplier.lock()
    if not layout.lock().declaration:
        raise NotMatched("Match the columns first, then the layout can be used.")
    for other in layout.supplier.layouts.in_use().exclude(pk=layout.pk):
        other.move_to(SheetLayout.Status.RETIRED, by=by, why=f"{layout} is used instead.")
    layout.move_to(SheetLayout.Status.IN_USE, by=by, why="Lists are read by it from now on.")


def retire(layout: SheetLayout, *, by: User | None) -> None:
    """Read no more lists by ``layout``; where the program has a layout of its own, that holds again."""
    layout.move_to(SheetLayout.Status.RETIRED, by=by, why="Lists are no longer read by it.")
