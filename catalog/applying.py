"""Applying a reviewed list: every row that was taken goes into the catalogue, all of them or none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import IntegrityError, connection, transaction
from django.db.models import Field, JSONField, TextField
from django.db.models.functions import Cast
from django.utils import timezone
from import_export.instance_loaders import BaseInstanceLoader
from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb
from tablib import Dataset

from catalog import reading
from catalog.models import ChangeSet, Import, ImportRow, Product
from catalog.models.measures import OF_STRENGTH
from catalog.stepping import Steps
from config import tracing
from config.base import Refused
from config.versioning import UUID7

if TYPE_CHECKING:
    from clinic.models import User

BATCH = 5000
MOST_ATTEMPTS = 3
MOST_NAMED = 5

# The rows stand in the database with what they write, so it carries them over itself: to fetch 10,000 of
# them, make records of them and send those back takes twenty times as long.
COLUMNS = [field.attname for field in Product._meta.concrete_fields if not field.generated]
ALL = ", ".join(COLUMNS)
WRITTEN = ", ".join(column for column in COLUMNS if column not in {"id", "created_at"})
PRICES = "'{wholesale,retail}'::text[]"
THEN = "(SELECT jsonb_object_agg(key, value -> 1) FROM jsonb_each(r.changes))"
NOW = "(SELECT jsonb_object_agg(key, value -> 0) FROM jsonb_each(r.changes))"
# What has to be as it was for a row to hold: where it changes a composition, all of the composition.
SEEN = f"r.relies_on || {NOW}"
LEFT = f"r.relies_on || {THEN}"

# A doubtful strength is settled where a person took the row. A row that brings another composition, or other
# doubts, and that nobody looked at, opens the question again.
SETTLED = """(coalesce(r.changes -> 'review_codes' -> 1, {known}) ?| %(of_strength)s::text[] AND CASE
    WHEN EXISTS (SELECT FROM catalog_decision d
      WHERE d.row_id = r.id AND d.verdict = 'take' AND NOT d.at_terminal
        AND NOT EXISTS (SELECT FROM catalog_decision later WHERE later.row_id = r.id AND later.id > d.id))
      THEN true
    WHEN r.relies_on <> '{{}}' OR r.changes ? 'review_codes' THEN false
    ELSE {settled} END)"""
SETTLED_NEW = SETTLED.format(known="'[]'::jsonb", settled="false")
SETTLED_CHANGED = SETTLED.format(known="to_jsonb(p.review_codes)", settled="p.is_strength_settled")

LOCK = """
SELECT p.id FROM catalog_product p JOIN catalog_importrow r ON p.id = r.product_id
WHERE r.id = ANY(%(rows)s::uuid[]) ORDER BY p.id FOR UPDATE OF p
"""
MOVED = f"""
SELECT r.product_id FROM catalog_importrow r JOIN catalog_product p ON p.id = r.product_id
WHERE r.id = ANY(%(rows)s::uuid[]) AND jsonb_populate_record(p, {SEEN}) IS DISTINCT FROM p
UNION
SELECT r.product_id FROM catalog_importrow r CROSS JOIN unnest({PRICES}) AS quoted(kind)
WHERE r.id = ANY(%(rows)s::uuid[]) AND r.product_id IS NOT NULL AND r.changes ? quoted.kind
  AND (r.changes -> quoted.kind ->> 0)::numeric IS DISTINCT FROM (
    SELECT price.amount FROM catalog_price price
    WHERE price.product_id = r.product_id AND price.kind = quoted.kind
    ORDER BY price.effective_on DESC, price.id DESC LIMIT 1)
"""  # noqa: S608  our own names
CREATE = """
INSERT INTO catalog_product ({columns})
SELECT {values}
FROM catalog_importrow r, jsonb_populate_record(NULL::catalog_product, %(unsaid)s) AS unsaid,
  jsonb_to_record(r.changes) AS said({said})
WHERE r.id = ANY(%(rows)s::uuid[]) AND r.outcome = 'new' ORDER BY r.position
"""
CHANGE = f"""
UPDATE catalog_product p SET ({WRITTEN}) = (
  SELECT {WRITTEN} FROM jsonb_populate_record(p, {THEN}
    || jsonb_build_object('is_strength_settled', {SETTLED_CHANGED})))
FROM catalog_importrow r
WHERE r.id = ANY(%(rows)s::uuid[]) AND p.id = r.product_id AND r.changes - {PRICES} <> '{{}}'
"""  # noqa: S608
RECORD = f"""
INSERT INTO catalog_historicalproduct
  ({ALL}, history_id, history_date, history_type, history_change_reason, history_user_id, trace)
SELECT {", ".join(f"p.{column}" for column in COLUMNS)}, {UUID7}, %(now)s,
  CASE r.outcome WHEN 'new' THEN '+' ELSE '~' END, %(why)s, %(by)s, %(trace)s
