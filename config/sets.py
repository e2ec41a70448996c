"""Changing many rows at once as one row is changed: with their history, and along ``MOVES`` only.

A leaf. Every statement here is one, however many rows there are.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from django.db import connection, transaction

from config import versioning
from config.base import Record, Stateful

if TYPE_CHECKING:
    from clinic.models import User

Row = TypeVar("Row", bound=Record)


@transaction.atomic(savepoint=False)
def add_all(rows: Sequence[Row], *, by: User | None, why: str = "") -> None:
    """Create ``rows``, all of one model, each with a first version that says who made it and why."""
    if not rows:
        return
    model: Any = type(rows[0])
    model._base_manager.bulk_create(rows)
    with connection.cursor() as cursor:
        source = f"{versioning.table(model)} AS fresh WHERE id = ANY(%s)"
        cursor.execute(
            versioning.versions(model, "+", source),
            [*versioning.signature(by, why), [row.pk for row in rows]],
        )


def change_all(
    model: type[Record], pks: Collection[UUID], *, by: User | None, why: str = "", **changes: Any
) -> set[UUID]:
    """Change the same columns of many rows, each with a new version; tells which rows these were."""
    return _change(model, pks, "", [], by=by, why=why, changes=changes)


def move_all(
    model: type[Stateful],
    pks: Collection[UUID],
    status: str,
    *,
    by: User | None,
    why: str = "",
    **changes: Any,
) -> set[UUID]:
    """Move many rows to ``status``; one that is not where this move starts stays. Tells which ones moved."""
    starts = [before for before, afters in model.MOVES.items() if status in afters]
    changes = changes | {"status": status}
    return _change(model, pks, " AND status = ANY(%s)", [starts], by=by, why=why, changes=changes)


def _change(
    model: Any,
    pks: Collection[UUID],
    having: str,
    values: list[Any],
    *,
    by: User | None,
    why: str,
    changes: dict[str, Any],
) -> set[UUID]:
    columns = [model._meta.get_field(name).column for name in changes]
    assignments = ", ".join(f'"{column}" = %s' for column in columns)
    changed = f"UPDATE {versioning.table(model)} SET {assignments} WHERE id = ANY(%s){having} RETURNING *"
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute(
            f"WITH changed AS ({changed}), written AS ({versioning.versions(model, '~', 'changed AS fresh')})"
            " SELECT id FROM changed",
            [*changes.values(), list(pks), *values, *versioning.signature(by, why)],
        )
        return {pk for (pk,) in cursor.fetchall()}


@transaction.atomic(savepoint=False)
def change_each(rows: Sequence[Row], names: Sequence[str], *, by: User | None, why: str = "") -> None:
    """Write the columns ``names`` of every row as they are on it now, each row with a new version."""
    if not rows:
        return
    model: Any = type(rows[0])
    fields = [model._meta.get_field(name) for name in names]
    told = [
        {"id": str(row.pk)} | {field.column: _plain(field.value_from_object(row)) for field in fields}
        for row in rows
    ]
    table = versioning.table(model)
    assignments = ", ".join(f'"{field.column}" = given."{field.column}"' for field in fields)
    changed = (
        f"UPDATE {table} SET {assignments} FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb) AS given"
        f" WHERE {table}.id = given.id RETURNING {table}.*"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH changed AS ({changed}) {versioning.versions(model, '~', 'changed AS fresh')}",
            [json.dumps(told), *versioning.signature(by, why)],
        )


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | list | dict) else str(value)
