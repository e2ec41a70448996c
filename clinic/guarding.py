"""What the database refuses, and what it writes down, by itself: triggers on our tables.

They are laid on after every ``migrate``, for every model there is, so that no table is forgotten.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction

from clinic import (
    attributing,
    breaking,
    broadcasting,
    chaining,
    claiming,
    exempting,
    phrasing,
    publishing,
    serving,
    siting,
    vouching,
    withholding,
)
from config.base import Fact, Kept
from config.versioning import UUID7
from messaging import guarding as conversing

APPS = ("clinic", "catalog", "billing", "messaging")
OF_PAGES = (publishing, siting, exempting, serving)

FUNCTIONS = f"""
CREATE OR REPLACE FUNCTION clinic_uuid7() RETURNS uuid LANGUAGE sql VOLATILE AS $$
  SELECT {UUID7}
$$;
"""
FUNCTIONS += """

CREATE OR REPLACE FUNCTION clinic_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is kept as it was written: a % is refused.', TG_TABLE_NAME, lower(TG_OP)
    USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE OR REPLACE FUNCTION clinic_refuse_after() RETURNS trigger LANGUAGE plpgsql AS $$
-- TG_ARGV[0]: the status in which the row is closed; TG_ARGV[1]: the statuses it may still move to,
-- where it stays for good.
DECLARE
  before jsonb := to_jsonb(OLD) - 'status';
  after jsonb := to_jsonb(NEW) - 'status';
  ends text[] := string_to_array(TG_ARGV[1], ',');
BEGIN
  IF (OLD.status = TG_ARGV[0]
      AND (before IS DISTINCT FROM after OR (NEW.status <> OLD.status AND NOT NEW.status = ANY(ends))))
     OR (OLD.status = ANY(ends) AND OLD IS DISTINCT FROM NEW) THEN
    RAISE EXCEPTION '% is % and kept as it is.', TG_TABLE_NAME, OLD.status
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION clinic_refuse_part() RETURNS trigger LANGUAGE plpgsql AS $$
-- TG_ARGV[0]: the table of the whole; TG_ARGV[1]: the column that names it; TG_ARGV[2]: the status in
-- which its parts may be written. The lock makes a part wait for a whole that is being closed just now.
DECLARE
  whole uuid;
  now_is text;
BEGIN
  FOREACH whole IN ARRAY
    ARRAY[(to_jsonb(OLD) ->> TG_ARGV[1])::uuid, (to_jsonb(NEW) ->> TG_ARGV[1])::uuid]
  LOOP
    EXECUTE format('SELECT status FROM %I WHERE id = $1 FOR SHARE', TG_ARGV[0]) INTO now_is USING whole;
    IF now_is <> TG_ARGV[2] THEN
      RAISE EXCEPTION '% is kept as it is: what it is part of is %.', TG_TABLE_NAME, now_is
        USING ERRCODE = 'integrity_constraint_violation';
    END IF;
  END LOOP;
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION clinic_refuse_gap() RETURNS trigger LANGUAGE plpgsql AS $$
-- TG_ARGV[0]: the column that names the series; TG_ARGV[1]: the column that counts in it, from one.
DECLARE
  last bigint;
  wanted bigint := (to_jsonb(NEW) ->> TG_ARGV[1])::bigint;
BEGIN
  EXECUTE format('SELECT coalesce(max(%2$I), 0) FROM %1$I WHERE %3$I = ($1).%3$I',
                 TG_TABLE_NAME, TG_ARGV[1], TG_ARGV[0]) INTO last USING NEW;
  IF wanted <> last + 1 THEN
    RAISE EXCEPTION '% counts without a gap: after % comes %, not %.', TG_TABLE_NAME, last, last + 1, wanted
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
"""

# What versions of before laid on, and no trigger calls any more.
LEFT_OVER = """
DROP FUNCTION IF EXISTS clinic_audit_version, clinic_audit_versions, clinic_audit_fact, clinic_audit_facts,
  clinic_note_transaction
