"""The days of the practice's money, as people signed them off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from config.base import Fact, ScopedQuerySet

if TYPE_CHECKING:
    from clinic.models import User


class DayCloseQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("billing.view_dayclose") else self.none()

    def latest_of_each_day(self) -> Self:
        """The signature that counts of every day."""
        return self.order_by("day", "-number").distinct("day")


class DayClose(Fact):
    """One day's figures as somebody signed them off. A day that changed may be signed again."""

    day = models.DateField(editable=False)
    number = models.PositiveSmallIntegerField("signature", editable=False)
    zone = models.CharField("clock", max_length=50, editable=False)
    starts_at = models.DateTimeField(editable=False)
    ends_at = models.DateTimeField(editable=False)
    figures = models.JSONField(editable=False)
    fingerprint = models.CharField("SHA-256 of the figures", max_length=64, editable=False)
    why = models.TextField("remark", blank=True, editable=False)

    objects = DayCloseQuerySet.as_manager()

    class Meta:
        verbose_name = "day close"
        ordering = ["-day", "-number"]
        permissions = [("sign_dayclose", "Can sign a day off")]
        constraints = [
            models.UniqueConstraint(fields=["day", "number"], name="%(app_label)s_%(class)s_numbered"),
            models.CheckConstraint(
                condition=Q(starts_at__lt=models.F("ends_at")), name="%(app_label)s_%(class)s_is_a_day"
            ),
            models.CheckConstraint(
                condition=Q(number=1) | ~Q(why=""), name="%(app_label)s_%(class)s_again_with_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day:%A %-d %B %Y}"
