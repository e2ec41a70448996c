"""Letters that a message is waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models

from config.base import Fact, ScopedQuerySet
from messaging.models.letters import Letter
from messaging.models.rooms import Member

if TYPE_CHECKING:
    from clinic.models import User


class NudgeQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(member__in=Member.objects.visible_to(user))


class Nudge(Fact):
    """One letter to one person in a room who has read so far, and no further: never a second one."""

    member = models.ForeignKey(Member, models.PROTECT, related_name="nudges")
    read_up_to = models.PositiveIntegerField()
    letter = models.OneToOneField(Letter, models.PROTECT, related_name="+")

    objects = NudgeQuerySet.as_manager()

    class Meta:
        ordering = ["-recorded_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["member", "read_up_to"], name="%(app_label)s_%(class)s_once_until_they_read"
            )
        ]

    def __str__(self) -> str:
        return f"{self.member}, unread since {self.read_up_to}"
