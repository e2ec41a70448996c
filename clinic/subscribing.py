"""Calendars that people subscribe to: making their secret address, taking it back, reading them."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from clinic import calendars
from clinic.models import BOOKED, Appointment, CalendarFeed, Role
from config.base import Refused

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from clinic.models import User

TOKEN_BYTES = 32
LOOKS_BACK = timedelta(days=30)
HOUR = 3600  # seconds
MOST_READS = 120
"""Of one calendar in an hour; programs that look every minute stay below it."""
MOST_MISSES = 300
"""From one address in an hour: many people's calendars are read from the same few servers."""


class NoCalendar(Refused):
    def __init__(self) -> None:
        super().__init__("There is no calendar at this address.")


class TooOften(Refused):
    def __init__(self) -> None:
        super().__init__("That was too often. Please wait an hour.")


def may_have_one(user: User) -> bool:
    """Whether ``user`` has appointments of their own: patients, and the doctors they see."""
    return user.role == Role.PATIENT or user.has_perm("clinic.conduct_appointment")


def of(user: User) -> CalendarFeed | None:
    """The address that answers now, without its secret."""
    return CalendarFeed.objects.live().filter(user=user).first()


@transaction.atomic
def open(user: User) -> str:  # noqa: A001  called as subscribing.open
    """Give ``user`` a new secret, and tell it this one time; an earlier one stops working.

    :raises NoCalendar: they have no appointments of their own
    """
    if not may_have_one(user):
        raise NoCalendar
    close(user)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    CalendarFeed.objects.add(
        user=user, token_sha256=_fingerprint(token), by=user, why="Asked for a calendar address."
    )
    return token


@transaction.atomic
def close(user: User) -> None:
    """Let the address of ``user`` stop working, if they have one."""
    user.lock()  # or two presses of the button would each make one
    for feed in CalendarFeed.objects.filter(user=user, revoked_at=None):
        feed.change(by=user, why="Turned off.", revoked_at=timezone.now(), revoked_by=user)


def read(token: str, *, address: str) -> str:
    """The calendar behind ``token``, asked for from ``address``: as many statements for many as for one.

    :raises NoCalendar: nobody's, or turned off, or of a closed account
    :raises TooOften: asked more often than calendars do
    """
    fingerprint = _fingerprint(token)
    missed = f"calendar.missed.{address}"
    if _count(missed) >= MOST_MISSES or _count(fingerprint) >= MOST_READS:
        raise TooOften
    feed = CalendarFeed.objects.live().select_related("user").filter(token_sha256=fingerprint).first()
    if feed is None or not may_have_one(feed.user):
        _count(missed, add=1)
        raise NoCalendar
    _count(fingerprint, add=1)
    _note(feed)
    return _written(feed.user)


def _note(feed: CalendarFeed) -> None:
    """Note the first time of each day, so that their owner sees whether anybody still reads it."""
    today = timezone.localdate()
    if feed.last_read_on != today:
        feed.change(by=None, why="Read by a calendar.", last_read_on=today)


def _written(user: User) -> str:
    own = _upcoming(now=timezone.now())
    if user.role == Role.PATIENT:
        return calendars.feed_of_patient(own.filter(patient__user=user).select_related("patient__user"))
    theirs = own.filter(slot__practitioner__user=user)
    return calendars.feed_of_practitioner(theirs.select_related("slot__practitioner"))


def _upcoming(*, now: datetime) -> QuerySet[Appointment]:
    booked = Appointment.objects.filter(status__in=BOOKED, ends_at__gt=now - LOOKS_BACK)
    return booked.with_times_moved().order_by("starts_at", "pk")


def _fingerprint(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _count(what: str, *, add: int = 0) -> int:
    """How often something happened in this hour; roughly, for two at once may count as one."""
    key = f"{what}.{int(timezone.now().timestamp()) // HOUR}"
    times = cache.get(key, 0) + add
    if add:
        cache.set(key, times, HOUR)
    return times