"""


def install(**kwargs: Any) -> None:
    """Lay the triggers on every table of ours; doing it again changes nothing."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FUNCTIONS + claiming.FUNCTIONS + withholding.FUNCTIONS + vouching.FUNCTIONS)
        cursor.execute(conversing.FUNCTIONS + broadcasting.FUNCTIONS + chaining.FUNCTIONS)
        cursor.execute(breaking.FUNCTIONS + phrasing.FUNCTIONS)
        for part in OF_PAGES:
            cursor.execute(part.FUNCTIONS)
        for statement in statements():
            cursor.execute(statement)
        cursor.execute(LEFT_OVER)


def statements() -> list[str]:
    """The triggers of every model, as SQL."""
    found = [*keep_as_written("clinic_auditevent"), *keep_as_written("clinic_auditlink")]
    found += [*claiming.statements(), *withholding.statements(), *chaining.statements()]
    found += [*vouching.statements(), *conversing.statements(), *broadcasting.statements()]
    found += [*breaking.statements(), *phrasing.statements()]
    found += [statement for part in OF_PAGES for statement in part.statements()]
    ours: list[Any] = [model for label in APPS for model in apps.get_app_config(label).get_models()]
    for model in ours:
        table = model._meta.db_table
        if issubclass(model, Fact):
            found += keep_as_written(table)
            if not model.IS_PART:
                found += attributing.statements(model)
        elif issubclass(model, Kept):
            versions = model.history.model._meta.db_table
            found += [
                _refuse(table, "DELETE"),
                *_refuse_truncate(table),
                *keep_as_written(versions),
                *attributing.statements(model),
            ]
        if series := getattr(model, "GAPLESS", None):
            found.append(_count(table, *series))
        if closed := getattr(model, "CLOSED", None):
            found.append(_close(table, *closed))
        if whole := getattr(model, "PART_OF", None):
            found.append(_close_parts(model, table, *whole))
    return found


def keep_as_written(table: str) -> list[str]:
    return [_refuse(table, event) for event in ("UPDATE", "DELETE")] + _refuse_truncate(table)


def _refuse(table: str, event: str) -> str:
    return (
        f'CREATE OR REPLACE TRIGGER "{table}_no_{event.lower()}" BEFORE {event} ON "{table}"'
        f" FOR EACH ROW EXECUTE FUNCTION clinic_refuse_change()"
    )


def _refuse_truncate(table: str) -> list[str]:
    if not settings.REFUSE_TRUNCATE:  # the test runner empties tables between its transactional tests
        return []
    return [
        f'CREATE OR REPLACE TRIGGER "{table}_no_truncate" BEFORE TRUNCATE ON "{table}"'
        f" FOR EACH STATEMENT EXECUTE FUNCTION clinic_refuse_change()"
    ]


def _close(table: str, status: str, next_statuses: tuple[str, ...]) -> str:
    return (
        f'CREATE OR REPLACE TRIGGER "{table}_closed" BEFORE UPDATE ON "{table}" FOR EACH ROW'
        f" EXECUTE FUNCTION clinic_refuse_after('{status}', '{','.join(next_statuses)}')"
    )


def _count(table: str, series: str, number: str) -> str:
    return (
        f'CREATE OR REPLACE TRIGGER "{table}_gapless" BEFORE INSERT ON "{table}" FOR EACH ROW'
        f" EXECUTE FUNCTION clinic_refuse_gap('{series}', '{number}')"
    )


def _close_parts(model: Any, table: str, name: str, status: str) -> str:
    key = model._meta.get_field(name)
    whole = key.related_model._meta.db_table
    return (
        f'CREATE OR REPLACE TRIGGER "{table}_part" BEFORE INSERT OR UPDATE ON "{table}" FOR EACH ROW'
        f" EXECUTE FUNCTION clinic_refuse_part('{whole}', '{key.column}', '{status}')"
    )
