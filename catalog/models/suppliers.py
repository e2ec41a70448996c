"""Who sells medicines to pharmacies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models

from config.base import Record, ScopedQuerySet

if TYPE_CHECKING:
    from clinic.models import User


class SupplierQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("catalog.view_supplier") else self.none()


class Supplier(Record):
    """A company whose price list we read."""

    key = models.SlugField(
        max_length=50, unique=True, help_text="Names the layout of the supplier's workbook: botanitech."
    )
    name = models.CharField(max_length=100, unique=True)
    email = models.EmailField(blank=True, help_text="Where to ask about the list.")

    product_count: int  # with the admin's list only

    objects = SupplierQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
