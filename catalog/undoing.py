"""Undoing what an import did, except where something has changed since."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from psycopg.types.json import Jsonb

from catalog import reading
from catalog.applying import ALL, COLUMNS, LEFT, NOW, PRICES, WRITTEN
from catalog.models import ChangeSet, Import, ImportRow, Product
from config import tracing
from config.versioning import UUID7

if TYPE_CHECKING:
    from clinic.models import User

LOCK = """
SELECT p.id FROM catalog_product p JOIN catalog_importrow r ON p.id = coalesce(r.product_id, r.id)
WHERE r.id = ANY(%(rows)s) ORDER BY p.id FOR UPDATE OF p
"""
# A row stands for itself: one whose product, or whose price, somebody changed since is left as it is.
CHANGED_SINCE = f"""
SELECT r.id FROM catalog_importrow r JOIN catalog_product p ON p.id = coalesce(r.product_id, r.id)
WHERE r.id = ANY(%(rows)s) AND (
  jsonb_populate_record(p, {LEFT}) IS DISTINCT FROM p
  OR (r.outcome = 'new' AND EXISTS (
    SELECT 1 FROM catalog_historicalproduct version
    WHERE version.id = p.id AND version.trace ->> 'change_set' IS DISTINCT FROM %(applied)s))
  OR EXISTS (
    SELECT 1 FROM catalog_price mine JOIN catalog_price other USING (product_id, kind)
    WHERE mine.product_id = p.id AND mine.run_id = r.run_id AND other.run_id IS DISTINCT FROM r.run_id
      AND other.recorded_at > mine.recorded_at))
"""  # noqa: S608  our own names
# What was doubtful before is so again, until somebody settles it anew.
OPENS = """CASE WHEN r.relies_on <> '{}' OR r.changes ? 'review_codes'
  THEN '{"is_strength_settled": false}' ELSE '{}' END::jsonb"""
CHANGE_BACK = f"""
UPDATE catalog_product p SET ({WRITTEN}) = (SELECT {WRITTEN} FROM jsonb_populate_record(p, {NOW} || {OPENS}))
FROM catalog_importrow r
WHERE r.id = ANY(%(rows)s) AND r.outcome <> 'new' AND p.id = r.product_id AND r.changes - {PRICES} <> '{{}}'
"""  # noqa: S608
# Nothing is deleted: a product that should not have come is taken off sale.
TAKE_OFF = """
UPDATE catalog_product p SET supply = 'discontinued' FROM catalog_importrow r
WHERE r.id = ANY(%(rows)s) AND r.outcome = 'new' AND p.id = r.id
"""
RECORD = f"""
INSERT INTO catalog_historicalproduct
  ({ALL}, history_id, history_date, history_type, history_change_reason, history_user_id, trace)
SELECT {", ".join(f"p.{column}" for column in COLUMNS)}, {UUID7}, %(now)s, '~', %(why)s, %(by)s, %(trace)s
FROM catalog_importrow r JOIN catalog_product p ON p.id = coalesce(r.product_id, r.id)
WHERE r.id = ANY(%(rows)s) AND r.changes - {PRICES} <> '{{}}' ORDER BY r.position
"""  # noqa: S608
# Neither is a price deleted: on every day that the list priced, the one before holds again, or none.
QUOTE_BACK = f"""
INSERT INTO catalog_price
  (id, recorded_at, recorded_by_id, trace, product_id, kind, amount, gst, effective_on, run_id)
SELECT {UUID7}, %(now)s, %(by)s, %(trace)s, mine.product_id, mine.kind,
  before.amount, coalesce(before.gst, ''), mine.day, r.run_id
FROM catalog_importrow r
JOIN LATERAL (
  SELECT DISTINCT product_id, kind, greatest(effective_on, %(today)s::date) AS day FROM catalog_price
  WHERE product_id = coalesce(r.product_id, r.id) AND run_id = r.run_id
) AS mine ON r.changes ? mine.kind
LEFT JOIN LATERAL (
  SELECT price.amount, price.gst FROM catalog_price price
  WHERE price.product_id = mine.product_id AND price.kind = mine.kind AND price.effective_on <= mine.day
    AND price.run_id IS DISTINCT FROM r.run_id
  ORDER BY price.effective_on DESC, price.id DESC LIMIT 1
) AS before ON true
WHERE r.id = ANY(%(rows)s) ORDER BY r.position
"""  # noqa: S608


@transaction.atomic
def undo(run: Import, *, by: User | None, why: str) -> ChangeSet:
    """Put back what ``run`` changed; what has changed since is listed in the change set and left alone.

    :raises IllegalMove: it is not applied
    """
    run.supplier.lock()
    run.move_to(Import.Status.UNDONE, by=by, why=why)
    applied = run.change_sets.get(kind=ChangeSet.Kind.APPLIED)
    now = timezone.now()
    day = max(applied.effective_on, timezone.localdate(now))
    undone = ChangeSet(run=run, kind=ChangeSet.Kind.UNDONE, effective_on=day, why=why[:300], recorded_by=by)
    values: dict[str, Any] = {
        "rows": list(run.rows.taken().values_list("pk", flat=True)),
        "applied": str(applied.pk),
        "now": now,
        "today": timezone.localdate(now),
        "by": by and by.pk,
        "why": f"Undone, change set {undone.pk}: {why}",
        "trace": Jsonb(tracing.current() | {"change_set": str(undone.pk)}),
    }
    with connection.cursor() as cursor:
        cursor.execute(LOCK, values)
        cursor.execute(CHANGED_SINCE, values)
        kept = {pk for (pk,) in cursor.fetchall()}
        values["rows"] = [pk for pk in values["rows"] if pk not in kept]
        for name, statement in {
            "changed": CHANGE_BACK,
            "taken_off": TAKE_OFF,
            "": RECORD,
            "prices": QUOTE_BACK,
        }.items():
            cursor.execute(statement, values)
            if name:
                undone.counts[name] = cursor.rowcount
    undone.kept = _kept(run, kept)
    undone.save(force_insert=True)
    reading.tell(run)
    return undone


def _kept(run: Import, rows: set[UUID]) -> list[dict[str, str]]:
    """Name the products that were left alone, with the key that leads to each."""
    products = {row.product_id or row.pk for row in ImportRow.objects.filter(run=run, pk__in=rows)}
    found = Product.objects.filter(pk__in=products).order_by("name", "pk")
    return [{"product": str(product.pk), "name": str(product)} for product in found]
