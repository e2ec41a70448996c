"""Rooms, who is in them, and what is said there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Count, F, Max, Q
from django.db.models.functions import Coalesce, Greatest, Length, Upper
from django.db.models.lookups import LessThanOrEqual
from django.utils import timezone

from config.base import Fact, Record, ScopedQuerySet, uuid7

if TYPE_CHECKING:
    from clinic.models import User

LONGEST = 4000
"""Characters of one message."""
TOO_LONG = f"A message has at most {LONGEST:,} characters. Please send it in parts."
MOST_ATTACHED = 5
"""Files that one message carries."""
ARCHIVED_AFTER = timedelta(days=90)
"""Over for so long, a conversation leaves the usual lists; it can still be read, and its words found."""


READ_BY: list[Callable[[User], Q]] = []
"""Which rooms somebody may read without writing in them. The apps above fill it: they know who cares."""


def _of(user: User) -> Q:
    theirs = Q(pk__in=Member.objects.present().filter(user=user).values("room"))
    return theirs | Q(kind=Room.Kind.ENQUIRY) if user.has_perm("messaging.answer_enquiry") else theirs


class RoomQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        if user.has_perm("messaging.view_every_room"):
            return self
        return self.filter(reduce(or_, [read(user) for read in READ_BY], _of(user)))

    def of(self, user: User) -> Self:
        """Those in which ``user`` writes: what they are in, and questions if they answer them."""
        return self.filter(_of(user))

    def open(self) -> Self:
        """Those in which people can still write."""
        return self.filter(Q(closes_at=None) | Q(closes_at__gt=timezone.now()), closed_at=None)

    def archived(self) -> Self:
        """Those that are over for so long that the usual lists leave them out."""
        return self.filter(self._is_archived())

    def current(self) -> Self:
        """Those of the usual lists."""
        return self.exclude(self._is_archived())

    @staticmethod
    def _is_archived() -> Q:
        long_ago = timezone.now() - ARCHIVED_AFTER
        return Q(closed_at__lt=long_ago) | Q(closes_at__lt=long_ago)

    def with_waiting_since(self) -> Self:
        """With ``waiting_since``: when a patient wrote what nobody of the practice has answered; else None.

        An answer is any message of staff after it, or that somebody said that none is needed.
        """
        said = Message.objects.filter(room=models.OuterRef("pk"), withdrawal=None)
        others = said.exclude(recorded_by=None).exclude(recorded_by=models.OuterRef("patient"))
        answered = Greatest(
            Coalesce(models.Subquery(others.order_by("-sequence").values("sequence")[:1]), 0),
            F("settled_up_to"),
        )
        asked = said.filter(
            recorded_by=models.OuterRef("patient"), sequence__gt=models.OuterRef("answered_up_to")
        )
        since = models.Subquery(asked.order_by("sequence").values("recorded_at")[:1])
        return self.annotate(answered_up_to=answered).annotate(waiting_since=since)

    def waiting(self) -> Self:
        """Those in which a patient waits for an answer of the practice, the longest first."""
        return self.open().with_waiting_since().exclude(waiting_since=None).order_by("waiting_since", "pk")

    def with_unread(self, user: User) -> Self:
        """With ``unread``: how many messages of others ``user`` has not read; None where there are none."""
        unread = Message.objects.unread_by(user).filter(room=models.OuterRef("pk")).order_by()
        counted = unread.values("room").annotate(number=Count("pk")).values("number")
        return self.annotate(unread=models.Subquery(counted))

    def latest_first(self) -> Self:
        """With ``last_at``, when somebody last wrote, the newest at the top."""
        last_at = (
            Message.objects.filter(room=models.OuterRef("pk")).order_by("-sequence").values("recorded_at")[:1]
        )
        return self.annotate(last_at=Coalesce(models.Subquery(last_at), F("created_at"))).order_by(
            "-last_at", "-pk"
        )


class Room(Record):
    """A conversation between its members; over, it can still be read.

    People write in it until it is closed, or until ``closes_at`` has come: then the database refuses what
    they write (``messaging.guarding``), without a task that would have to run in time.

    A question to the practice is answered by everybody with ``answer_enquiry``, who are in it once they have
    answered; it is no place for what is clinical, which stays between patient and doctor.
    """

    class Kind(models.TextChoices):
        VISIT = "visit", "About a visit"
        ENQUIRY = "enquiry", "Question to the practice"

    class Topic(models.TextChoices):
        APPOINTMENT = "appointment", "Appointments"
        MONEY = "money", "Payments and refunds"
        PAPERS = "papers", "Documents and receipts"
        DETAILS = "details", "My details or account"
        OTHER = "other", "Something else"

    kind = models.CharField(max_length=20, choices=Kind, default=Kind.VISIT, editable=False)
    title = models.CharField(max_length=200)
    patient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    topic = models.CharField(max_length=20, choices=Topic, blank=True, editable=False)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    # Up to here somebody of the practice said that no answer is needed.
    settled_up_to = models.PositiveIntegerField(default=0, editable=False)
    closes_at = models.DateTimeField("can be written in until", null=True, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)

    objects = RoomQuerySet.as_manager()

    class Meta:
        verbose_name = "conversation"
        ordering = ["-created_at", "-pk"]
        permissions = [
            ("view_every_room", "Can view every room"),
            ("answer_enquiry", "Can answer questions to the practice"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="enquiry", patient__isnull=False) & ~Q(topic="")
                | Q(kind="visit", topic="", assigned_to=None),
                name="%(app_label)s_%(class)s_question_has_patient_and_topic",
            ),
            models.UniqueConstraint(
                fields=["patient"],
                condition=Q(kind="enquiry", closed_at=None),
                name="%(app_label)s_%(class)s_one_open_question",
                violation_error_message="There is an open question already. Write there.",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        """Whether its people can still write."""
        return self.closed_at is None and (self.closes_at is None or self.closes_at > timezone.now())

    @property
    def is_enquiry(self) -> bool:
        return self.kind == self.Kind.ENQUIRY

    def is_answered_by(self, user: User) -> bool:
        """Whether ``user`` may answer for the practice without being in it yet."""
        return self.is_enquiry and user.has_perm("messaging.answer_enquiry")


class MemberQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(room__in=Room.objects.visible_to(user))

    def present(self) -> Self:
        """Those who have not left."""
        return self.filter(left_at__isnull=True)


class Member(Record):
    """A person in a room."""

    room = models.ForeignKey(Room, models.PROTECT, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    left_at = models.DateTimeField(null=True, editable=False)

    objects = MemberQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["room", "user"], name="%(app_label)s_%(class)s_once")]

    def __str__(self) -> str:
        return f"{self.user} in {self.room}"


class ReadMark(models.Model):
    """How far one member has read one room; moved often, so without a history. There from the first day."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    member = models.OneToOneField(Member, models.PROTECT, related_name="read_mark")
    sequence = models.PositiveIntegerField(default=0)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.member}: read up to {self.sequence}"


