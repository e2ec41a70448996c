"""Who sells medicines to pharmacies, and how their lists are laid out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from config.base import Record, ScopedQuerySet, Stateful

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


class SheetLayoutQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("catalog.view_sheetlayout") else self.none()

    def in_use(self) -> Self:
        """Those that lists are read by; a supplier has one at most."""
        return self.filter(status=SheetLayout.Status.IN_USE)


class SheetLayout(Stateful):
    """How a supplier's list is laid out, as a manager matched it on a sample.

    While it is in use, lists are read by it as they are by a layout that came with the program,
    and instead of that.
    """

    class Status(models.TextChoices):
        DRAFT = "draft"
        IN_USE = "in_use", "In use"
        RETIRED = "retired"

    MOVES = {
        Status.DRAFT: frozenset({Status.IN_USE, Status.RETIRED}),
        Status.IN_USE: frozenset({Status.RETIRED}),
        Status.RETIRED: frozenset({Status.IN_USE}),
    }

    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="layouts")
    status = models.CharField(max_length=20, choices=Status, default=Status.DRAFT, editable=False)
    declaration = models.JSONField(default=dict, blank=True, editable=False)
    sample = models.FileField(max_length=200, editable=False)
    sample_name = models.CharField(max_length=200, editable=False)
    sample_sha256 = models.CharField("sample's fingerprint", max_length=64, editable=False)

    objects = SheetLayoutQuerySet.as_manager()

    class Meta:
        verbose_name = "layout of a list"
        verbose_name_plural = "layouts of lists"
        ordering = ["supplier__name", "-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["supplier"],
                condition=Q(status="in_use"),
                name="%(app_label)s_%(class)s_one_in_use",
                violation_error_message="Another layout of this supplier is in use.",
            ),
            models.CheckConstraint(
                # A key that is missing gives NULL, which a check lets pass: so what it must not be is said.
                condition=~Q(status="in_use") | Q(declaration__has_key="sheets"),
                name="%(app_label)s_%(class)s_in_use_is_matched",
                violation_error_message="The columns are not matched yet.",
            ),
        ]

    def __str__(self) -> str:
        return f"Layout of {self.supplier} after {self.sample_name}"
