"""A payer's statement: what they owed, everything that moved it, and what they owe now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.db import connection

from billing.models import Account, Entry, Payment, Refund
from messaging import clocks

if TYPE_CHECKING:
    from clinic.models import User

NOTHING = Decimal("0.00")
Kind = Entry.Kind

# Between a payer and the practice: what is owed to it, what it promised back, what it holds for later.
BALANCE = (Account.RECEIVABLE, Account.REFUNDS, Account.CREDITS)
# Told as well, though nobody owes more or less by it.
ASIDE = (Account.CANCELLATION, Account.DISPUTED)

# One reading, so that the lines always lead from the first balance to the last. Both sides are found by
# the index on payer, account and time; only the period's own postings are looked up in the table.
OF_PAYER = """
WITH before AS (
  SELECT coalesce(sum(amount), 0.00) AS balance FROM billing_posting
  WHERE payer_id = %(payer)s AND account = ANY(%(balance)s) AND happened_at < %(since)s
), moved AS (
  SELECT entry_id,
    coalesce(sum(amount) FILTER (WHERE account = ANY(%(balance)s)), 0.00) AS change,
    coalesce(sum(amount) FILTER (WHERE account = 'credits'), 0.00) AS credit,
    coalesce(sum(amount) FILTER (WHERE account = ANY(%(aside)s)), 0.00) AS aside
  FROM billing_posting
  WHERE payer_id = %(payer)s AND account = ANY(%(told)s)
    AND happened_at >= %(since)s AND happened_at < %(until)s
  GROUP BY entry_id
)
SELECT before.balance, entry.id, entry.happened_at, entry.kind, entry.order_id, bill.number,
  payment.method, refund.way, moved.change, moved.credit, moved.aside,
  before.balance + sum(moved.change) OVER (ORDER BY entry.happened_at, entry.recorded_at, entry.id)
FROM before
LEFT JOIN (moved JOIN billing_entry entry ON entry.id = moved.entry_id) ON true
LEFT JOIN billing_order bill ON bill.id = entry.order_id
LEFT JOIN billing_payment payment ON payment.id = entry.payment_id
LEFT JOIN billing_refund refund ON refund.id = entry.refund_id
ORDER BY entry.happened_at, entry.recorded_at, entry.id
"""

# Plain words for everybody: what was consulted about is nobody's business who reads a statement.
WORDS: dict[str, str] = {
    Kind.ORDERED: "Consultation",
    Kind.VOIDED: "Given up, nothing is owed for it",
    Kind.REOPENED: "Consultation, counted again",
    Kind.RECEIVED: "Payment",
    Kind.PROMISED: "Credited",
    Kind.WITHDRAWN: "Credit taken back",
    Kind.RETURNED: "Refund",
    Kind.CAME_BACK: "Refund came back",
    Kind.KEPT: "Cancellation fee",
    Kind.WAIVED: "Waived",
    Kind.WRITTEN_OFF: "Written off",
    Kind.DISPUTED: "Held back by the bank in a dispute",
    Kind.DISPUTE_WON: "Dispute decided for the practice",
    Kind.DISPUTE_LOST: "Dispute decided for the payer",
}
# What is told even where the balance stays as it was.
TOLD_ANYWAY = {
    *(Kind.RECEIVED, Kind.RETURNED, Kind.CAME_BACK, Kind.KEPT),
    *(Kind.DISPUTED, Kind.DISPUTE_WON, Kind.DISPUTE_LOST),
}


class _Moved(NamedTuple):
    """What one entry did between the payer and the practice, as the database tells it."""

    opening: Decimal
    entry: UUID | None  # none, like all that follows, in the one row of a period without anything
    happened_at: datetime
    kind: str
    order: UUID | None
    number: int | None
    method: str | None
    way: str | None
    change: Decimal
    credit: Decimal
    aside: Decimal
    balance: Decimal


class Line(NamedTuple):
    """One thing that happened. Amounts are Australian dollars."""

    entry: UUID
    happened_at: datetime
    kind: str
    what: str
    order: int | None
    """The order's number."""
    order_id: UUID | None
    change: Decimal
    """Above zero the payer owes more, below zero less."""
    balance: Decimal
    """What is owed after it; below zero the practice owes, or holds credit."""

    @property
    def charged(self) -> Decimal | None:
        return self.change if self.change > 0 else None

    @property
    def credited(self) -> Decimal | None:
        return -self.change if self.change < 0 else None


