"""Workbooks that suppliers sent, and every line in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models

from catalog.models.suppliers import Supplier
from config.base import Fact, ScopedQuerySet, Stateful

if TYPE_CHECKING:
    from clinic.models import User


class ImportQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("catalog.view_import") else self.none()


class Import(Stateful):
    """One workbook of one supplier, on its way into the catalogue."""

    class Status(models.TextChoices):
        RECEIVED = "received"
        READ = "read", "Read and compared"
        APPLIED = "applied"
        REFUSED = "refused"

    MOVES = {
        Status.RECEIVED: frozenset({Status.READ, Status.REFUSED}),
        Status.READ: frozenset({Status.APPLIED, Status.REFUSED}),
        Status.APPLIED: frozenset(),
        Status.REFUSED: frozenset(),
    }

    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="imports")
    status = models.CharField(max_length=20, choices=Status, default=Status.RECEIVED, editable=False)
    file = models.FileField(max_length=200, editable=False)
    file_name = models.CharField(max_length=200, editable=False)
    file_sha256 = models.CharField("file fingerprint", max_length=64, editable=False)
    totals = models.JSONField(default=dict, editable=False)
    notes = models.JSONField(default=list, editable=False)
    refusal = models.TextField(blank=True, editable=False)
    applied_at = models.DateTimeField(null=True, editable=False)

    row_count: int  # with the admin's list only
    error_count: int

    objects = ImportQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["supplier", "file_sha256"], name="%(app_label)s_%(class)s_file")]

    def __str__(self) -> str:
        return f"{self.file_name} from {self.supplier}"


class ImportRowQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("catalog.view_importrow") else self.none()


class ImportRow(Fact):
    """One line of a workbook: what it says, what is to be said about it, and what it would change."""

    class Outcome(models.TextChoices):
        NEW = "new"
        CHANGED = "changed"
        UNCHANGED = "unchanged"
        ERROR = "error", "Not taken"

    run = models.ForeignKey(Import, models.PROTECT, related_name="rows", verbose_name="import")
    position = models.PositiveIntegerField("line")
    sheet = models.CharField(max_length=100)
    cell = models.CharField(max_length=20)
    line = models.CharField("row or column", max_length=30)
    raw = models.JSONField()
    stated = models.JSONField()
    findings = models.JSONField(default=list)
    outcome = models.CharField(max_length=20, choices=Outcome)
    changes = models.JSONField(default=dict)
    product = models.ForeignKey("catalog.Product", models.PROTECT, null=True, related_name="import_rows")

    objects = ImportRowQuerySet.as_manager()

    class Meta:
        verbose_name = "line of an import"
        verbose_name_plural = "lines of imports"
        ordering = ["run", "position"]
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="%(app_label)s_%(class)s_once_per_line"),
        ]

    def __str__(self) -> str:
        return f"{self.sheet}, {self.line}"
