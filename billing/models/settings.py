"""The numbers that the rules about money use."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Self, cast

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from config.base import MoneyField, Record, ScopedQuerySet

if TYPE_CHECKING:
    from clinic.models import User


class MoneySettingsQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("billing.view_moneysettings") else self.none()

    def current(self) -> MoneySettings:
        """The one row there is; its defaults when nobody has set anything."""
        return cast("MoneySettings | None", self.first()) or MoneySettings()


class MoneySettings(Record):
    """What the practice has settled about money: one row."""

    only = models.BooleanField(default=True, editable=False)
    refund_limit = MoneyField(
        "refunds up to this amount need no second confirmation (A$)",
        default=Decimal("200.00"),
        validators=[MinValueValidator(0)],
        help_text="Above it, a manager types the amount a second time.",
    )

    objects = MoneySettingsQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "money settings"
        constraints = [
            models.CheckConstraint(condition=Q(only=True), name="%(app_label)s_%(class)s_only"),
            models.CheckConstraint(condition=Q(refund_limit__gte=0), name="%(app_label)s_%(class)s_limit"),
            models.UniqueConstraint(
                fields=["only"],
                name="%(app_label)s_%(class)s_once",
                violation_error_message="There is one row of settings. Change that one instead.",
            ),
        ]

    def __str__(self) -> str:
        return "Money settings"
