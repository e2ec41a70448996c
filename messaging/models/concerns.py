"""Messages that may tell of self-harm, and the words by which they are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from config.base import Record, ScopedQuerySet, Stateful, both_or_neither
from messaging.models.rooms import Message, Room

if TYPE_CHECKING:
    from clinic.models import User


class PhraseQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("messaging.view_phrase") else self.none()

    def used(self) -> Self:
        return self.filter(is_used=True)


class Phrase(Record):
    """Words of a patient that have a person look at once, as they would be written.

    AUSTRALIA.md 4.3: "flag self-harm words to staff (record only, no automation of care)". Case, punctuation
    and apostrophes make no difference, so “don’t want to live” is also found as “Dont want to live!”.
    """

    words = models.CharField(
        max_length=80, unique=True, error_messages={"unique": "These words are on the list already."}
    )
    is_used = models.BooleanField("looked for", default=True)

    objects = PhraseQuerySet.as_manager()

    class Meta:
        verbose_name = "words that call for help"
        verbose_name_plural = "words that call for help"
        ordering = ["words"]
        constraints = [
            models.CheckConstraint(
                condition=Q(words__iregex=r"[[:alpha:]]{3}"),
                name="%(app_label)s_%(class)s_says_something",
                violation_error_message="Write at least one word of three letters.",
            )
        ]

    def __str__(self) -> str:
        return self.words


class ConcernQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        if user.has_perm("messaging.view_every_concern"):
            return self
        if not user.has_perm("messaging.view_concern"):  # who wrote it is told nothing by it
            return self.none()
        return self.filter(message__room__in=Room.objects.of(user))

    def open(self) -> Self:
        return self.filter(status=Concern.Status.OPEN)


class Concern(Stateful):
    """A message that may tell of self-harm, until a person says what they did about it."""

    class Status(models.TextChoices):
        OPEN = "open", "Nobody has seen to it"
        SEEN_TO = "seen_to", "Seen to"

    MOVES = {Status.OPEN: frozenset({Status.SEEN_TO}), Status.SEEN_TO: frozenset()}

    message = models.OneToOneField(Message, models.PROTECT, editable=False, related_name="concern")
    words = models.CharField("words that were found", max_length=300, editable=False)
    status = models.CharField(max_length=20, choices=Status, default=Status.OPEN, editable=False)
    seen_at = models.DateTimeField(null=True, editable=False)
    seen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    done = models.TextField("what was done", max_length=1000, blank=True, editable=False)

    objects = ConcernQuerySet.as_manager()

    class Meta:
        verbose_name = "call for help"
        verbose_name_plural = "calls for help"
        ordering = ["-created_at", "-pk"]
        permissions = [
            ("view_every_concern", "Can see that a conversation calls for help"),
            ("see_to_concern", "Can say what was done about a call for help"),
        ]
        constraints = [
            both_or_neither("seen_at", "seen_by"),
            models.CheckConstraint(
                condition=Q(status="open", seen_at=None)
                | (Q(status="seen_to", seen_at__isnull=False) & ~Q(done="")),
                name="%(app_label)s_%(class)s_seen_with_what_was_done",
                violation_error_message="Write what you did: whom you rang, and how they are.",
            ),
        ]

    def __str__(self) -> str:
        return f"Call for help in {self.message.room}"
