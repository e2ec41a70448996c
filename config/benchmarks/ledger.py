"""A ledger of a million postings: its readings, beside the SQL that somebody writes for the same answer."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from config.benchmarks.reports import CannotMeasure, Report

FEW, POSTINGS = 1_000, 1_000_000
ROUNDS, WARM_UP = 15, 3
PAYERS, EARNERS = 2_000, 20
ZONE = ZoneInfo("Australia/Sydney")
FIRST, DAYS = datetime(2024, 1, 1, tzinfo=ZONE), 1_000
READINGS = ("patient_statement", "day_close", "trial_balance")
TARGETS = {
    # As fast as SQL written by hand, to a factor of two; as many statements as for a thousandth of it.
    **{f"{name}_per_sql": 2 for name in READINGS},
    **{f"{name}_statements_growth": 1 for name in READINGS},
}

# Each order is asked for and paid, and Stripe takes its fee. One in sixteen is given back.
ORDERS_AT_ONCE, POSTINGS_AT_ONCE = 16, 100
GUARDED = ("billing_order", "billing_payment", "billing_entry", "billing_posting")

# Orders follow each other over the days and go round the payers. Their sums are those of their postings,
# which the triggers that are off would have added up.
FILL = """
CREATE TEMPORARY TABLE fresh ON COMMIT DROP AS
SELECT clinic_uuid7() AS id, clinic_uuid7() AS payment_id, number % 16 = 0 AS is_refunded,
  (%(payers)s::uuid[])[1 + number % cardinality(%(payers)s::uuid[])] AS payer_id,
  (%(earners)s::uuid[])[1 + number % cardinality(%(earners)s::uuid[])] AS earner_id,
  %(since)s::timestamptz + (%(until)s::timestamptz - %(since)s) * ((number - 1)::float / %(orders)s) AS at,
  50.00 + number % 7 * 10 AS amount
FROM generate_series(%(first)s::int, %(last)s::int) AS number;

INSERT INTO billing_order (id, created_at, payer_id, earner_id, amount, currency, charged, paid, refunded)
SELECT id, at, payer_id, earner_id, amount, 'AUD', CASE WHEN is_refunded THEN 0 ELSE amount END, amount,
  CASE WHEN is_refunded THEN amount ELSE 0 END
FROM fresh;

INSERT INTO billing_payment
  (id, created_at, order_id, amount, method, status, intent_id, url, success_url, cancel_url, paid_at)
SELECT payment_id, at, id, amount, 'card', 'succeeded', 'pi_' || payment_id, '', '', '',
  at + interval '5 minutes'
FROM fresh;

CREATE TEMPORARY TABLE made ON COMMIT DROP AS
SELECT clinic_uuid7() AS id, kind, fresh.id AS order_id, payer_id, earner_id, at + later AS at,
  round(amount * share, 2) AS amount, debit, credit,
  CASE WHEN kind = 'received' THEN payment_id END AS payment_id
FROM fresh JOIN (VALUES
  ('ordered', interval '0', 1, 'receivable', 'income', false),
  ('received', interval '5 minutes', 1, 'stripe', 'receivable', false),
  ('fee', interval '6 minutes', 0.02, 'stripe_fees', 'stripe', false),
  ('promised', interval '2 hours', 1, 'income', 'refunds', true),
  ('returned', interval '3 hours', 1, 'refunds', 'stripe', true)
) AS step (kind, later, share, debit, credit, of_refunds) ON is_refunded OR NOT of_refunds;

INSERT INTO billing_entry
  (id, recorded_at, trace, key, kind, happened_at, why, parts, order_id, payer_id, earner_id, payment_id)
SELECT id, at, '{}', kind || ':' || order_id, kind, at, '', 2, order_id, payer_id, earner_id, payment_id
FROM made;

INSERT INTO billing_posting
  (id, recorded_at, trace, entry_id, account, amount, happened_at, order_id, payer_id, earner_id)
SELECT clinic_uuid7(), at, '{}', id, leg.account, leg.amount, at, order_id, payer_id, earner_id
FROM made CROSS JOIN LATERAL (VALUES (debit, amount), (credit, -amount)) AS leg (account, amount);
"""
UNBALANCED = """
SELECT count(*) FROM billing_entry entry
LEFT JOIN (
  SELECT entry_id, count(*) AS found, sum(amount) AS total FROM billing_posting GROUP BY entry_id
) AS legs ON legs.entry_id = entry.id
WHERE (legs.found, legs.total) IS DISTINCT FROM (entry.parts, 0.00)
"""

STATEMENT = """
WITH own AS (
  SELECT entry_id, sum(amount) AS change, min(happened_at) AS happened_at FROM billing_posting
  WHERE payer_id = %(payer)s AND account IN ('receivable', 'refunds', 'credits') AND happened_at < %(until)s
  GROUP BY entry_id
)
SELECT entry.happened_at, entry.kind, bill.number, own.change,
  sum(own.change) OVER (ORDER BY entry.happened_at, entry.recorded_at, entry.id)
