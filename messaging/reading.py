"""Conversations as a person reads them: pages of messages, and what is said of a room around them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from django.contrib.auth import get_user_model
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, F, OuterRef, Subquery, When
from django.db.models.functions import Coalesce, JSONObject
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone

from config import uploads
from config.base import uuid7
from config.prepared import Prepared
from messaging import clocks, streaming, withdrawing
from messaging.models import MOST_ATTACHED, Attachment, Member, Message, Room, Withdrawal
from messaging.models.rooms import LONGEST

if TYPE_CHECKING:
    from uuid import UUID

    from django.db.models import QuerySet

    from clinic.models import User

PAGE = 50
"""Messages that are read at once."""
FILE = {name: name for name in ("id", "name", "kind", "size", "width", "height", "pages")}
"""What is read of a file that came with a message."""
SEATED = (
    "user_id",
    "left_at",
    "user__email",
    "user__given_name",
    "user__family_name",
    "user__is_active",
    "read_mark__sequence",
    "own_draft",
    "newest",
)
COLUMNS = (
    "sequence",
    "recorded_at",
    "recorded_by",
    "client_id",
    "text",
    "withdrawal__reason",
    "files",
    "answers",
    "answered__recorded_by",
    "answered__text",
    "answered__withdrawal__reason",
)
QUOTED = 120
"""Characters of an earlier message above its answer."""


class Told(NamedTuple):
    """What is read of a message, ``COLUMNS``: no more than a page shows. Names are those of the members."""

    sequence: int
    at: datetime
    by: UUID | None
    client_id: UUID
    text: str
    withdrawn: str | None
    files: list[dict[str, Any]]
    answers: int | None
    answered_by: UUID | None
    answered_text: str
    answered_withdrawn: str | None


class Seated(NamedTuple):
    """What is read of a member, ``SEATED``, with the number of the newest message of their room."""

    user_id: UUID
    left_at: datetime | None
    email: str
    given_name: str
    family_name: str
    is_active: bool
    read_up_to: int
    draft: str | None
    last_sequence: int

    @property
    def name(self) -> str:
        named = {"email": self.email, "given_name": self.given_name, "family_name": self.family_name}
        return str(get_user_model()(**named))


@dataclass(frozen=True)
class Asked:
    """What ``messaging/_room.html`` shows ``user`` of a visible room; its rows may be read with others."""

    room: Room
    user: User
    last_event_id: int
    members: QuerySet
    page: QuerySet
    answers: int | None = None
    is_end: bool = True

    @property
    def rows(self) -> list[QuerySet]:
        return [self.members, self.page]

    def context(self) -> dict[str, Any]:
        members = [Seated(*row) for row in self.members]
        reader = _Reader(self.user, members)
        messages = [reader.sees(Told(*row)) for row in reversed(self.page)]
        shown = messages[-1]["sequence"] if messages else 0
        newest = shown if self.is_end else _newest(members)
        return {
            "room": self.room,
            "room_state": _state(self.room, self.user, members),
            "room_reviews": reader.reviews,
            "room_messages": messages,
            "room_last_sequence": shown,
            "room_newest_sequence": newest,
            "room_has_earlier": bool(messages) and messages[0]["sequence"] > 1,
            "room_is_latest": shown >= newest,
            "room_last_event_id": self.last_event_id,
            "room_client_id": uuid7(),
            "room_longest": LONGEST,
            "room_most_files": MOST_ATTACHED,
            "room_largest_file": uploads.LARGEST,
            "room_draft": next((member.draft for member in members if member.draft), ""),
            "room_answers": self.answered(reader),
            "room_reasons": Withdrawal.Reason.choices,
        }

    def answered(self, reader: _Reader) -> dict[str, Any] | None:
        """The message that the form answers, in short."""
        rows = PAGES.rows(room=self.room.pk, only=self.answers) if self.answers else []
        if not rows:
            return None
        message = Told(*rows[0])
        return reader.quotes(message.sequence, message.by, message.text, message.withdrawn)


def asked(
    room: Room,
    user: User,
    *,
    before: int | None = None,
    around: int | None = None,
    answers: int | None = None,
) -> Asked:
    """Ask for the end of ``room``, or for what was ``before`` or ``around`` a message.

    Where to listen from is read at once.
    """
    last_event_id = streaming.last_event_id(user)  # first, so that nothing falls between
    page = _told(**_bounds(room, before=before, around=around))
    is_end = before is None and around is None
    return Asked(room, user, last_event_id, _members(room.pk, user.pk), page, answers, is_end)


def room_context(room: Room, user: User, **place: int | None) -> dict[str, Any]:
    """What ``messaging/_room.html`` shows ``user`` of a visible room; ``place`` as ``asked`` takes it."""
    return asked(room, user, **place).context()


def first_of_day(room: Room, day: date, *, zone: str) -> int | None:
    """The number of the first message from ``day`` on, by the clocks of ``zone``; else of the last."""
    begins = datetime.combine(day, time.min, ZoneInfo(zone))
    numbers = room.messages.values_list("sequence", flat=True)
    later = numbers.filter(recorded_at__gte=begins).order_by("recorded_at", "sequence").first()
    return later or numbers.order_by("-sequence").first()


def state_of(room: Room, user: User) -> dict[str, Any]:
    """What changes in a room besides its messages: who is in it, how far they read, whether one can write."""
    return _state(room, user, _seated(room, user))


def read(
    room: Room,
    user: User,
    *,
    after: int | None = None,
    before: int | None = None,
    around: int | None = None,
) -> dict[str, Any]:
    """The room's state and a page of it, in order, as ``user`` reads it.

    The page is from ``after`` on, or the last ones ``before``, or those ``around``. With ``after``
    come the withdrawals of what the reader has already.
    """
    members = _seated(room, user)
    reader = _Reader(user, members)
    page = PAGES.rows(**_bounds(room, after=after, before=before, around=around))
    if after is None:
        page.reverse()
    return {
        **_state(room, user, members),
        "messages": [reader.sees(Told(*row)) for row in page],
        "last_sequence": max([_newest(members), *(row[0] for row in page[-1:])]),
        "withdrawn": _withdrawn(room, reader, up_to=after) if after else [],
    }


def said(message: Message, user: User) -> dict[str, Any]:
    """What ``user``, who just sent ``message``, sees of it: their page need not ask for it."""
    room = message.room
    [row] = PAGES.rows(room=room.pk, only=message.sequence)
    return _Reader(user, _seated(room, user)).sees(Told(*row))


def _withdrawn(room: Room, reader: _Reader, *, up_to: int) -> list[dict[str, Any]]:
    taken_back = Withdrawal.objects.filter(message__room=room, message__sequence__lte=up_to)
    newest = taken_back.order_by("-recorded_at").values_list(
        "message__sequence", "message__recorded_by", "reason"
    )
    return [{"sequence": number, "withdrawn": reader.trace(by, why)} for number, by, why in newest[:PAGE]]


def _members(room: UUID, reader: UUID) -> QuerySet:
    """Everybody who is in ``room``, and who was: what they wrote still has their name."""
    own_draft = Case(When(user=reader, then=F("draft__text")))  # nobody else's leaves the database
    newest = Message.objects.filter(room=room).order_by("-sequence").values("sequence")[:1]
    members = Member.objects.filter(room=room).annotate(own_draft=own_draft)
    return members.annotate(newest=Coalesce(Subquery(newest), 0)).values_list(*SEATED)


def _seated(room: Room, user: User) -> list[Seated]:
    return [Seated(*row) for row in MEMBERS.rows(room=room.pk, reader=user.pk)]


def _newest(members: list[Seated]) -> int:
    return members[0].last_sequence if members else 0


def _told(
    room: UUID,
    *,
    after: int | None = None,
    above: int | None = None,
    below: int | None = None,
    only: int | None = None,
) -> QuerySet:
    """Messages of ``room``, each as what makes a ``Told``, the newest first; those ``after`` one in order."""
    # In the statement of the messages: it can be read with others (config.together).
    files = Attachment.objects.filter(message=OuterRef("pk")).order_by("position")
    found = Message.objects.filter(room=room).annotate(
        files=ArraySubquery(files.values(told=JSONObject(**FILE)))
    )
    asked = {"sequence__gt": above if after is None else after, "sequence__lt": below, "sequence": only}
    found = found.filter(**{name: number for name, number in asked.items() if number is not None})
    return found.order_by("-sequence" if after is None else "sequence").values_list(*COLUMNS)[:PAGE]


def _bounds(
    room: Room, *, after: int | None = None, before: int | None = None, around: int | None = None
) -> dict[str, Any]:
    """What ``_told`` is asked for a page of ``room``: numbers have no gap."""
    if after is not None:
        return {"room": room.pk, "after": after}
    if around is not None:
        return {"room": room.pk, "above": around - PAGE // 2, "below": around + PAGE // 2 + 1}
    return {"room": room.pk} if before is None else {"room": room.pk, "below": before}


PAGES, MEMBERS = Prepared(_told), Prepared(_members)


def _attached(files: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a page shows of the files of a message."""
    files = [file | {"url": reverse("attachment", args=[file["id"]])} for file in files]
    for file in files:
        file["thumbnail"] = f"{file['url']}thumbnail/"
        file["about"] = _in_words(file)
    return files


