"""What the practice and its doctors earned, by week, practitioner and appointment type."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from django.contrib.auth import get_user_model
from django.db import connection

from billing.models import Account, Entry
from billing.periods import Period

if TYPE_CHECKING:
    from clinic.models import User

NOTHING = Decimal("0.00")
NOBODY = "Nobody in particular"
NO_TYPE = "Other"
HEADINGS = (
    *("Week from", "Practitioner", "Appointment type", "Charged", "Given back"),
    *("Let off or lost", "Net", "GST"),
)

# Two periods in one reading. An order has one appointment that was not moved on, so that joining it
# counts nothing twice. A debit lowers what was earned, which is why every amount changes its sign.
OF_PERIODS = """
SELECT posting.happened_at >= %(since)s AS is_now, posting.earner_id, coalesce(kind.name, ''),
  date_trunc('week', posting.happened_at AT TIME ZONE %(zone)s)::date,
  coalesce(-sum(posting.amount) FILTER (
    WHERE posting.account = ANY(%(income)s) AND entry.kind <> ALL(%(back)s)), 0.00),
  coalesce(sum(posting.amount) FILTER (
    WHERE posting.account = ANY(%(income)s) AND entry.kind = ANY(%(back)s)), 0.00),
  coalesce(sum(posting.amount) FILTER (WHERE posting.account = ANY(%(lost)s)), 0.00),
  coalesce(-sum(posting.amount) FILTER (WHERE posting.account = 'gst'), 0.00)
FROM billing_posting posting
JOIN billing_entry entry ON entry.id = posting.entry_id
LEFT JOIN clinic_appointment visit ON visit.order_id = posting.order_id AND visit.status <> 'moved'
LEFT JOIN clinic_slot slot ON slot.id = visit.slot_id
LEFT JOIN clinic_appointmenttype kind ON kind.id = slot.appointment_type_id
WHERE posting.account = ANY(%(told)s)
  AND posting.happened_at >= %(before)s AND posting.happened_at < %(until)s
  AND (%(earner)s::uuid IS NULL OR posting.earner_id = %(earner)s)
GROUP BY 1, 2, 3, 4
"""
INCOME = (Account.INCOME, Account.CANCELLATION)
LOST = (Account.WAIVED, Account.WRITTEN_OFF, Account.DISPUTE_LOSSES)
GIVEN_BACK = (Entry.Kind.PROMISED, Entry.Kind.WITHDRAWN)


@dataclass(frozen=True)
class Earned:
    """Amounts in Australian dollars, all but the last without GST."""

    charged: Decimal = NOTHING
    """What services and cancellation fees came to, less what was given up before it was paid."""
    refunded: Decimal = NOTHING
    lost: Decimal = NOTHING
    """Waived, written off, or lost in a dispute."""
    gst: Decimal = NOTHING
    """Collected for the tax office, less what went back."""

    @property
    def net(self) -> Decimal:
        return self.charged - self.refunded - self.lost

    def __add__(self, other: Earned) -> Earned:
        return replace(
            self,
            charged=self.charged + other.charged,
            refunded=self.refunded + other.refunded,
            lost=self.lost + other.lost,
            gst=self.gst + other.gst,
        )

    def __bool__(self) -> bool:
        return any([self.charged, self.refunded, self.lost, self.gst])


class Part(NamedTuple):
    """What was earned by one practitioner with one appointment type in one week."""

    is_now: bool
    practitioner: str
    appointment_type: str
    week: date
    """Its Monday."""
    earned: Earned


class Row(NamedTuple):
    """One line of a table: what was earned, and what in the period before."""

    name: Any
    now: Earned
    before: Earned


class Revenue(NamedTuple):
    """What was earned in a period, beside as many days before it."""

    period: Period
    parts: list[Part]

    @property
    def total(self) -> Row:
        return self._summed(lambda _: "All")[0] if self.parts else Row("All", Earned(), Earned())

    @property
    def by_practitioner(self) -> list[Row]:
        return self._summed(lambda part: part.practitioner)

    @property
    def by_type(self) -> list[Row]:
        return self._summed(lambda part: part.appointment_type)

    @property
    def by_week(self) -> list[Row]:
        found = self._summed(lambda part: part.week)
        return sorted((row for row in found if row.now), key=lambda row: row.name)

    def _summed(self, name: Callable[[Part], Any]) -> list[Row]:
        """Every part under its name, who earned most first."""
        sums: dict[tuple[Any, bool], Earned] = {}
        for part in self.parts:
            key = (name(part), part.is_now)
            sums[key] = sums.get(key, Earned()) + part.earned
        names = dict.fromkeys(one for one, _ in sums)
        rows = [Row(one, sums.get((one, True), Earned()), sums.get((one, False), Earned())) for one in names]
        return sorted(
            (row for row in rows if row.now or row.before),
            key=lambda row: (-row.now.net, -row.before.net, str(row.name)),
        )


def revenue(period: Period, *, by: User) -> Revenue:
    """Tell what was earned in ``period``: of everybody, or where ``by`` may not see that, their own.

    It is counted when it was charged, and taken off when it was promised back, as the ledger does it.
    """
    sees_all = by.has_perm("clinic.view_every_revenue")
    asked: dict[str, Any] = {
        "before": period.before.since,
        "since": period.since,
        "until": period.until,
        "zone": period.zone,
        "earner": None if sees_all else by.pk,
        "income": [str(account) for account in INCOME],
        "lost": [str(account) for account in LOST],
        "told": [str(account) for account in (*INCOME, *LOST, Account.GST)],
        "back": [str(kind) for kind in GIVEN_BACK],
    }
    with connection.cursor() as cursor:
        cursor.execute(OF_PERIODS, asked)
        rows = cursor.fetchall()
    names = _names(earner for _, earner, *_ in rows)
    return Revenue(
        period,
        [
            Part(is_now, names.get(earner, NOBODY), kind or NO_TYPE, week, Earned(*amounts))
            for is_now, earner, kind, week, *amounts in rows
        ],
    )


def _names(earners: Iterable[Any]) -> dict[Any, str]:
    people = get_user_model()._default_manager.filter(pk__in={*earners} - {None})
    return {
        user.pk: str(getattr(user, "practitioner", user)) for user in people.select_related("practitioner")
    }


def table(found: Revenue) -> list[tuple[Any, ...]]:
    """The period under ``HEADINGS``, a line for each part; amounts are numbers."""
    parts = [part for part in found.parts if part.is_now and part.earned]
    parts.sort(key=lambda part: (part.week, part.practitioner, part.appointment_type))
    return [
        (
            *(part.week, part.practitioner, part.appointment_type),
            *(part.earned.charged, part.earned.refunded, part.earned.lost, part.earned.net, part.earned.gst),
        )
        for part in parts
    ]
