"""A row and its first version in one statement, and the SQL that writes versions of many. A leaf."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.db import connections, models, router
from django.db.models.sql import InsertQuery
from django.utils import timezone

from config import tracing

if TYPE_CHECKING:
    from clinic.models import User

# A fresh key in SQL, for rows that the database itself writes (PostgreSQL has its own from 18 on).
UUID7 = """encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
    PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
    FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid"""


def insert(record: Any, *, by: User | None, why: str = "") -> None:
    """Write ``record`` for the first time, with a version that says who made it and why.

    What the database makes of it (numbers, sums, what follows from other columns) is on ``record`` then.
    """
    model, meta = type(record), record._meta
    record._prepare_related_fields_for_save(operation_name="save")
    database = router.db_for_write(model)
    query = InsertQuery(model)
    query.insert_values([field for field in meta.local_concrete_fields if not field.generated], [record])
    ((insertion, values),) = query.get_compiler(using=database).as_sql()
    made = meta.db_returning_fields
    told = ", ".join(f'"{field.column}"' for field in made) or "1"
    with connections[database].cursor() as cursor:
        cursor.execute(
            f"WITH fresh AS ({insertion} RETURNING *), written AS ({versions(model, '+', 'fresh')})"
            f" SELECT {told} FROM fresh",
            [*values, *signature(by, why)],
        )
        for field, value in zip(made, cursor.fetchone(), strict=False):
            setattr(record, field.attname, value)
    record._state.adding, record._state.db = False, database


def table(model: type[models.Model]) -> str:
    return f'"{model._meta.db_table}"'


def versions(model: Any, kind: str, source: str) -> str:
    """SQL that writes the versions of ``fresh`` rows down; it asks for ``signature`` first."""
    kept_in = model.history.model
    kept = ", ".join(f'"{field.column}"' for field in kept_in.tracked_fields)
    return (
        f"INSERT INTO {table(kept_in)} (history_id, history_type, history_date, history_change_reason,"
        f" history_user_id, trace, {kept})"
        f" SELECT {UUID7}, '{kind}', %s, %s, %s, %s::jsonb, {kept} FROM {source}"
    )


def signature(by: User | None, why: str) -> list[Any]:
    """Who, why, when and from where, in the order in which ``versions`` asks for them."""
    return [timezone.now(), why, by.pk if by else None, json.dumps(tracing.current())]