def _in_words(file: dict[str, Any]) -> str:
    size = filesizeformat(file["size"]).replace("\xa0", " ")
    if file["kind"] == Attachment.Kind.IMAGE:
        return f"Picture, {size}"
    return f"PDF, {file['pages']} {'page' if file['pages'] == 1 else 'pages'}, {size}"


def _state(room: Room, user: User, members: list[Seated]) -> dict[str, Any]:
    present = [member for member in members if member.left_at is None]
    others = [member for member in present if member.user_id != user.pk]
    is_member = len(others) < len(present)
    return {
        "is_member": is_member,
        "is_closed": not room.is_open,
        "can_write": room.is_open and (is_member or room.is_answered_by(user)),
        "expect": _what_to_expect(room, user),
        "others": [member.name for member in others],
        "people": {str(member.user_id): member.name for member in others},
        "read_by_others": _read_by(room, user, others),
    }


def _read_by(room: Room, user: User, others: list[Seated]) -> int:
    """How far what ``user`` wrote was read: by everybody, and in a question by the other side.

    There one of the practice is enough, and colleagues do not count for each other.
    """
    counted = [member for member in others if member.is_active]
    if room.is_enquiry and user.pk != room.patient_id:
        counted = [member for member in counted if member.user_id == room.patient_id]
    marks = [member.read_up_to for member in counted]
    return (max if room.is_enquiry else min)(marks, default=0)


