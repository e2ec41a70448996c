"""A patient's whole record as it stood at a moment, out of the versions and facts that are kept for good.

Nothing of it is read from the tables of today: of what changes, the newest version until then counts; of
what is written once, whether it was there. One statement fetches all kinds at once.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.apps import apps
from django.db import connection

from clinic import attributing
from config.base import Fact, Kept

if TYPE_CHECKING:
    from clinic.models import Patient

Row = dict[str, Any]
Record = dict[str, dict[UUID, Row]]
"""By kind of record, by key: what each column said, as PostgreSQL's JSON has it."""
APPS = ("clinic", "messaging", "billing")
TECHNICAL = frozenset({"id", "trace", "tx", "recorded_by_id"})


class Kind(NamedTuple):
    """A kind of record that is a patient's."""

    label: str
    model: Any
    columns: tuple[str, ...]
    """What its versions keep, or all that a fact says."""


@cache
def kinds() -> tuple[Kind, ...]:
    """Every kind of record that belongs to one patient: whatever the trail finds the patient of."""
    models = [model for label in APPS for model in apps.get_app_config(label).get_models()]
    ours = [model for model in models if issubclass(model, Fact | Kept) and attributing.path_of(model)]
    return tuple(Kind(model._meta.label_lower, model, _columns(model)) for model in ours)


def _columns(model: Any) -> tuple[str, ...]:
    meta = model._meta
    fields = meta.local_concrete_fields if issubclass(model, Fact) else model.history.model.tracked_fields
    return tuple(sorted(field.column for field in fields))


def record(patient: Patient, at: datetime.datetime) -> Record:
    """All that was on record of ``patient`` at the moment ``at``."""
    parts = [_as_it_stood(kind) for kind in kinds()]
    asked: dict[str, Any] = {"patient": patient.pk, "person": patient.user_id, "at": at}
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), asked)
        rows = cursor.fetchall()
    columns = {kind.label: kind.columns for kind in kinds()}
    found: Record = {kind.label: {} for kind in kinds()}
    for label, key, told in sorted(rows, key=lambda row: (row[0], row[1])):
        said = json.loads(told)
        found[label][key] = {column: said.get(column) for column in columns[label]}
    return found


def _as_it_stood(kind: Kind) -> str:
    # Our own names throughout; what is asked for goes in as parameters.
    scope = _scope(kind.model)
    if issubclass(kind.model, Fact):
        table = kind.model._meta.db_table
        source = f"SELECT w.* FROM {table} w WHERE {scope} AND w.recorded_at <= %(at)s"  # noqa: S608
        return f"(SELECT '{kind.label}', w.id, to_jsonb(w) FROM ({source}) w)"  # noqa: S608
    table = kind.model.history.model._meta.db_table
    newest = (
        f"SELECT DISTINCT ON (w.id) w.* FROM {table} w WHERE {scope} AND w.history_date <= %(at)s"  # noqa: S608
        " ORDER BY w.id, w.history_date DESC, w.history_id DESC"
    )
    return f"(SELECT '{kind.label}', w.id, to_jsonb(w) FROM ({newest}) w WHERE w.history_type <> '-')"  # noqa: S608


def _scope(model: Any) -> str:
    """What makes the row ``w`` the patient's, along the path to them: a chain of choices by index."""
    path, is_of_person = attributing.path_of(model) or ("", False)
    *steps, last = path.split("__")
    tables, of = [], model
    for step in steps:
        of = of._meta.get_field(step).related_model
        tables.append(of._meta.db_table)
    wanted = "= %(person)s" if is_of_person else "= %(patient)s"
    columns = [f"{step}_id" for step in steps] + [last]
    for table, column in zip(reversed(tables), reversed(columns[1:]), strict=True):
        wanted = f"IN (SELECT id FROM {table} WHERE {column} {wanted})"  # noqa: S608
    return f"w.{columns[0]} {wanted}"


class Change(NamedTuple):
    """What became of one row between two moments."""

    label: str
    key: UUID
    before: Row | None
    """What it said first; nothing, where it was not there."""
    after: Row | None
    columns: tuple[str, ...]
    """Which of its columns say something else."""


def compare(before: Record, after: Record) -> list[Change]:
    """What is not the same in two records of one patient, in the order of kinds and keys."""
    found = []
    for kind in kinds():
        one, other = before[kind.label], after[kind.label]
        for key in sorted(one.keys() | other.keys()):
            was, now = one.get(key), other.get(key)
            columns = tuple(name for name in kind.columns if _said(was, name) != _said(now, name))
            if columns or (was is None) != (now is None):
                found.append(Change(kind.label, key, was, now, columns))
    return found


def _said(row: Mapping[str, Any] | None, column: str) -> Any:
    return None if row is None else row[column]
