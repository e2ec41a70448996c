"""Rooms, who is in them, and what is said there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from config.base import Fact, Record, ScopedQuerySet, both_or_neither, uuid7

if TYPE_CHECKING:
    from clinic.models import User


class RoomQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        if user.has_perm("messaging.view_every_room"):
            return self
        return self.filter(pk__in=Member.objects.filter(user=user, left_at__isnull=True).values("room"))


class Room(Record):
    """A conversation between its members; closed, it can still be read."""

    title = models.CharField(max_length=200)
    last_sequence = models.PositiveIntegerField(default=0, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = RoomQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        permissions = [("view_every_room", "Can view every room")]
        constraints = [both_or_neither("closed_at", "closed_by")]

    def __str__(self) -> str:
        return self.title


class MemberQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(room__in=Room.objects.visible_to(user))


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
    """How far one member has read one room; moved often, so without a history."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    member = models.OneToOneField(Member, models.PROTECT, related_name="read_mark")
    sequence = models.PositiveIntegerField(default=0)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.member}: read up to {self.sequence}"


class MessageQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(room__in=Room.objects.visible_to(user))


class Message(Fact):
    """Something said in a room, in the order of ``sequence``; ``recorded_by`` said it, nobody = the system."""

    room = models.ForeignKey(Room, models.PROTECT, related_name="messages")
    sequence = models.PositiveIntegerField()
    # Made by the sender's browser, so that sending again after a lost answer changes nothing.
    client_id = models.UUIDField(default=uuid7)
    text = models.TextField(max_length=4000)

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["room", "sequence"]
        constraints = [
            models.UniqueConstraint(fields=["room", "sequence"], name="%(app_label)s_%(class)s_in_order"),
            models.UniqueConstraint(fields=["room", "client_id"], name="%(app_label)s_%(class)s_sent_once"),
            models.CheckConstraint(
                condition=~Q(text=""),
                name="%(app_label)s_%(class)s_says_something",
                violation_error_message="Write something before you send it.",
            ),
        ]

    def __str__(self) -> str:
        return f"Message {self.sequence} in {self.room}"