def _what_to_expect(room: Room, user: User) -> str:
    """Who reads a conversation, and until when: beside the words on emergencies."""
    if not room.is_open:
        return "This conversation is over and is no longer read."
    told = ["We aim to answer within one business day."]
    if room.is_enquiry:
        told.insert(0, "Reception reads this: about your health or medicine, write to your doctor.")
    if room.closes_at:
        told.append(f"You can write here until {clocks.in_words(room.closes_at, zone=user.time_zone)}.")
    return " ".join(told)


class _Reader:
    """Somebody with a room before them, and what they may read of each message."""

    def __init__(self, user: User, members: list[Seated]) -> None:
        self.user, self.now, self.zone = user, timezone.now(), user.time_zone
        # The people of a room see that a message was withdrawn; its text is there for who reviews it.
        is_member = any(member.user_id == user.pk and member.left_at is None for member in members)
        self.reviews = not is_member and user.has_perm("messaging.view_every_room")
        # The database lets nobody write who was never a member.
        self.names: dict[UUID | None, str] = {member.user_id: member.name for member in members}
        self.names |= {user.pk: "You", None: ""}

    def sees(self, message: Told) -> dict[str, Any]:
        mine, is_hidden = message.by == self.user.pk, message.withdrawn and not self.reviews
        day, date, clock = clocks.stamp(message.at, zone=self.zone)
        may_withdraw = mine and not message.withdrawn
        return {
            "sequence": message.sequence,
            "client_id": str(message.client_id) if mine else "",
            "kind": "mine" if mine else "theirs" if message.by else "system",
            "who": self.names[message.by],
            "text": "" if is_hidden else message.text,
            "attached": [] if is_hidden else _attached(message.files),
            "withdrawn": self.trace(message.by, message.withdrawn) if message.withdrawn else "",
            "withdrawable_for": withdrawing.seconds_left_of(message.at, now=self.now) if may_withdraw else 0,
            "answers": message.answers
            and self.quotes(
                message.answers, message.answered_by, message.answered_text, message.answered_withdrawn
            ),
            "at": message.at.isoformat(),
            # With its zone: on a day when the clocks change, the same hour comes twice.
            "day": day,
            "date": date,
            "clock": clock,
        }

    def quotes(self, sequence: int, by: UUID | None, text: str, withdrawn: str | None) -> dict[str, Any]:
        if withdrawn:
            text = "Message withdrawn"
        else:
            line = " ".join(text.split()) or "Picture or PDF"
            text = line if len(line) <= QUOTED else f"{line[: QUOTED - 1].rstrip()}…"
        return {"sequence": sequence, "who": self.names[by] or "ProMedicine", "text": text}

    def trace(self, by: UUID | None, why: str) -> str:
        who = "you" if by == self.user.pk else self.names[by]
        reason = Withdrawal.Reason(why).label
        return f"Message withdrawn by {who}: {reason[0].lower()}{reason[1:]}."
