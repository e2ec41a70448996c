"""Letters we owe people: the outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from config.base import ScopedQuerySet, Stateful
from messaging import kinds

if TYPE_CHECKING:
    from datetime import datetime

    from clinic.models import User


MOBILE = r"^\+614[0-9]{8}$"
"""An Australian mobile number, as providers want it."""


class LetterQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("messaging.view_letter") else self.filter(recipient=user)

    def due(self, now: datetime) -> Self:
        """Those a worker should send now."""
        return self.filter(status=Letter.Status.OWED, next_attempt_at__lte=now)


class Letter(Stateful):
    """A letter we owe someone: written in the transaction that caused it, sent by a worker."""

    class Status(models.TextChoices):
        OWED = "owed", "To be sent"
        SENT = "sent"
        FAILED = "failed"
        DROPPED = "dropped", "Not sent"

    class Dropped(models.TextChoices):
        OVER = "over", "It was no longer needed"
        UNWANTED = "unwanted", "The reader does not want such letters"
        UNREACHABLE = "unreachable", "An earlier letter came back, or was marked as spam"

    class Channel(models.TextChoices):
        EMAIL = "email", "E-mail"
        SMS = "sms", "SMS"

    MOVES = {
        Status.OWED: frozenset({Status.SENT, Status.FAILED, Status.DROPPED}),
        Status.SENT: frozenset(),
        Status.FAILED: frozenset({Status.OWED}),
        Status.DROPPED: frozenset(),
    }

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    channel = models.CharField(max_length=10, choices=Channel, default=Channel.EMAIL, editable=False)
    to = models.EmailField("to", max_length=254, blank=True, editable=False)
    # For an SMS: the number, and the letter beside which it goes; one goes beside each.
    number = models.CharField("mobile number", max_length=12, blank=True, editable=False)
    beside = models.OneToOneField("self", models.PROTECT, null=True, editable=False, related_name="text")
    # Since when an SMS is in the provider's hands with no answer noted: it is not given to them twice.
    given_at = models.DateTimeField(null=True, editable=False)
    template = models.CharField("kind", max_length=100, editable=False)
    context = models.JSONField(default=dict, encoder=DjangoJSONEncoder, editable=False)
    # Small files of text that go along, as ``mailing.Enclosure`` describes them.
    enclosures = models.JSONField(default=list, editable=False)
    # Its links open the reader's account: they are made at sending, and its text is never kept.
    is_confidential = models.BooleanField(default=False, editable=False)
    status = models.CharField(max_length=20, choices=Status, default=Status.OWED, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    next_attempt_at = models.DateTimeField(editable=False)
    sent_at = models.DateTimeField(null=True, editable=False)
    subject = models.CharField(max_length=200, blank=True, editable=False)
    body = models.TextField(blank=True, editable=False)
    # Of the text of its kind, when it was sent: 0 came with the product.
    text_version = models.PositiveSmallIntegerField("version of its text", null=True, editable=False)
    last_error = models.CharField(max_length=300, blank=True, editable=False)
    dropped_for = models.CharField(
        "why it was not sent", max_length=20, choices=Dropped, blank=True, editable=False
    )
    # What the server or provider calls it, so that their reports find it.
    message_id = models.CharField(max_length=200, blank=True, editable=False)
    copy_of = models.ForeignKey("self", models.PROTECT, null=True, editable=False, related_name="copies")

    objects = LetterQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        permissions = [("resend_letter", "Can send a letter again")]
        constraints = [
            models.UniqueConstraint(
                fields=["copy_of"],
                condition=models.Q(status="owed"),
                name="%(app_label)s_%(class)s_one_copy_at_a_time",
                violation_error_message="This letter is already being sent again.",
            ),
            models.CheckConstraint(
                condition=models.Q(status="dropped", dropped_for__gt="")
                | (~models.Q(status="dropped") & models.Q(dropped_for="")),
                name="%(app_label)s_%(class)s_dropped_for_a_reason",
            ),
            models.CheckConstraint(
                condition=models.Q(channel="email", number="", beside=None, given_at=None)
                | models.Q(channel="sms", to="", number__regex=MOBILE, beside__isnull=False),
                name="%(app_label)s_%(class)s_goes_by_one_channel",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "next_attempt_at"], name="messaging_letter_due"),
            models.Index(fields=["message_id"], name="messaging_letter_message"),
            models.Index(fields=["template", "created_at"], name="messaging_letter_by_template"),
        ]

    def __str__(self) -> str:
        return self.subject or self.kind

    @property
    def is_text(self) -> bool:
        return self.channel == self.Channel.SMS

    @property
    def address(self) -> str:
        """Where it goes: an address, or a number."""
        return self.number if self.is_text else self.to

    @property
    def kind(self) -> str:
        """What the letter is about, in words."""
        return kinds.words(self.template)
