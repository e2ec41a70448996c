"""What came of asking whether the records are in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models

from config.base import Fact, ScopedQuerySet

if TYPE_CHECKING:
    from clinic.models.people import User


class InspectionQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("clinic.view_inspection") else self.none()


class Inspection(Fact):
    """One run of all checks of the stored rows; ``findings`` has one entry for each check."""

    failed = models.PositiveSmallIntegerField("checks that failed")
    milliseconds = models.PositiveIntegerField()
    findings = models.JSONField(default=list)

    objects = InspectionQuerySet.as_manager()

    class Meta:
        ordering = ["-recorded_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.failed} of {len(self.findings)} checks failed" if self.failed else "All checks passed"
