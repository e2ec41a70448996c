"""Where the ledger and what Stripe said of our balance disagree: found in sets, by the database."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from billing.models import Account, Difference, Entry

Kind = Difference.Kind
EVER = datetime(1970, 1, 1, tzinfo=UTC)

CHARGES = ("charge", "payment")
REFUNDS = ("refund", "payment_refund", "refund_failure", "payment_failure_refund")
DISPUTES = ("dispute", "dispute_reversal")  # categories: their kind is that of any adjustment
SENT_BACK = ("payout_failure", "payout_cancel")
PAYOUTS = ("payout", *SENT_BACK)
FEES = ("stripe_fee", "stripe_fx_fee", "tax_fee")

# Stripe's prices for Australia: 1.7 % on domestic cards, 3.5 % on international ones, and 30 cents.
AGREED_RATES = (Decimal("0.017"), Decimal("0.035"))
FIXED = Decimal("0.30")


class Found(NamedTuple):
    """One disagreement, as it is now."""

    kind: str
    about: str
    ours: Decimal
    theirs: Decimal
    happened_at: datetime
    order_id: UUID | None = None
    payment_id: UUID | None = None
    refund_id: UUID | None = None
    dispute_id: UUID | None = None
    payout_id: UUID | None = None
    movement_id: UUID | None = None


class Subject(NamedTuple):
    """Something that moves money at Stripe and in the ledger, and how to find it on both sides."""

    table: str
    key: str
    """Column with Stripe's id of it."""
    entry: str
    """Condition on the ledger's entries about it."""
    movement_key: str
    movement: str
    """Condition on Stripe's movements of it."""
    order: str
    links: str


def _words(values: Any) -> str:
    return "(" + ", ".join(f"'{value}'" for value in values) + ")"


PAYMENTS = Subject(
    table="billing_payment",
    key="intent_id",
    entry=f"entry.payment_id = subject.id AND entry.kind = '{Entry.Kind.RECEIVED}'",
    movement_key="coalesce(nullif(movement.intent_id, ''), movement.source_id)",
    movement=f"movement.kind IN {_words(CHARGES)}",
    order="subject.order_id",
    links="subject.id, NULL::uuid, NULL::uuid",
)
REFUNDED = Subject(
    table="billing_refund",
    key="stripe_id",
    entry="entry.refund_id = subject.id",
    movement_key="movement.source_id",
    movement=f"movement.kind IN {_words(REFUNDS)}",
    order="(SELECT order_id FROM billing_payment WHERE billing_payment.id = subject.payment_id)",
    links="subject.payment_id, subject.id, NULL::uuid",
)
DISPUTED = Subject(
    table="billing_dispute",
    key="stripe_id",
    entry="entry.dispute_id = subject.id",
    movement_key="movement.source_id",
    movement=f"movement.category IN {_words(DISPUTES)}",
    order="(SELECT order_id FROM billing_payment WHERE billing_payment.id = subject.payment_id)",
    links="subject.payment_id, NULL::uuid, subject.id",
)

# Only what either side has touched lately, and what was different before, is added up.
COMPARE = """
WITH touched AS (
  SELECT {movement_key} AS key FROM billing_balancetransaction movement
  WHERE {movement} AND movement.moved_at >= %(since)s AND movement.currency = 'AUD'
  UNION
  SELECT subject.{key} FROM billing_entry entry JOIN {table} subject ON {entry}
  WHERE entry.recorded_at >= %(since)s AND subject.{key} <> ''
  UNION
  SELECT about FROM billing_difference WHERE status <> 'gone'
),
ours AS (
  SELECT subject.{key} AS key, sum(posting.amount) AS amount, max(entry.recorded_at) AS recorded_at,
    min(entry.happened_at) AS happened_at
  FROM {table} subject
  JOIN billing_entry entry ON {entry}
  JOIN billing_posting posting ON posting.entry_id = entry.id AND posting.account = '{account}'
  WHERE subject.{key} IN (SELECT key FROM touched)
  GROUP BY subject.{key}
),
theirs AS (
  SELECT {movement_key} AS key, sum(movement.amount) AS amount, min(movement.moved_at) AS happened_at,
    min(nullif(movement.intent_id, '')) AS intent_id,
    (array_agg(movement.id ORDER BY movement.moved_at))[1] AS id
  FROM billing_balancetransaction movement
  WHERE {movement} AND movement.moved_at < %(started)s AND movement.currency = 'AUD'
    AND {movement_key} IN (SELECT key FROM touched)
  GROUP BY 1
)
SELECT
  CASE WHEN theirs.key IS NULL THEN '{missing_there}' WHEN ours.key IS NULL THEN '{missing_here}'
    ELSE '{differs}' END,
  key, coalesce(ours.amount, 0), coalesce(theirs.amount, 0), coalesce(theirs.happened_at, ours.happened_at),
  coalesce(subject.order_id, paid.order_id), coalesce(subject.payment_id, paid.id), subject.refund_id,
  subject.dispute_id, NULL::uuid, theirs.id
FROM ours FULL JOIN theirs USING (key)
LEFT JOIN LATERAL (
  SELECT {order} AS order_id, links.* FROM {table} subject
  CROSS JOIN LATERAL (SELECT {links}) AS links (payment_id, refund_id, dispute_id)
  WHERE subject.{key} = key LIMIT 1
) AS subject ON true
LEFT JOIN LATERAL (
  SELECT payment.id, payment.order_id FROM billing_payment payment
  WHERE payment.intent_id = theirs.intent_id AND payment.intent_id <> '' LIMIT 1
) AS paid ON true
WHERE coalesce(ours.amount, 0) <> coalesce(theirs.amount, 0)
  AND NOT (theirs.key IS NULL AND ours.recorded_at >= %(started)s)
ORDER BY key
"""

