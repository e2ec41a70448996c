"""Live events to people's browsers: the one way to push, and the one check of who may listen.

An event says that something changed, by ids and counts; the page fetches the thing itself through
the views, which ask who may see it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.http import HttpRequest
from django.utils import timezone
from django_eventstream import models
from django_eventstream.channelmanager import DefaultChannelManager
from django_eventstream.event import Event
from django_eventstream.storage import DjangoModelStorage

from messaging import listening

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clinic.models import User

TIMES, DAY = "times", "day"
SHARED: dict[str, Callable[[Any], bool]] = {TIMES: lambda user: True, DAY: lambda user: user.is_staff}
"""Channels that many people share, and who of those who are let in may listen: which times are free, and how
the practice's day goes. A page asks for one of them beside its person's own: ``/events/?also=times``."""
DEADLINES: list[Callable[[Any], datetime | None]] = []
"""Until when somebody reads what they read now, if that ends by itself. The apps above fill it."""
KEPT = timedelta(hours=24)
"""How long a page may have slept and still catch up without asking anew."""

# In one statement, so that two first events of a channel cannot meet. The rows stay locked until the
# transaction ends, which is why an event's number tells the order of commits.
NEXT_IDS = """
INSERT INTO django_eventstream_eventcounter AS counter (name, value, updated)
SELECT channel, 1, now() FROM unnest(%s::text[]) WITH ORDINALITY AS asked (channel, place) ORDER BY place
ON CONFLICT (name) DO UPDATE SET value = counter.value + 1, updated = now()
RETURNING name, value
"""


def channel_of(person: User | UUID) -> str:
    """A person's one channel: who is told is decided when something happens, not when they connect."""
    return f"user-{getattr(person, 'pk', person)}"


def push(people: Iterable[User | UUID], kind: str, data: dict[str, Any]) -> None:
    """Tell every open page of ``people`` that something happened, when our transaction commits.

    ``data`` holds ids and counts, never what people wrote. Call it last in the transaction: until
    that ends, nobody else can push to the same people.
    """
    channels = sorted({channel_of(person) for person in people})  # always in this order, or two deadlock
    if channels:
        with transaction.atomic(savepoint=False):
            told = json.dumps(data, cls=DjangoJSONEncoder)
            listening.MANAGER.announce(EventStorage().append_events(channels, kind, told))


def whisper(people: Iterable[User | UUID], kind: str, data: dict[str, Any]) -> None:
    """Tell the open pages of ``people`` something that is worth nothing a moment later.

    Nothing is stored, and a page that is just connecting never hears of it.
    """
    channels = sorted({channel_of(person) for person in people})
    if channels:
        told = json.dumps(data, cls=DjangoJSONEncoder)
        listening.MANAGER.announce([Event(channel, kind, told) for channel in channels])


def call_out(channel: str, kind: str, news: Iterable[dict[str, Any]]) -> None:
    """Tell all who listen to a shared ``channel``; what comes close together is one event, never kept."""
    told = [json.loads(json.dumps(one, cls=DjangoJSONEncoder)) for one in news]
    if told:
        listening.MANAGER.call_out(channel, kind, told)


def recheck(person: User) -> None:
    """Have every stream of ``person`` see whether they may still listen, when our transaction commits."""
    listening.MANAGER.kick(person.pk, channel_of(person))


def deadline(person: User) -> datetime | None:
    """When the streams of ``person`` have to be asked anew what they may hear; None if nothing ends so."""
    return min((end for ask in DEADLINES if (end := ask(person))), default=None)


def last_event_id(user: User) -> int:
    """Where a page that is being made starts to listen. Read it before the rows it shows."""
    return EventStorage().get_current_id(channel_of(user))


def trim(*, before: timedelta = KEPT) -> int:
    """Forget events that no sleeping page will ask for."""
    return models.Event.objects.filter(created__lt=timezone.now() - before).delete()[0]


class EventStorage(DjangoModelStorage):
    """The library's tables, written in two statements for any number of people, not trimmed on the way."""

    def append_event(self, channel: str, event_type: str, data: str) -> Event:
        return self.append_events([channel], event_type, data)[0]

    def append_events(self, channels: list[str], kind: str, data: str) -> list[Event]:
        """Store one event in each of ``channels``, which come sorted."""
        with transaction.atomic(savepoint=False):
            with connection.cursor() as cursor:
                cursor.execute(NEXT_IDS, [channels])
                numbers = dict(cursor.fetchall())
            rows = [
                models.Event(channel=channel, type=kind, data=json.dumps(data), eid=number)
                for channel, number in numbers.items()
            ]
            # The library looks an event up before it reads on from it; this one is "from the start".
            rows += [
                models.Event(channel=channel, eid=0) for channel, number in numbers.items() if number == 1
            ]
            models.Event.objects.bulk_create(rows)
        return [Event(channel, kind, data, id=numbers[channel]) for channel in channels]

    def trim_event_log(self) -> None:
        """A schedule does it: the library would do it in every sender's transaction."""


class ChannelManager(DefaultChannelManager):
    """A person reads their own channel, and of the shared ones those that are for them."""

    def get_channels_for_request(self, request: HttpRequest, view_kwargs: dict[str, Any]) -> set[str]:
        return {channel_of(request.user)} if request.user.is_authenticated else set()

    def can_read_channel(self, user: User | AnonymousUser | None, channel: str) -> bool:
        if user is None or not user.is_authenticated or not user.is_active:
            return False
        return channel == channel_of(user) or (channel in SHARED and SHARED[channel](user))
