"""Which letters people want, where they may choose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models

from config.base import Record, ScopedQuerySet
from messaging import kinds

if TYPE_CHECKING:
    from clinic.models import User


class ChoiceQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("messaging.view_letter") else self.filter(person=user)


class Choice(Record):
    """What one person said about one group of letters. Who said nothing gets them."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, editable=False, related_name="letter_choices"
    )
    group = models.CharField(max_length=20, choices=kinds.Group, editable=False)
    is_wanted = models.BooleanField()

    objects = ChoiceQuerySet.as_manager()

    class Meta:
        verbose_name = "choice of letters"
        verbose_name_plural = "choices of letters"
        ordering = ["person", "group"]
        constraints = [
            models.UniqueConstraint(fields=["person", "group"], name="%(app_label)s_%(class)s_once"),
            models.CheckConstraint(
                condition=models.Q(group__in=[str(group) for group in kinds.OPTIONAL]),
                name="%(app_label)s_%(class)s_of_what_is_optional",
                violation_error_message="These letters cannot be turned off.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_group_display()}: {'wanted' if self.is_wanted else 'not wanted'}"
