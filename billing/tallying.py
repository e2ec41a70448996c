"""What the ledger says of a day: expected, received, gone back, taken by Stripe, still owed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Sum

from billing.models import Account, Entry, Posting

NOTHING = Decimal("0.00")
Kind = Entry.Kind

# Which entries each figure is made of, on which account, and whether a debit counts up or down.
EXPECTED = (Kind.ORDERED, Kind.VOIDED, Kind.REOPENED)
RECEIVED = (Kind.RECEIVED,)
REFUNDED = (Kind.RETURNED, Kind.CAME_BACK)
DISPUTED = (Kind.DISPUTED, Kind.DISPUTE_WON, Kind.DISPUTE_LOST)
LET_OFF = (Kind.WAIVED, Kind.WRITTEN_OFF)
TILLS = (Account.STRIPE, Account.TERMINAL, Account.BANK, Account.CASH, Account.CREDITS)


class DaySum(NamedTuple):
    """What all entries of one kind did to one account on one day."""

    kind: str
    account: str
    amount: Decimal
    postings: int


# Only the days asked for are read, by the index on when it happened.
OF_DAYS = """
SELECT (posting.happened_at AT TIME ZONE %(zone)s)::date, entry.kind, posting.account,
  sum(posting.amount), count(*)
FROM billing_posting posting JOIN billing_entry entry ON entry.id = posting.entry_id
WHERE posting.happened_at >= %(start)s AND posting.happened_at < %(end)s
  AND entry.happened_at >= %(start)s AND entry.happened_at < %(end)s
GROUP BY 1, 2, 3
"""


def sums_of_days(start: datetime, end: datetime, *, zone: str) -> dict[date, list[DaySum]]:
    """Every day's sums, by the clock of ``zone``, in one statement."""
    found: dict[date, list[DaySum]] = {}
    with connection.cursor() as cursor:
        cursor.execute(OF_DAYS, {"start": start, "end": end, "zone": zone})
        for day, *rest in cursor.fetchall():
            found.setdefault(day, []).append(DaySum(*rest))
    return found


def outstanding_before(moment: datetime) -> Decimal:
    """What patients owed at that moment, in one statement."""
    owed = Posting.objects.of(Account.RECEIVABLE).before(moment)
    return owed.aggregate(total=Sum("amount"))["total"] or NOTHING


class Balance(NamedTuple):
    """What an account was given and what it gave, both above zero."""

    account: str
    debits: Decimal
    credits: Decimal

    @property
    def amount(self) -> Decimal:
        """Above zero for a debit, below for a credit."""
        return self.debits - self.credits


# One pass over the index on account and time, which carries the amounts.
OF_ACCOUNTS = """
SELECT account, coalesce(sum(amount) FILTER (WHERE amount > 0), 0.00),
  coalesce(-sum(amount) FILTER (WHERE amount < 0), 0.00)
FROM billing_posting WHERE happened_at < %s GROUP BY account
"""


def trial_balance(before: datetime) -> list[Balance]:
    """Every account that moved by then, in the order of the chart, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(OF_ACCOUNTS, [before])
        found = {row[0]: Balance(*row) for row in cursor.fetchall()}
    return [found[account] for account in Account.values if account in found]


@dataclass(frozen=True)
class Figures:
    """The figures of one day."""

    expected: Decimal = NOTHING
    received: dict[str, Decimal] = field(default_factory=dict)
    """By where the money lies: Stripe, the terminal, the bank, the drawer, a patient's credit."""
    refunded: Decimal = NOTHING
    disputed: Decimal = NOTHING
    """What banks took back, less what they gave again."""
    let_off: Decimal = NOTHING
    """Waived, and written off."""
    fees: Decimal = NOTHING
    paid_out: Decimal = NOTHING
    outstanding: Decimal = NOTHING
    """What patients owe at the end of the day."""
    postings: int = 0

    @classmethod
    def of(cls, sums: Iterable[DaySum], *, outstanding_before: Decimal) -> Figures:
        sums = list(sums)

        def total(accounts: Iterable[str], kinds: Iterable[str] | None = None) -> Decimal:
            chosen = (
                one.amount for one in sums if one.account in accounts and (kinds is None or one.kind in kinds)
            )
            return sum(chosen, NOTHING)

        received = {till: total([till], RECEIVED) for till in TILLS}
        return cls(
            expected=total([Account.RECEIVABLE], EXPECTED),
            received={str(till): amount for till, amount in received.items() if amount},
            refunded=total([Account.REFUNDS], REFUNDED),
            disputed=-total([Account.STRIPE], DISPUTED),
            let_off=-total([Account.RECEIVABLE], LET_OFF),
            fees=total([Account.STRIPE_FEES]),
            paid_out=total([Account.BANK], [Kind.PAID_OUT]),
            outstanding=outstanding_before + total([Account.RECEIVABLE]),
            postings=sum(one.postings for one in sums),
        )

    @property
    def all_received(self) -> Decimal:
        return sum(self.received.values(), NOTHING)

    def written(self) -> dict[str, Any]:
        """The figures in the one form in which they are signed."""
        parts = asdict(self)
        return {name: _written(value) for name, value in parts.items()}

    def differ_from(self, signed: Mapping[str, Any]) -> bool:
        """Whether the day itself has changed; what is outstanding may change by the days before it."""
        now = self.written()
        own = [one.name for one in fields(self) if one.name != "outstanding"]
        return any(now[name] != signed[name] for name in own)


def _written(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _written(inner) for name, inner in value.items()}
    return f"{value:.2f}" if isinstance(value, Decimal) else value