FROM catalog_importrow r JOIN catalog_product p ON p.id = coalesce(r.product_id, r.id)
WHERE r.id = ANY(%(rows)s::uuid[]) AND r.changes - {PRICES} <> '{{}}' ORDER BY r.position
"""  # noqa: S608
# A list is in the place of all before it: of prices that were to hold later, too.
QUOTE = f"""
INSERT INTO catalog_price
  (id, recorded_at, recorded_by_id, trace, product_id, kind, amount, gst, effective_on, run_id)
SELECT {UUID7}, %(now)s, %(by)s, %(trace)s, coalesce(r.product_id, r.id), quoted.kind,
  (r.changes -> quoted.kind ->> 1)::numeric, coalesce(r.stated -> 'gst' ->> quoted.kind, ''),
  held.day, r.run_id
FROM catalog_importrow r CROSS JOIN unnest({PRICES}) AS quoted(kind)
CROSS JOIN LATERAL (
  SELECT %(day)s::date UNION SELECT price.effective_on FROM catalog_price price
  WHERE price.product_id = r.product_id AND price.kind = quoted.kind AND price.effective_on > %(day)s
) AS held(day)
WHERE r.id = ANY(%(rows)s::uuid[]) AND r.changes ? quoted.kind ORDER BY r.position
"""  # noqa: S608


class CatalogueMoved(Refused):
    def __init__(self, names: list[str]) -> None:
        shown = f": {', '.join(names[:MOST_NAMED])}" if names else ""
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        super().__init__(
            f"The catalogue has changed since this file was read{shown}{more}. Please import the file again."
        )


class Interrupted(Refused):
    def __init__(self) -> None:
        super().__init__(
            f"Applying this list failed {MOST_ATTEMPTS} times, and nothing of it was taken over. "
            "Please show it to whoever looks after the system."
        )


def work_off(run: Import) -> None:
    """Apply ``run`` as a worker does: once, with every attempt counted, and a refusal kept."""
    if not _claim(run):
        return
    try:
        with transaction.atomic():
            apply(run, by=run.approved_by)
            reading.write(run)
    except CatalogueMoved as no:
        _refuse(run, no)


@transaction.atomic
def _claim(run: Import) -> bool:
    if run.lock().status != Import.Status.APPROVED:
        return False
    if run.attempts >= MOST_ATTEMPTS:
        _refuse(run, Interrupted())
        return False
    run.change(
        by=None,
        why=f"Applying, attempt {run.attempts + 1}.",
        attempts=run.attempts + 1,
        touched_at=timezone.now(),
    )
    return True


@transaction.atomic
def _refuse(run: Import, no: Refused) -> None:
    run.move_to(Import.Status.REFUSED, by=None, why=str(no), refusal=str(no))
    reading.tell(run)
    reading.write(run)


def apply(run: Import, *, by: User | None, day: date | None = None) -> ChangeSet:
    """Carry the rows of ``run`` that were taken into the catalogue, all of them or nothing.

    Its prices hold from the day that was chosen, from today at the earliest; ``day`` is that of a history
    which is replayed, and may have passed.

    :raises CatalogueMoved: since it was read, the catalogue has changed in what this list is about
    :raises IllegalMove: it is not approved, or applied already
    """
    try:
        return _apply(run, by=by, day=day)
    except IntegrityError as problem:
        if isinstance(problem.__cause__, UniqueViolation):  # somebody else brought in the same product
            raise CatalogueMoved([]) from problem
        raise


@transaction.atomic
def _apply(run: Import, *, by: User | None, day: date | None) -> ChangeSet:
    run.supplier.lock()  # two lists of one supplier one after the other
    now = timezone.now()
    today = timezone.localdate(now)
    day = day or max(run.lock().effective_on or today, today)
    change_set = ChangeSet(run=run, kind=ChangeSet.Kind.APPLIED, effective_on=day, recorded_by=by)
    why = reason(run, change_set)
    run.move_to(Import.Status.APPLIED, by=by, why=why, applied_at=now, effective_on=day)
    applying = Applying(run, change_set, now=now, day=day, by=by, why=why)
    applying.import_data(Taken(run))
    change_set.counts = applying.counts
    change_set.save(force_insert=True)
    reading.tell(run)
    return change_set


def reason(run: Import, change_set: ChangeSet) -> str:
    """What the versions say that a change set makes: the way back from any of them to its file."""
    return f"Import of {run.file_name}, change set {change_set.pk}."


@cache
def creation() -> str:
    """The statement that makes products of new rows: what a row says of a column, else what goes unsaid."""
    own = {"id": "r.id", "supplier_id": "%(supplier)s::uuid", "created_at": "%(now)s"}
    own["is_strength_settled"] = SETTLED_NEW
    stated = [field for field in Product._meta.concrete_fields if field.attname in set(COLUMNS) - set(own)]
    values = own | {field.attname: _then(field) for field in stated}
    return CREATE.format(
        columns=", ".join(values),
        values=", ".join(values.values()),
        said=", ".join(f"{field.attname} jsonb" for field in stated),
    )


def _then(field: Field) -> str:
    """What a new product has in one column. A cast to its length would cut what is too long silently."""
    column, kind = field.attname, re.sub(r"\([^)]*\)", "", field.db_type(connection) or "")
    match field:
        case ArrayField():
            then = f"ARRAY(SELECT jsonb_array_elements_text(said.{column} -> 1))"
        case JSONField():
            then = f"said.{column} -> 1"
        case _:
            then = f"said.{column} ->> 1"
    return f"CASE WHEN said.{column} IS NULL THEN unsaid.{column} ELSE ({then})::{kind} END"


class Taken(Dataset):
    """The rows of one import that go into the catalogue, one at a time: their keys, and what they are."""

    def __init__(self, run: Import) -> None:
        super().__init__(headers=["row", "outcome"])
        self._rows = run.rows.taken().order_by("position")

    @property
    def height(self) -> int:
        return self._rows.count()

    def __iter__(self) -> Iterator[tuple[str, str]]:
        keys = self._rows.annotate(key=Cast("pk", TextField()))
        return keys.values_list("key", "outcome").iterator(chunk_size=BATCH)


class Applying(Steps):
    """Saves the reviewed rows of one import: the second half of an import by django-import-export.

    The rows stand in the database with all that they write, so a record of this resource is a key, and
    the library's batches of new and changed records are each written by a handful of statements: with
    history, which its own batches leave out.
    """

    class Meta:
        model = Product
        instance_loader_class = BaseInstanceLoader
        use_bulk = True
        use_transactions = False  # the caller has opened one
        batch_size = BATCH
        skip_diff = True

    def __init__(
        self, run: Import, change_set: ChangeSet, *, now: datetime, day: date, by: User | None, why: str
    ) -> None:
        super().__init__()
        unsaid = Product(supplier=run.supplier)
        stated = {name: _plain(getattr(unsaid, name)) for name in COLUMNS}
        self.counts = {"new": 0, "changed": 0, "prices": 0}
        self.values: dict[str, Any] = {
            "unsaid": Jsonb(stated),
            "supplier": str(run.supplier_id),
            "of_strength": list(OF_STRENGTH),
            "now": now,
            "day": day,
            "by": by and by.pk,
            "why": why,
            "trace": Jsonb(tracing.current() | {"change_set": str(change_set.pk)}),
        }

    def get_instance(self, instance_loader: Any, row: dict[str, Any]) -> str | None:
        return None if row["outcome"] == ImportRow.Outcome.NEW else row["row"]

    def init_instance(self, row: dict[str, Any]) -> str:
        key: str = row["row"]
        return key

    def import_instance(self, instance: str, row: dict[str, Any], **kwargs: Any) -> None:
        """Set nothing: the values are in the database, beside the key."""

    def skip_row(self, instance: str, original: Any, row: Any, import_validation_errors: Any = None) -> bool:
        return False

    def bulk_create(self, *args: Any, **kwargs: Any) -> None:
        self._write(self.create_instances, {"new": creation(), "": RECORD, "prices": QUOTE})

    def bulk_update(self, *args: Any, **kwargs: Any) -> None:
        """Write rows of products that there are already.

        :raises CatalogueMoved: since they were read, the catalogue has changed in what they are about
        """
        if self.update_instances:
            self._hold(self.update_instances)
        self._write(self.update_instances, {"changed": CHANGE, "": RECORD, "prices": QUOTE})

    def _hold(self, rows: list[str]) -> None:
        values = self.values | {"rows": _array(rows)}
        with connection.cursor() as cursor:
            cursor.execute(LOCK, values)
            cursor.execute(MOVED, values)
            if moved := [pk for (pk,) in cursor.fetchall()]:
                raise CatalogueMoved(_names(moved))

    def _write(self, rows: list[str], statements: dict[str, str]) -> None:
        """Write some rows, and count how many products were made, changed and quoted anew."""
        if not rows:
            return
        values = self.values | {"rows": _array(rows)}
        with connection.cursor() as cursor:
            for name, statement in statements.items():
                cursor.execute(statement, values)
                if name:
                    self.counts[name] += cursor.rowcount
        rows.clear()


def _array(keys: list[str]) -> str:
    """Keys as one text, since to quote thousands one by one takes longer than to write what they are of."""
    return f"{{{','.join(keys)}}}"


def _names(products: list[UUID]) -> list[str]:
    return [str(product) for product in Product.objects.filter(pk__in=products).order_by("name", "pk")]


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | list | dict) else str(value)