class Draft(models.Model):
    """What a member began to write in a room and has not sent: nobody else sees it, no version is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    member = models.OneToOneField(Member, models.PROTECT, related_name="draft")
    text = models.TextField(max_length=LONGEST, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("text"), LONGEST),
                name="%(app_label)s_%(class)s_is_not_too_long",
                violation_error_message=TOO_LONG,
            )
        ]

    def __str__(self) -> str:
        return f"Draft of {self.member}"


class MessageQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(room__in=Room.objects.visible_to(user))

    def unread_by(self, user: User) -> Self:
        """What others said, and the system, since ``user`` last read in the rooms that they are in."""
        return self.filter(
            room__members__user=user,
            room__members__left_at__isnull=True,
            sequence__gt=F("room__members__read_mark__sequence"),
        ).exclude(recorded_by=user)

    def last_sequence(self) -> int:
        """The number of the newest of them; 0 where nothing was said."""
        return self.aggregate(last=Coalesce(Max("sequence"), 0))["last"]


class Message(Fact):
    """Something said in a room, in the order of ``sequence``, by ``recorded_by`` or by the system."""

    room = models.ForeignKey(Room, models.PROTECT, related_name="messages")
    sequence = models.PositiveIntegerField()
    # Made by the sender's browser, so that sending again after a lost answer changes nothing.
    client_id = models.UUIDField(default=uuid7)
    text = models.TextField(max_length=LONGEST, blank=True)
    # How many files it carries: the database holds both to that number.
    attached = models.PositiveSmallIntegerField(default=0, editable=False)
    # The number of the earlier message that this one answers. The database holds it to this room by a
    # composite foreign key, which Django can follow, but not write: the migration does.
    answers = models.PositiveIntegerField(null=True, blank=True)
    answered = models.ForeignObject(
        "self",
        models.PROTECT,
        from_fields=["room", "answers"],
        to_fields=["room", "sequence"],
        null=True,
        editable=False,
        related_name="+",
    )

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["room", "sequence"]
        constraints = [
            models.UniqueConstraint(fields=["room", "sequence"], name="%(app_label)s_%(class)s_in_order"),
            models.UniqueConstraint(
                fields=["room", "recorded_by", "client_id"], name="%(app_label)s_%(class)s_sent_once"
            ),
            models.CheckConstraint(
                condition=~Q(text="") | Q(attached__gt=0),
                name="%(app_label)s_%(class)s_says_something",
                violation_error_message="Write something before you send it.",
            ),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("text"), LONGEST),
                name="%(app_label)s_%(class)s_is_not_too_long",
                violation_error_message=TOO_LONG,
            ),
            models.CheckConstraint(
                condition=Q(attached__lte=MOST_ATTACHED),
                name="%(app_label)s_%(class)s_carries_not_too_much",
                violation_error_message=f"A message can carry up to {MOST_ATTACHED} files.",
            ),
            models.CheckConstraint(
                condition=Q(answers=None) | Q(answers__lt=F("sequence")),
                name="%(app_label)s_%(class)s_answers_an_earlier_one",
            ),
        ]
        indexes = [
            models.Index(fields=["recorded_at"], name="messaging_message_recorded"),
            models.Index(fields=["room", "recorded_at"], name="messaging_message_by_day"),
            GinIndex(OpClass(Upper("text"), name="gin_trgm_ops"), name="messaging_message_words"),
        ]

    def __str__(self) -> str:
        return f"Message {self.sequence} in {self.room}"
