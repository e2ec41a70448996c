"""Telling the practice by letter of a question that nobody took: once for each waiting."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from messaging import chatting, clocks, mailing
from messaging.models import Letter, Room

if TYPE_CHECKING:
    from messaging.models.rooms import RoomQuerySet

TEMPLATE = "messaging/mail/question_waiting"
MOST = 100
"""Questions that one run tells of at most; the next run goes on."""
DAY = timedelta(days=1)
SATURDAY = 5
ZONES: list[Callable[[], str]] = []
"""What tells by whose clock the practice's days go. The app above fills it."""


@transaction.atomic
def prompt(*, now: datetime) -> int:
    """Owe everybody who may answer one letter for each question that waits too long in nobody's hands.

    Returns of how many questions.
    """
    late = [room.pk for room in _untold(now)][:MOST]
    if not late:
        return 0
    # Held first and looked at then: of two workers, the second sees what the first one owes.
    list(Room.objects.filter(pk__in=late).order_by("pk").select_for_update().values("pk"))
    facts = [_facts(room) for room in _untold(now) if room.pk in late]
    people = {person.pk: person for team in chatting.TEAM for person in team()} if facts else {}
    mailing.queue_all(
        [
            Letter(template=TEMPLATE, recipient=one, to=one.email, context=fact, next_attempt_at=now)
            for fact in facts
            for one in people.values()
        ]
    )
    return len(facts)


def answer_by(asked_at: datetime, *, zone: str) -> datetime:
    """When the business day is over within which we aim to answer: what comes at a weekend came on Monday.

    A public holiday counts as a day: which ones a practice keeps differs from state to state.
    """
    there = clocks.local(asked_at, zone=zone)
    day, clock = there.date(), there.time()
    if day.weekday() >= SATURDAY:
        day, clock = _weekday(day), time()
    return datetime.combine(_weekday(day + DAY), clock, ZoneInfo(zone)).astimezone(UTC)


def _weekday(day: date) -> date:
    while day.weekday() >= SATURDAY:
        day += DAY
    return day


def _untaken() -> RoomQuerySet:
    return Room.objects.filter(kind=Room.Kind.ENQUIRY, assigned_to=None).waiting()


def _untold(now: datetime) -> list[Any]:
    """Those that wait too long, the longest first, of whose waiting nobody was told yet."""
    zone = ZONES[-1]() if ZONES else settings.TIME_ZONE
    late = [room for room in _untaken() if answer_by(room.waiting_since, zone=zone) <= now]
    if not late:
        return []
    letters = Letter.objects.filter(template=TEMPLATE, created_at__gte=late[0].waiting_since)
    told = set(letters.values_list("context__room", "context__since"))
    return [room for room in late if (str(room.pk), room.waiting_since.isoformat()) not in told]


def _facts(room: Any) -> dict[str, str]:
    path = f"/admin/messaging/room/{room.pk}/change/"
    return {"path": path, "room": str(room.pk), "since": room.waiting_since.isoformat()}


def is_wanted(letter: Letter) -> bool:
    """Whether the same question still waits, and for anybody."""
    waiting = _untaken().filter(pk=letter.context["room"]).first()
    return waiting is not None and _facts(waiting)["since"] == letter.context["since"]


STILL_WANTED = {TEMPLATE: is_wanted}
