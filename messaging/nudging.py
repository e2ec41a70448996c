"""Telling people by letter that a message waits: once, until they have read and something new came."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from messaging import mailing
from messaging.models import Letter, Member, Message, Nudge, Room

TEMPLATE = "messaging/mail/message_waiting"
UNREAD_FOR = timedelta(minutes=10)
"""Who reads or writes in a room within these minutes is there, and sees the message by themselves."""
LOOKED_BACK = timedelta(days=2)
"""How old a message may be that brings a letter: as far back as workers may have been away."""
MOST = 500
"""Letters that one run owes at most; the next run goes on."""

FOR_THE_PRACTICE = Q(room__kind=Room.Kind.ENQUIRY) & ~Q(user=F("room__patient"))
"""Those who answer a question, not the patient who put it."""


@transaction.atomic
def nudge(*, now: datetime) -> int:
    """Owe each member who has left a message unread one letter, in as many statements as one.

    The row of a nudge is the claim on it: of two workers, the second finds it taken.
    """
    members = waiting(now=now).select_related("user", "read_mark")[:MOST]
    letters = {member.pk: _letter(member, now=now) for member in members}
    Nudge.objects.bulk_create(
        [
            Nudge(member=member, read_up_to=member.read_mark.sequence, letter=letters[member.pk])
            for member in members
        ],
        ignore_conflicts=True,
    )
    ours = Nudge.objects.filter(letter__in=letters.values()).values_list("member", flat=True)
    claimed = [letters[pk] for pk in ours]
    mailing.queue_all(claimed)
    return len(claimed)


def waiting(*, now: datetime) -> QuerySet[Member]:
    """Those whom somebody wrote more than ten minutes ago, who have not read it and were not told.

    What the system says in a room brings letters of its own.
    """
    since = now - UNREAD_FOR
    lately = Message.objects.filter(recorded_at__gt=now - LOOKED_BACK, recorded_at__lte=since)
    unread = lately.filter(
        room=OuterRef("room"),
        sequence__gt=OuterRef("read_mark__sequence"),
        recorded_by__isnull=False,
        withdrawal=None,
    ).exclude(recorded_by=OuterRef("user"))
    # In a question the practice is told of the patient's words alone, and only while those wait for it.
    to_answer = unread.filter(
        recorded_by=OuterRef("room__patient"), sequence__gt=OuterRef("room__settled_up_to")
    )
    told = Nudge.objects.filter(member=OuterRef("pk"), read_up_to=OuterRef("read_mark__sequence"))
    writing = Message.objects.filter(
        room=OuterRef("room"), recorded_by=OuterRef("user"), recorded_at__gt=since
    )
    return (
        Member.objects.present()
        .filter(
            ~FOR_THE_PRACTICE | (Exists(to_answer) & Q(room__closed_at=None)),
            Exists(unread),
            ~Exists(told),
            ~Exists(writing),
            room__in=lately.values("room"),
            read_mark__at__lte=since,
            user__is_active=True,
        )
        .order_by("pk")
    )


def _letter(member: Member, *, now: datetime) -> Letter:
    return Letter(
        template=TEMPLATE,
        recipient=member.user,
        to=member.user.email,
        next_attempt_at=now,
        context={"path": f"/portal/rooms/{member.room_id}/"},
    )


def is_wanted(letter: Letter) -> bool:
    """Whether the message still waits: by now it may be read, and a question done.

    What is over can still be read, and the last words of the practice are often the answer.
    """
    told = Nudge.objects.filter(
        letter=letter.copy_of_id or letter.pk,
        member__left_at=None,
        member__read_mark__sequence=F("read_up_to"),
    )
    members = Member.objects.filter(~FOR_THE_PRACTICE | Q(room__closed_at=None), pk__in=told.values("member"))
    return members.exists()


STILL_WANTED = {TEMPLATE: is_wanted}
