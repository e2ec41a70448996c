"""What doctors prescribe again and again, kept by each for themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from catalog.models import Product
from clinic.models.practitioners import Practitioner
from config.base import Record, ScopedQuerySet, both_or_neither

if TYPE_CHECKING:
    from clinic.models.people import User


class FavouriteQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(practitioner__user=user)

    def kept(self) -> Self:
        """Those that were not dropped again."""
        return self.filter(dropped_at__isnull=True)


class Favourite(Record):
    """A medicine with its dose, as one doctor likes to write it; it names no patient."""

    practitioner = models.ForeignKey(Practitioner, models.PROTECT, editable=False, related_name="favourites")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    quantity = models.PositiveSmallIntegerField("quantity (packs)", validators=[MinValueValidator(1)])
    directions = models.CharField(max_length=300)
    repeats = models.PositiveSmallIntegerField(default=0)
    interval_days = models.PositiveSmallIntegerField("days between repeats", null=True, blank=True)
    dropped_at = models.DateTimeField(null=True, editable=False)
    dropped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = FavouriteQuerySet.as_manager()

    class Meta:
        ordering = ["product__name", "created_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gte=1),
                name="%(app_label)s_%(class)s_quantity",
                violation_error_message="Prescribe at least one pack.",
            ),
            models.UniqueConstraint(
                fields=["practitioner", "product", "quantity", "directions", "repeats", "interval_days"],
                condition=Q(dropped_at__isnull=True),
                nulls_distinct=False,
                name="%(app_label)s_%(class)s_kept_once",
                violation_error_message="This is among your favourites already.",
            ),
            both_or_neither("dropped_at", "dropped_by"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product}"
