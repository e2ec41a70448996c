"""Calls in a room: what each side's browser said of them, and what passes between the two meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from config.base import Fact, ScopedQuerySet, Stateful, uuid7
from messaging.models.rooms import Room

if TYPE_CHECKING:
    from clinic.models import User


class Modality(models.TextChoices):
    """What somebody sends of themselves."""

    AUDIO = "audio", "Voice"
    VIDEO = "video", "Voice and picture"


class CallQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(room__in=Room.objects.visible_to(user))

    def live(self) -> Self:
        return self.exclude(status=Call.Status.ENDED)


class Call(Stateful):
    """One call between the two sides of a room, from the first who comes to the end.

    Nothing of what is said or seen is kept: only who, when and how (``CallReport``).
    """

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting to be let in"
        RUNNING = "running", "Running"
        ENDED = "ended"

    MOVES = {
        Status.WAITING: frozenset({Status.RUNNING, Status.ENDED}),
        Status.RUNNING: frozenset({Status.ENDED}),
        Status.ENDED: frozenset(),
    }

    room = models.ForeignKey(Room, models.PROTECT, related_name="calls")
    status = models.CharField(max_length=20, choices=Status, default=Status.WAITING, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)

    objects = CallQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["room"],
                condition=~Q(status="ended"),
                name="%(app_label)s_%(class)s_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(status="ended", ended_at__isnull=False)
                | (~Q(status="ended") & Q(ended_at__isnull=True)),
                name="%(app_label)s_%(class)s_ended_at",
            ),
        ]

    def __str__(self) -> str:
        return f"Call in {self.room}"


class CallReportQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(call__in=Call.objects.visible_to(user))


class CallReport(Fact):
    """What one side's browser said of a call, or that the server heard nothing of it any more.

    ``side`` is whom it is about; ``recorded_by`` is who said it, and nobody where the server noticed it.
    ``at`` is the server's time from which it holds: for a side that went silent, when it was last heard.
    """

    IS_PART = True
    GAPLESS = ("call_id", "sequence")

    class Kind(models.TextChoices):
        JOINED = "joined"
        ADMITTED = "admitted", "let the other in"
        CONNECTED = "connected"
        CHANGED = "changed", "changed between voice and picture"
        INTERRUPTED = "interrupted"
        RESUMED = "resumed"
        LEFT = "left"
        LOST = "lost", "was not heard any more"

    call = models.ForeignKey(Call, models.PROTECT, related_name="reports")
    sequence = models.PositiveIntegerField()
    side = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=Kind)
    modality = models.CharField(max_length=20, choices=Modality)
    at = models.DateTimeField()

    objects = CallReportQuerySet.as_manager()

    class Meta:
        ordering = ["call", "sequence"]
        constraints = [
            models.UniqueConstraint(fields=["call", "sequence"], name="%(app_label)s_%(class)s_in_order"),
            models.CheckConstraint(
                condition=Q(at__lte=F("recorded_at")), name="%(app_label)s_%(class)s_of_the_past"
            ),
            # Nobody speaks for the other side; what nobody said, only the server can have noticed.
            models.CheckConstraint(
                condition=Q(recorded_by__isnull=False, recorded_by=F("side"))
                | Q(recorded_by__isnull=True, kind="lost"),
                name="%(app_label)s_%(class)s_for_oneself",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.get_kind_display()}"


class Seat(models.Model):
    """Where one side of a call is now: which open page speaks for them, and when it was last heard.

    Moved every few seconds, so without a history; what it comes to is in the reports.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    call = models.ForeignKey(Call, models.PROTECT, related_name="seats")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    # One who lets in and one who is let in: a call has two sides.
    is_host = models.BooleanField()
    page_id = models.UUIDField()
    heard_at = models.DateTimeField(default=timezone.now)
    # The number of the last signal to it, and how many it sent since when: a limit of messaging.signalling.
    last_signal = models.PositiveIntegerField(default=0)
    counted_from = models.DateTimeField(default=timezone.now)
    counted = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["call", "user"], name="%(app_label)s_%(class)s_once"),
            models.UniqueConstraint(fields=["call", "is_host"], name="%(app_label)s_%(class)s_two_sides"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.call}"


class Signal(models.Model):
    """What one browser has to tell the other to reach it; gone as soon as it was fetched.

    It holds network addresses of people, so it is in no history, no trail, no log and no event.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    to = models.ForeignKey(Seat, models.PROTECT, related_name="signals")
    sequence = models.PositiveIntegerField()
    from_page = models.UUIDField()
    to_page = models.UUIDField()
    content = models.JSONField()
    sent_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["to", "sequence"], name="%(app_label)s_%(class)s_in_order")
        ]
        indexes = [models.Index(fields=["sent_at"], name="messaging_signal_age")]

    def __str__(self) -> str:
        return f"Signal {self.sequence}"