FEE = f"""
SELECT '{Kind.FEE}', movement.stripe_id, round(movement.amount * %(rate)s + %(fixed)s, 2), movement.fee,
  movement.moved_at, paid.order_id, paid.id, NULL::uuid, NULL::uuid, NULL::uuid, movement.id
FROM billing_balancetransaction movement
LEFT JOIN LATERAL (
  SELECT payment.id, payment.order_id FROM billing_payment payment
  WHERE payment.intent_id = movement.intent_id AND payment.intent_id <> '' LIMIT 1
) AS paid ON true
WHERE movement.kind IN {_words(CHARGES)} AND movement.currency = 'AUD'
  AND (movement.moved_at >= %(since)s
    OR movement.stripe_id IN (SELECT about FROM billing_difference WHERE status <> 'gone'))
  AND NOT EXISTS (
    SELECT FROM unnest(%(rates)s::numeric[]) AS agreed (rate)
    WHERE abs(movement.amount * rate + %(fixed)s - movement.fee) <= 0.01
  )
ORDER BY movement.moved_at
"""  # noqa: S608  our own words

UNEXPECTED = f"""
SELECT '{Kind.UNEXPECTED}', movement.stripe_id, 0.00, movement.amount, movement.moved_at,
  NULL::uuid, NULL::uuid, NULL::uuid, NULL::uuid, NULL::uuid, movement.id
FROM billing_balancetransaction movement
WHERE (movement.currency <> 'AUD'
    OR (movement.kind NOT IN {_words([*CHARGES, *REFUNDS, *PAYOUTS, *FEES])}
      AND movement.category NOT IN {_words(DISPUTES)}))
  AND (movement.moved_at >= %(since)s
    OR movement.stripe_id IN (SELECT about FROM billing_difference WHERE status <> 'gone'))
ORDER BY movement.moved_at
"""  # noqa: S608  our own words

# A payout is the sum of what it was made of, and leaves our balance as one movement. A bank may send it back
# days after it was made.
PAYOUT = f"""
SELECT '{Kind.PAYOUT}', payout.stripe_id,
  CASE WHEN gone.amount <> payout.amount THEN gone.amount ELSE made.amount END, payout.amount, payout.made_at,
  NULL::uuid, NULL::uuid, NULL::uuid, NULL::uuid, payout.id, NULL::uuid
FROM billing_payout payout
CROSS JOIN LATERAL (
  SELECT coalesce(sum(movement.net), 0) AS amount FROM billing_payoutline line
  JOIN billing_balancetransaction movement ON movement.id = line.movement_id WHERE line.payout_id = payout.id
) AS made
CROSS JOIN LATERAL (
  SELECT coalesce(-sum(movement.net), 0) AS amount FROM billing_balancetransaction movement
  WHERE movement.source_id = payout.stripe_id AND movement.kind = 'payout'
) AS gone
WHERE (payout.made_at >= %(since)s
    OR payout.stripe_id IN (SELECT about FROM billing_difference WHERE status <> 'gone'))
  AND (gone.amount <> payout.amount OR (payout.is_automatic AND made.amount <> payout.amount))
UNION ALL
SELECT '{Kind.PAYOUT_FAILED}', payout.stripe_id, 0.00, payout.amount, payout.made_at,
  NULL::uuid, NULL::uuid, NULL::uuid, NULL::uuid, payout.id, NULL::uuid
FROM billing_payout payout
WHERE payout.status IN ('failed', 'canceled') AND (payout.made_at >= %(since)s
  OR payout.stripe_id IN (SELECT source_id FROM billing_balancetransaction
    WHERE kind IN {_words(SENT_BACK)} AND moved_at >= %(since)s)
  OR payout.stripe_id IN (SELECT about FROM billing_difference WHERE status <> 'gone'))
"""  # noqa: S608  our own words

STATEMENTS = [
    *(
        COMPARE.format(
            **subject._asdict(),
            account=Account.STRIPE,
            missing_there=Kind.MISSING_THERE,
            missing_here=Kind.MISSING_HERE,
            differs=Kind.AMOUNT,
        )
        for subject in (PAYMENTS, REFUNDED, DISPUTED)
    ),
    FEE,
    UNEXPECTED,
    PAYOUT,
]


def differences(*, since: datetime | None, started_at: datetime) -> list[Found]:
    """Everything on which both sides disagree, of what either touched since then or was different before."""
    values: dict[str, Any] = {
        "since": since or EVER,
        "started": started_at,
        "rate": AGREED_RATES[0],
        "rates": [*AGREED_RATES],
        "fixed": FIXED,
    }
    found = []
    with connection.cursor() as cursor:
        for statement in STATEMENTS:
            cursor.execute(statement, values)
            found += [Found(*row) for row in cursor.fetchall()]
    return found
