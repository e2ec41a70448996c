"""What is stored after a day of churn, compared with what everybody saw of it."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

from config.benchmarks.pages import Page, Stream
from config.benchmarks.reports import Report

if TYPE_CHECKING:
    from config.benchmarks.churn import Seen

SHUT = {401, 403, 404}
WORRY = "I want to end my life"
Stored = dict[str, list[tuple[int, str]]]


def dismiss(user: str) -> None:
    """Close an account as a manager would."""
    from django.db import connections  # noqa: PLC0415  Django is up only now

    from clinic import enrolling  # noqa: PLC0415
    from clinic.models import User  # noqa: PLC0415

    connections.close_all()
    enrolling.deactivate(User.objects.get(pk=user), by=None, why="They left the practice.")
    connections.close_all()


async def last_letter_is_sent() -> bool:
    """Whether the worker has seen to what was asked of it last."""
    return await asyncio.to_thread(_last_letter_is_sent)


def _last_letter_is_sent() -> bool:
    from django.db import connections  # noqa: PLC0415

    from messaging.models import Letter  # noqa: PLC0415

    newest = Letter.objects.order_by("-created_at", "-pk").first()
    connections.close_all()
    return newest is not None and newest.status == Letter.Status.SENT


def report(
    seen: Seen, pages: list[Page], staying: list[Page], outside: list[Stream], *, targets: Mapping[str, float]
) -> Report:
    from django.db import connections  # noqa: PLC0415

    connections.close_all()
    stored = _stored()
    report = Report(targets=dict(targets), figures={**seen.counted})
    written = Counter(seen.sent)
    found = Counter((room, text) for room, messages in stored.items() for _, text in messages)
    report.figures |= {
        "stored": found.total(),
        "missing": (written - found).total(),
        "stored_twice": sum(count - 1 for count in found.values()),
        "unwritten": len(found.keys() - written.keys()),
        "streams_opened": sum(page.stream.opened for page in pages),
        "pages_amiss": sum(_is_page_amiss(page, stored, is_whole=page in staying) for page in pages),
        "streams_amiss": sum(_is_stream_amiss(page, stored, is_whole=page in staying) for page in pages),
        "events_of_others": _events_of_others(pages) + sum(len(stream.told) for stream in outside),
        "events_after_going": _events_after_going(seen, pages),
        "refused": sum(count for status, count in seen.answers_outside.items() if status in SHUT),
        "let_in": sum(count for status, count in seen.answers_outside.items() if status < 400),
        "amiss_in_concerns": _amiss_in_concerns(),
        "sent_away": len(seen.gone),
        "closed_s": max(seen.closed),
    }
    return report


def _stored() -> Stored:
    from messaging.models import Message  # noqa: PLC0415

    stored: Stored = defaultdict(list)
    for message in Message.objects.order_by("room", "sequence"):
        stored[str(message.room_id)].append((message.sequence, message.text))
    return stored


def _is_page_amiss(page: Page, stored: Stored, *, is_whole: bool) -> bool:
    """Whether it shows other than its room's messages, all of them if ``is_whole``, once and in order."""
    messages = stored[page.room]
    return page.shown != (messages if is_whole else messages[: len(page.shown)])


def _is_stream_amiss(page: Page, stored: Stored, *, is_whole: bool) -> bool:
    numbers = [number for number, _, _ in page.stream.told]
    first = page.person.last_event + 1
    told = [
        data["sequence"]
        for _, kind, data in page.stream.told
        if kind == "message" and data["room"] == page.room
    ]
    up_to = len(stored[page.room]) if is_whole else len(told)
    return numbers != [*range(first, first + len(numbers))] or told != [*range(1, up_to + 1)]


def _events_of_others(pages: list[Page]) -> int:
    rooms = defaultdict(set)
    for page in pages:
        rooms[page.person.user].add(page.room)
    return sum(
        "room" in data and data["room"] not in rooms[page.person.user]
        for page in pages
        for _, _, data in page.stream.told
    )


def _events_after_going(seen: Seen, pages: list[Page]) -> int:
    """What those who had gone were still told of: messages that were written only then."""
    from messaging.models import Message  # noqa: PLC0415

    told = 0
    for page in pages:
        if since := seen.gone.get(page.person.user):
            later = Message.objects.filter(room_id=page.room, recorded_at__gt=since)
            numbers = set(later.values_list("sequence", flat=True))
            told += sum(
                kind == "message" and data["sequence"] in numbers for _, kind, data in page.stream.told
            )
    return told


def _amiss_in_concerns() -> int:
    """Calls for help that nobody is asked to see to, or that are to be seen to twice."""
    from messaging.models import Concern, Message  # noqa: PLC0415

    calls = Message.objects.filter(recorded_by__role="patient", text__startswith=WORRY)
    raised = Counter(Concern.objects.values_list("message", flat=True))
    return sum(raised[pk] != 1 for pk in calls.values_list("pk", flat=True))
