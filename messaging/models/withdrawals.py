"""Messages that their sender took back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from config.base import Fact, ScopedQuerySet
from messaging.models.rooms import Message, Room

if TYPE_CHECKING:
    from clinic.models import User

WITHDRAWABLE = timedelta(minutes=2)
"""How long after it was sent a message can be withdrawn by its sender."""


class WithdrawalQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(message__room__in=Room.objects.visible_to(user))


class Withdrawal(Fact):
    """A message was taken back by who sent it, and why; its text is kept, and shown to reviewers alone.

    Only its sender can, within ``WITHDRAWABLE``, and once: the database refuses everything else
    (``messaging.guarding``). A call for help that the message was stays one.
    """

    class Reason(models.TextChoices):
        MISTAKE = "mistake", "There was a mistake in it"
        ELSEWHERE = "elsewhere", "It was meant for somebody else"
        TWICE = "twice", "It was sent twice"
        OTHER = "other", "Another reason"

    message = models.OneToOneField(Message, models.PROTECT, editable=False, related_name="withdrawal")
    reason = models.CharField(max_length=20, choices=Reason, editable=False)

    objects = WithdrawalQuerySet.as_manager()

    class Meta:
        ordering = ["-recorded_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(reason__in=["mistake", "elsewhere", "twice", "other"]),
                name="%(app_label)s_%(class)s_says_why",
                violation_error_message="Choose why you withdraw the message.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.message} withdrawn"
