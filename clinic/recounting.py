"""Rows of the record in words: what a version or a fact says, and what changed in it, for people to read."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from django.apps import apps
from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format
from django.utils.text import capfirst

from catalog.models import Product
from clinic.identifiers import IHI, MEDICARE
from clinic.models import AppointmentType, Pharmacy, Practitioner, User
from clinic.recalling import Change, Record, Row

NAMED: dict[Any, Callable[[Iterable[Any]], Mapping[Any, Any]]] = {
    User: User.objects.in_bulk,
    Practitioner: lambda keys: Practitioner.objects.select_related("user").in_bulk(keys),
    Product: Product.objects.in_bulk,
    Pharmacy: Pharmacy.objects.in_bulk,
    AppointmentType: AppointmentType.objects.in_bulk,
}
"""What a key stands for is told by name; of everything else, which kind of record it is."""
FIRST = (
    "clinic.patient", "clinic.user", "clinic.alert", "clinic.allergy", "clinic.condition",
    "clinic.othermedicine", "clinic.appointment", "clinic.encounter", "clinic.segment", "clinic.note",
    "clinic.addendum", "clinic.prescription", "clinic.prescriptionline", "clinic.override", "clinic.approval",
    "clinic.monitoringcheck", "clinic.document",
)  # fmt: skip
"""What a reader looks for first; the rest follows by name."""
LEFT_OUT = frozenset(
    {
        "id", "trace", "password", "last_login", "secret", "token_sha256", "url", "success_url", "cancel_url",
        "context", "enclosures", "file", "thumbnail", "thumbnail_sha256",
    }
)  # fmt: skip
"""Columns for machines, and what opens something."""
MASKED = {"medicare_number": MEDICARE.mask, "ihi": IHI.mask}
"""Of identifiers only the end is shown: to reveal them is a step of its own, with a reason."""
KEY_SHOWN = 8  # characters


class Line(NamedTuple):
    label: str
    value: str


class Told(NamedTuple):
    """One row in words."""

    key: UUID
    lines: list[Line]


class Part(NamedTuple):
    """All rows of one kind."""

    label: str
    name: str
    rows: list[Told]


class ToldChange(NamedTuple):
    """What became of one row: ``lines`` are name, what it said, and what it says."""

    label: str
    name: str
    key: UUID
    what: str
    lines: list[tuple[str, str, str]]


def tell(record: Record) -> list[Part]:
    """The kinds of which there is something, each with its rows in words; five statements, however many."""
    names = Names((label, row) for label, rows in record.items() for row in rows.values())
    parts = [
        Part(
            label,
            name_of(label, many=True),
            [Told(key, [*lines(label, row, names)]) for key, row in rows.items()],
        )
        for label, rows in record.items()
        if rows
    ]
    order = {label: place for place, label in enumerate(FIRST)}
    return sorted(parts, key=lambda part: (order.get(part.label, len(order)), part.name))


def tell_changes(changes: list[Change]) -> list[ToldChange]:
    """What changed, in words."""
    names = Names((one.label, row) for one in changes for row in (one.before, one.after) if row)
    return [_told_change(one, names) for one in changes]


def _told_change(one: Change, names: Names) -> ToldChange:
    what = "new" if one.before is None else "no longer there" if one.after is None else "changed"
    said, says = (dict(lines(one.label, row or {}, names, one.columns)) for row in (one.before, one.after))
    told = [(label, said.get(label, ""), says.get(label, "")) for label in {**said, **says}]
    return ToldChange(one.label, name_of(one.label), one.key, what, told)


def name_of(label: str, *, many: bool = False) -> str:
    """What a kind of record is called: "Prescription", or "Prescriptions"."""
    try:
        meta = apps.get_model(label)._meta
    except (LookupError, ValueError):
        return label
    return capfirst(str(meta.verbose_name_plural if many else meta.verbose_name))


class Names:
    """What the keys in some rows stand for, fetched once."""

    def __init__(self, rows: Iterable[tuple[str, Row]]) -> None:
        keys: dict[Any, set[str]] = {model: set() for model in NAMED}
        for label, row in rows:
            for column, field in _fields(label).items():
                if field.related_model in NAMED and row.get(column):
                    keys[field.related_model].add(row[column])
        self._found = {
            model: {str(key): str(one) for key, one in fetch(keys[model]).items()} if keys[model] else {}
            for model, fetch in NAMED.items()
        }

    def of(self, field: Any, key: str) -> str:
        known = self._found.get(field.related_model, {}).get(key)
        return known or f"{capfirst(str(field.related_model._meta.verbose_name))} {key[-KEY_SHOWN:]}"


@cache
def _fields(label: str) -> dict[str, Any]:
    return {field.column: field for field in apps.get_model(label)._meta.local_concrete_fields}


def lines(label: str, row: Row, names: Names, only: Iterable[str] | None = None) -> Iterator[Line]:
    """What a row says, field by field; nothing of what says nothing."""
    wanted = None if only is None else set(only)
    for column, field in _fields(label).items():
        if column in LEFT_OUT or column not in row or (wanted is not None and column not in wanted):
            continue
        if value := say(field, row[column], names):
            yield Line(capfirst(str(field.verbose_name)), value)


def say(field: Any, value: Any, names: Names) -> str:
    """A value as PostgreSQL's JSON has it, in words; nothing for nothing."""
    if value in (None, "", [], {}):
        return ""
    if field.is_relation:
        return names.of(field, str(value))
    if field.column in MASKED:
        return MASKED[field.column](str(value))
    words = dict(getattr(field, "flatchoices", ()))
    if isinstance(value, str | int) and not isinstance(value, bool) and value in words:
        return str(words[value])
    kind = next((words for of, words in BY_KIND if isinstance(field, of)), _plain)
    return kind(value)


def _moment(value: Any) -> str:
    found = parse_datetime(str(value))
    return date_format(timezone.localtime(found), "j M Y, H:i:s") if found else str(value)


def _day(value: Any) -> str:
    found = parse_date(str(value))
    return date_format(found, "j M Y") if found else str(value)


def _number(value: Any) -> str:
    return f"{Decimal(str(value)).normalize():f}"


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(
            f"{key}: {_plain(one)}" for key, one in value.items() if one not in (None, "", [], {})
        )
    if isinstance(value, list):
        return ", ".join(_plain(one) for one in value)
    return "Yes" if value is True else "No" if value is False else str(value)


BY_KIND: tuple[tuple[Any, Callable[[Any], str]], ...] = (
    (models.DateTimeField, _moment),
    (models.DateField, _day),
    (models.DecimalField, _number),
)


def moment(text: str) -> datetime.datetime | None:
    """The moment that somebody asks for, by the practice's clock; nothing, where it is none."""
    try:
        found = datetime.datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    try:
        return found if found.tzinfo else timezone.make_aware(found)
    except (OverflowError, ValueError):
        return None
