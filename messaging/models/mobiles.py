"""Numbers to which people let us send SMS, and what they answered from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models

from config.base import Fact, Record, ScopedQuerySet
from messaging.models.letters import MOBILE

if TYPE_CHECKING:
    from clinic.models import User


class MobileQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("messaging.view_letter") else self.filter(person=user)


class Mobile(Record):
    """The mobile number of one person, and whether they want SMS there. Who said nothing gets none."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.PROTECT, editable=False, related_name="mobile"
    )
    number = models.CharField("mobile number", max_length=12)
    is_on = models.BooleanField("SMS wanted")

    objects = MobileQuerySet.as_manager()

    class Meta:
        ordering = ["person"]
        indexes = [models.Index(fields=["number"], name="messaging_mobile_number")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(number__regex=MOBILE),
                name="%(app_label)s_%(class)s_is_australian",
                violation_error_message="Please enter an Australian mobile number, such as 0412 345 678.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {'SMS wanted' if self.is_on else 'no SMS'}"


class ReplyQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("messaging.view_letter") else self.none()


class Reply(Fact):
    """Somebody answered an SMS with a word that we act on. What else they write is not kept."""

    class Word(models.TextChoices):
        STOP = "stop", "No more SMS"
        START = "start", "SMS again; they choose that on their own page"

    event_id = models.CharField(max_length=200, unique=True, editable=False)
    number = models.CharField("from", max_length=20, editable=False)
    word = models.CharField(max_length=10, choices=Word, editable=False)

    objects = ReplyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "replies"
        ordering = ["-recorded_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.get_word_display()}, {self.number}"
