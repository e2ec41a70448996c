"""What a line says and changes, drawn: now beside then, and the cell among its neighbours."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from openpyxl.utils import column_index_from_string, get_column_letter

from catalog.comparing import PRICES, change_in_percent
from catalog.models import ImportRow, Product
from catalog.sheets.findings import CODES

AROUND = 2  # lines above and below
LONGEST = 60
MOST_COLUMNS = 30
SIGNS = {"=": "", "<": "< ", "<=": "≤ "}


def when(moment: datetime.datetime) -> str:
    return f"{timezone.localtime(moment):%-d %B %Y, %-I:%M %p}".replace("AM", "am").replace("PM", "pm")


def changes(row: ImportRow) -> str | SafeString:
    """What the catalogue says now beside what it would say, with the rise or fall of a price."""
    if not row.changes:
        return "–"
    if row.outcome == ImportRow.Outcome.NEW:
        lines = [(_title(name), "", _told(name, then), "") for name, (_, then) in row.changes.items()]
    else:
        lines = [
            (_title(name), _told(name, now), _told(name, then), _moved(name, [now, then]))
            for name, (now, then) in row.changes.items()
        ]
    body = format_html_join(
        "",
        '<tr><th scope="row">{}</th><td class="import-now">{}</td>'
        '<td class="import-then">{}</td><td class="import-moved">{}</td></tr>',
        lines,
    )
    return format_html(
        '<table class="import-changes"><thead><tr><th scope="col">What</th><th scope="col">Now</th>'
        '<th scope="col">Then</th><td></td></tr></thead><tbody>{}</tbody></table>',
        body,
    )


def gist(row: ImportRow) -> str | SafeString:
    """What a line changes, for a list: of a new product what it is, since all of it is new."""
    if row.outcome != ImportRow.Outcome.NEW:
        return changes(row)
    says: dict[str, Any] = {name: then for name, (_, then) in row.changes.items()}
    strengths = [_strength(name, row.stated.get(name)) for name in ("thc", "cbd")]
    form = _told("dose_form", says["dose_form"]) if says.get("dose_form") else ""
    size = row.stated.get("size")
    pack = f"{size['value']} {size['unit']}" if size else ""
    category = f"category {says['tga_category']}" if says.get("tga_category") else ""
    prices = [f"{_title(name)} {_told(name, says[name])}" for name in PRICES if says.get(name)]
    return " · ".join(filter(None, [*strengths, pack, form, says.get("schedule"), category, *prices])) or "–"


def _strength(name: str, amount: dict[str, str] | None) -> str:
    if not amount:
        return ""
    return f"{name.upper()} {SIGNS[amount['op']]}{amount['value']} {amount['unit']}"


def _title(name: str) -> str:
    if name in PRICES:
        return name.capitalize()
    title = str(_field(name).verbose_name)
    return title[0].upper() + title[1:]


def _field(name: str) -> Any:
    return Product._meta.get_field(name)


def _told(name: str, value: Any) -> str:
    """A value in words: the label of a choice, the sentence of a code."""
    if value in (None, "", [], {}):
        return "–"
    if name in PRICES:
        return f"A${Decimal(value):,.2f}"
    if name == "review_codes":
        return " ".join(CODES[code][1] for code in value if code in CODES)
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, dict):
        return ", ".join(
            f"{key.upper()} {one['op']} {one['value']} {one['unit']}" for key, one in value.items()
        )
    choices = dict(_field(name).flatchoices)
    return str(choices.get(value, value))


def _moved(name: str, change: list[Any]) -> str:
    percent = change_in_percent(change) if name in PRICES else None
    return "" if percent is None else f"{percent:+.1f} %".replace("-", "−")


def neighbourhood(row: ImportRow) -> str | SafeString:
    """The cell that names the product, with the lines around it as they stand in the sheet."""
    if not row.cell:
        return "The product is not on this list, so no cell speaks of it."
    lines = (row.position - AROUND, row.position + AROUND)
    near = row.run.rows.filter(sheet=row.sheet, position__range=lines).order_by("position")
    here = f"{row.sheet}!"
    texts = {place: text for one in near for place, text in one.raw.items() if place.startswith(here)}
    said = {finding["cell"] for finding in row.findings}
    return format_html(
        '<p>{}, cell {}</p><div class="import-sheet" tabindex="0" role="region" aria-label="{}">{}</div>',
        row.sheet,
        row.cell,
        f"The cells around {row.cell}",
        _grid(row.sheet, texts, marked={*row.raw}, raised=said),
    )


def _grid(sheet: str, texts: dict[str, str], *, marked: set[str], raised: set[str]) -> SafeString:
    places = [_split(place) for place in texts]
    numbers = sorted({number for _, number in places})
    columns = sorted({column for column, _ in places})[:MOST_COLUMNS]
    letters = [get_column_letter(column) for column in columns]
    head = format_html_join("", '<th scope="col">{}</th>', ((letter,) for letter in letters))
    rows = []
    for number in numbers:
        line = []
        for place in (f"{sheet}!{letter}{number}" for letter in letters):
            text = texts.get(place, "")
            line.append((_kind(place, marked, raised), text, _short(text)))
        rows.append((number, format_html_join("", '<td class="{}" title="{}">{}</td>', line)))
    body = format_html_join("", '<tr><th scope="row">{}</th>{}</tr>', rows)
    return format_html("<table><thead><tr><td></td>{}</tr></thead><tbody>{}</tbody></table>", head, body)


def _split(place: str) -> tuple[int, int]:
    letters, digits = re.fullmatch(r".*!([A-Z]+)(\d+)", place, re.DOTALL).groups()  # type: ignore[union-attr]
    return column_index_from_string(letters), int(digits)


def _kind(place: str, marked: Iterable[str], raised: Iterable[str]) -> str:
    return "is-raised" if place in raised else "is-marked" if place in marked else ""


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
