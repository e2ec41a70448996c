"""Words of the advertising guard that two people let one version of a page say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from clinic.models.pages import Page, Snippet
from config.base import ScopedQuerySet, Stateful, both_or_neither

if TYPE_CHECKING:
    from clinic.models.people import User


class ExemptionQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("clinic.view_exemption") else self.none()


class Exemption(Stateful):
    """That one version of a page or snippet may say words of the guard: asked by one, allowed by another.

    It is for the places where the words stood when it was asked for, and for that version alone.
    """

    class Status(models.TextChoices):
        ASKED = "asked"
        ALLOWED = "allowed"
        REFUSED = "refused"

    MOVES = {
        Status.ASKED: frozenset({Status.ALLOWED, Status.REFUSED}),
        Status.ALLOWED: frozenset({Status.REFUSED}),
        Status.REFUSED: frozenset(),
    }

    page = models.ForeignKey(Page, models.PROTECT, null=True, editable=False, related_name="exemptions")
    snippet = models.ForeignKey(Snippet, models.PROTECT, null=True, editable=False, related_name="exemptions")
    version = models.UUIDField(editable=False)
    words = models.JSONField(editable=False)
    """Each as ``[words, place]``."""
    reason = models.TextField(max_length=1000, editable=False)
    status = models.CharField(max_length=20, choices=Status, default=Status.ASKED, editable=False)
    asked_at = models.DateTimeField(editable=False)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, editable=False, related_name="+")
    decided_at = models.DateTimeField(null=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = ExemptionQuerySet.as_manager()

    class Meta:
        verbose_name = "exemption from the advertising guard"
        verbose_name_plural = "exemptions from the advertising guard"
        ordering = ["-created_at", "-pk"]
        permissions = [
            ("decide_exemption", "Can ask for and allow words that the advertising guard keeps out")
        ]
        constraints = [
            both_or_neither("asked_at", "asked_by"),
            both_or_neither("decided_at", "decided_by"),
            models.CheckConstraint(
                condition=Q(page__isnull=False, snippet__isnull=True)
                | Q(page__isnull=True, snippet__isnull=False),
                name="%(app_label)s_%(class)s_of_one",
            ),
            models.CheckConstraint(
                condition=~Q(reason="") & ~Q(words=[]), name="%(app_label)s_%(class)s_says_why"
            ),
            models.CheckConstraint(
                condition=~Q(status="allowed") | (Q(decided_by__isnull=False) & ~Q(decided_by=F("asked_by"))),
                name="%(app_label)s_%(class)s_by_a_second_person",
                violation_error_message="Somebody else allows what you asked for.",
            ),
        ]

    def __str__(self) -> str:
        return f"Exemption for {self.page or self.snippet}"