class Statement(NamedTuple):
    """What stood between a payer and the practice from ``since`` up to ``until``, half-open."""

    since: datetime
    until: datetime
    opening: Decimal
    lines: list[Line]

    @property
    def closing(self) -> Decimal:
        return self.lines[-1].balance if self.lines else self.opening

    @property
    def charged(self) -> Decimal:
        return sum((line.charged or NOTHING for line in self.lines), NOTHING)

    @property
    def credited(self) -> Decimal:
        return sum((line.credited or NOTHING for line in self.lines), NOTHING)


def statement(payer: User, since: datetime, until: datetime) -> Statement:
    """State in one reading of the ledger what ``payer`` owed, what moved it, and what they owe.

    A balance above zero is owed by the payer; below zero the practice holds it for them.
    """
    asked: dict[str, Any] = {
        "payer": payer.pk,
        "since": since,
        "until": until,
        "balance": [str(account) for account in BALANCE],
        "aside": [str(account) for account in ASIDE],
        "told": [str(account) for account in (*BALANCE, *ASIDE)],
    }
    with connection.cursor() as cursor:
        cursor.execute(OF_PAYER, asked)
        rows = [_Moved(*row) for row in cursor.fetchall()]
    return Statement(since, until, rows[0].opening, list(_lines(rows)))


HEADINGS = ("Date", "Time", "What", "Order", "Charged", "Credited", "Balance")


def table(stated: Statement, *, zone: str) -> list[tuple[Any, ...]]:
    """The statement under ``HEADINGS``, dated by the clock of ``zone``; amounts are numbers."""

    def row(at: datetime, what: str, *rest: Any) -> tuple[Any, ...]:
        there = clocks.local(at, zone=zone)
        return there.date(), f"{there:%H:%M}", what, *rest

    last = stated.until - timedelta(microseconds=1)
    return [
        row(stated.since, "Opening balance", None, None, None, stated.opening),
        *(
            row(line.happened_at, line.what, line.order, line.charged, line.credited, line.balance)
            for line in stated.lines
        ),
        row(last, "Closing balance", None, stated.charged, stated.credited, stated.closing),
    ]


def _lines(rows: Iterable[_Moved]) -> Iterable[Line]:
    deposits = set()
    for row in rows:
        if row.kind == Kind.ORDERED and row.credit:
            deposits.add(row.order)
        if row.entry and (row.change or row.kind in TOLD_ANYWAY):
            what = _in_words(row, is_deposit=row.order in deposits)
            yield Line(
                row.entry, row.happened_at, row.kind, what, row.number, row.order, row.change, row.balance
            )


def _in_words(row: _Moved, *, is_deposit: bool) -> str:
    """What happened, for somebody who keeps no books."""
    match row.kind:
        case Kind.RECEIVED if row.method == Payment.Method.CREDIT:
            return f"Paid from credit: A${row.credit:,.2f}"
        case Kind.RECEIVED:
            name = "Deposit" if is_deposit else "Payment"
            return f"{name} ({_method(row.method)})" if row.method else name
        case Kind.RETURNED if row.way == Refund.Way.CREDIT:
            return f"Kept as credit for later: A${-row.credit:,.2f}"
        case Kind.KEPT:
            return "Cancellation fee kept in place of the consultation"
        case Kind.DISPUTED | Kind.DISPUTE_WON | Kind.DISPUTE_LOST:
            return f"{WORDS[row.kind]}: A${abs(row.aside):,.2f}"
    return WORDS.get(row.kind) or Kind(row.kind).label


def _method(method: str) -> str:
    label = str(Payment.Method(method).label)
    return f"{label[:1].lower()}{label[1:]}"
