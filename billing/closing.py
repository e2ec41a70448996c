"""The days of the practice's money: their figures, signing them off, and what came later all the same."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from billing import signals
from billing.models import DayClose, Difference, Entry, StripeEvent
from billing.models.ledger import EntryQuerySet
from billing.tallying import Figures, outstanding_before, sums_of_days
from config.base import Refused
from config.hashing import fingerprint

if TYPE_CHECKING:
    from clinic.models import User

FORMAT = 1  # of the figures as they are signed; raise it when one changes its meaning
LOCK = 4_202  # one signs at a time
# An entry may be written by a transaction that began before the signature and ends after it.
LONGEST_TRANSACTION = timedelta(minutes=10)


class DayNotOver(Refused):
    def __init__(self, day: date) -> None:
        super().__init__(f"{day:%A %-d %B} is not over yet. Please sign it off tomorrow.")


class AlreadySigned(Refused):
    def __init__(self, day: date) -> None:
        super().__init__(f"{day:%A %-d %B} is signed off, and nothing has changed since.")


class ReasonNeeded(Refused):
    """It can be signed, but only by somebody who says why."""


class Day(NamedTuple):
    """One day by the practice's clock; its last moment is not part of it."""

    on: date
    zone: str

    @property
    def starts_at(self) -> datetime:
        return datetime.combine(self.on, time(), tzinfo=ZoneInfo(self.zone))

    @property
    def ends_at(self) -> datetime:
        return datetime.combine(self.on + timedelta(days=1), time(), tzinfo=ZoneInfo(self.zone))


class Standing(NamedTuple):
    """One day as it is now, beside what was signed of it."""

    day: Day
    figures: Figures
    differences: int
    waiting: int
    """Payment events that came in on that day and are not acted on."""
    closed: DayClose | None
    is_over: bool

    @property
    def has_changed(self) -> bool:
        """Whether money moved on that day after somebody had signed it off."""
        return self.closed is not None and self.figures.differ_from(self.closed.figures["figures"])

    @property
    def state(self) -> str:
        if not self.is_over:
            return "running"
        if self.closed is None:
            return "open"
        return "changed" if self.has_changed else "closed"


def zone() -> str:
    """By which clock the practice counts its days; the app above knows."""
    answers = [answer for _, answer in signals.zone_wanted.send(None) if answer]
    return answers[0] if answers else settings.TIME_ZONE


def today() -> Day:
    clock = zone()
    return Day(timezone.localdate(timezone=ZoneInfo(clock)), clock)


def standings(first: date, last: date, *, zone: str) -> list[Standing]:
    """How every day from ``first`` to ``last`` stands: as many statements for one day as for fifty."""
    days = [Day(first + timedelta(days=number), zone) for number in range((last - first).days + 1)]
    start, end = days[0].starts_at, days[-1].ends_at
    sums = sums_of_days(start, end, zone=zone)
    outstanding = outstanding_before(start)
    closes = {one.day: one for one in _closes(first, last)}
    differences = _per_day(Difference.objects.open(), "happened_at", days)
    waiting = _per_day(StripeEvent.objects.waiting(), "received_at", days)
    now = timezone.now()
    found = []
    for day in days:
        figures = Figures.of(sums.get(day.on, []), outstanding_before=outstanding)
        outstanding = figures.outstanding
        found.append(
            Standing(
                day,
                figures,
                differences.get(day.on, 0),
                waiting.get(day.on, 0),
                closes.get(day.on),
                is_over=day.ends_at <= now,
            )
        )
    return found


def standing(day: Day) -> Standing:
    (found,) = standings(day.on, day.on, zone=day.zone)
    return found


def _closes(first: date, last: date) -> QuerySet[DayClose]:
    signed = DayClose.objects.filter(day__range=(first, last))
    return signed.latest_of_each_day().select_related("recorded_by")


def _per_day(rows: QuerySet[Any], moment: str, days: list[Day]) -> dict[date, int]:
    """How many of ``rows`` there are on each of these days."""
    within = {f"{moment}__gte": days[0].starts_at, f"{moment}__lt": days[-1].ends_at}
    day = TruncDate(moment, tzinfo=ZoneInfo(days[0].zone))
    return dict(rows.filter(**within).order_by().values_list(day).annotate(Count("pk")))


@transaction.atomic
def sign(day: Day, *, by: User, why: str = "") -> DayClose:
    """Sign a day off with its figures as they are now.

    :raises DayNotOver: more may still happen on it
    :raises AlreadySigned: it is, and nothing has changed since
    :raises ReasonNeeded: payment events of the day wait, or it changed after it had been signed off
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    now = standing(day)
    _may_be_signed(now, why=why)
    content = _content(now)
    return DayClose.objects.create(
        day=day.on,
        number=now.closed.number + 1 if now.closed else 1,
        zone=day.zone,
        starts_at=day.starts_at,
        ends_at=day.ends_at,
        figures=content,
        fingerprint=fingerprint(content),
        why=why,
        recorded_by=by,
    )


def _may_be_signed(now: Standing, *, why: str) -> None:
    if not now.is_over:
        raise DayNotOver(now.day.on)
    if now.closed and not now.has_changed:
        raise AlreadySigned(now.day.on)
    if why.strip():
        return
    if now.waiting:
        raise ReasonNeeded(
            f"Payment events of this day wait to be acted on: {now.waiting}."
            " Look at them first, or say why the day is signed off all the same."
        )
    if now.closed:
        raise ReasonNeeded("This day was signed off before. Please say why it changed.")


def _content(now: Standing) -> dict[str, Any]:
    """Everything that a signature stands under, numbers written as words so that they have one form."""
    recent = _entries(now.day).filter(recorded_at__gte=timezone.now() - LONGEST_TRANSACTION)
    return {
        "format": FORMAT,
        "day": now.day.on.isoformat(),
        "zone": now.day.zone,
        "starts_at": now.day.starts_at.isoformat(),
        "ends_at": now.day.ends_at.isoformat(),
        "figures": now.figures.written(),
        "open_differences": now.differences,
        "waiting_events": now.waiting,
        "recent_entries": sorted(str(pk) for pk in recent.values_list("pk", flat=True)),
    }


def _entries(day: Day) -> EntryQuerySet:
    return Entry.objects.filter(happened_at__gte=day.starts_at, happened_at__lt=day.ends_at)


def late_entries(close: DayClose) -> EntryQuerySet:
    """What was entered for a day after it had been signed off."""
    signed: Iterable[str] = close.figures["recent_entries"]
    came = Entry.objects.filter(
        Q(happened_at__gte=close.starts_at, happened_at__lt=close.ends_at),
        recorded_at__gte=close.recorded_at - LONGEST_TRANSACTION,
    )
    return came.exclude(pk__in=signed).order_by("recorded_at", "pk")


def is_genuine(close: DayClose) -> bool:
    """Whether the figures are still those that were signed."""
    return fingerprint(close.figures) == close.fingerprint