FROM own JOIN billing_entry entry ON entry.id = own.entry_id
LEFT JOIN billing_order bill ON bill.id = entry.order_id
WHERE own.change <> 0 AND own.happened_at >= %(since)s
ORDER BY entry.happened_at, entry.recorded_at, entry.id
"""
DAY = """
SELECT
  coalesce(sum(amount) FILTER (
    WHERE account = 'receivable' AND kind IN ('ordered', 'voided', 'reopened')), 0.00),
  coalesce(sum(amount) FILTER (WHERE account = 'stripe' AND kind = 'received'), 0.00),
  coalesce(sum(amount) FILTER (WHERE account = 'refunds' AND kind IN ('returned', 'came_back')), 0.00),
  coalesce(sum(amount) FILTER (WHERE account = 'stripe_fees'), 0.00),
  (SELECT sum(amount) FROM billing_posting WHERE account = 'receivable' AND happened_at < %(until)s),
  count(*),
  (SELECT count(*) FROM billing_difference
   WHERE status = 'open' AND happened_at >= %(since)s AND happened_at < %(until)s),
  (SELECT count(*) FROM billing_stripeevent
   WHERE processed_at IS NULL AND received_at >= %(since)s AND received_at < %(until)s),
  (SELECT figures FROM billing_dayclose WHERE day = %(day)s ORDER BY number DESC LIMIT 1)
FROM billing_posting posting JOIN billing_entry entry ON entry.id = posting.entry_id
WHERE posting.happened_at >= %(since)s AND posting.happened_at < %(until)s
"""
BALANCES = """
SELECT account, sum(greatest(amount, 0)), -sum(least(amount, 0))
FROM billing_posting WHERE happened_at < %(until)s GROUP BY account
"""


class Reading(NamedTuple):
    """One thing that is read from the ledger: by the product, and by hand."""

    name: str
    read: Callable[[], Any]
    by_hand: str
    asked: dict[str, Any]


def measure(report: Report, *, postings: int = POSTINGS) -> None:
    """Fill a ledger and read it, in the database that is set up.

    :raises CannotMeasure: what was filled in does not balance
    """
    report.targets |= TARGETS
    payers, earners = people()
    fill(FEW, payers=payers, earners=earners, since=FIRST - timedelta(days=1), until=FIRST)
    before = {reading.name: statements(reading.read) for reading in readings(payers[0])}
    print(f"Writing {postings:,} postings …", file=sys.stderr)
    fill(postings - FEW, payers=payers, earners=earners, since=FIRST, until=FIRST + timedelta(days=DAYS))
    check()
    for reading in readings(payers[0]):
        compare(reading, report)
        after = statements(reading.read)
        report.figures[f"{reading.name}_statements"] = after
        report.ratios[f"{reading.name}_statements_growth"] = after / before[reading.name]


def people() -> tuple[list[Any], list[Any]]:
    """Payers, and those who earn what they pay."""
    users: Any = get_user_model()
    made = users.objects.bulk_create(
        users(email=f"{number}@bench.example", family_name=f"Person {number}", password="!")  # noqa: S106  nobody signs in
        for number in range(PAYERS + EARNERS)
    )
    return made[EARNERS:], made[:EARNERS]


def fill(postings: int, *, payers: list[Any], earners: list[Any], since: datetime, until: datetime) -> None:
    """Write so many postings, or up to a hundred more, evenly over a stretch of time, in a few statements.

    The triggers that watch over each row are off meanwhile: ``check`` asks what they ask of all rows at once.
    """
    orders = -(-postings // POSTINGS_AT_ONCE) * ORDERS_AT_ONCE
    asked: dict[str, Any] = {
        "payers": [user.pk for user in payers],
        "earners": [user.pk for user in earners],
        "since": since,
        "until": until,
        "orders": orders,
        "first": 1,
        "last": orders,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in GUARDED:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in FILL.split(";\n\n"):
            cursor.execute(statement.replace(" % ", " %% "), asked)
        cursor.execute("DROP TABLE fresh, made")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in GUARDED:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def check() -> None:
    """Bring the ledger to rest, as autovacuum would, and ask whether it balances.

    :raises CannotMeasure: it does not
    """
    with connection.cursor() as cursor:
        if not connection.in_atomic_block:
            cursor.execute(f"VACUUM ANALYZE {', '.join(GUARDED)}")
        cursor.execute(UNBALANCED)
        if wrong := cursor.fetchone()[0]:
            raise CannotMeasure(f"{wrong} entries do not balance.")


def readings(payer: Any) -> list[Reading]:
    """A year of one payer, the close of one day, and every account."""
    from billing import closing, stating, tallying  # noqa: PLC0415  Django is up only now

    end = FIRST + timedelta(days=DAYS)
    day = closing.Day((end - timedelta(days=30)).date(), str(ZONE))
    year = {"payer": payer.pk, "since": end - timedelta(days=365), "until": end}
    return [
        Reading(
            "patient_statement",
            lambda: stating.statement(payer, year["since"], year["until"]),
            STATEMENT,
            year,
        ),
        Reading(
            "day_close",
            lambda: closing.standing(day),
            DAY,
            {"since": day.starts_at, "until": day.ends_at, "day": day.on},
        ),
        Reading("trial_balance", lambda: tallying.trial_balance(end), BALANCES, {"until": end}),
    ]


def by_hand(reading: Reading) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(reading.by_hand, reading.asked)
        return cursor.fetchall()


def statements(read: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as captured:
        read()
    return len(captured)


def compare(reading: Reading, report: Report) -> None:
    """Read by turns, so that whatever else the machine does slows both alike."""
    ours: list[float] = []
    theirs: list[float] = []
    for number in range(WARM_UP + ROUNDS):
        for read, taken in ((reading.read, ours), (lambda: by_hand(reading), theirs)):
            began = time.perf_counter()
            read()
            if number >= WARM_UP:
                taken.append((time.perf_counter() - began) * 1000)
    report.figures[f"{reading.name}_p50_ms"] = statistics.median(ours)
    report.floors[f"{reading.name}_sql_p50_ms"] = statistics.median(theirs)
    report.compare(f"{reading.name}_per_sql", f"{reading.name}_p50_ms", f"{reading.name}_sql_p50_ms")
