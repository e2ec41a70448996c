"""Payments that a cardholder's bank took back, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from billing.models.payments import Payment
from config.base import Fact, MoneyField, ScopedQuerySet, Stateful

if TYPE_CHECKING:
    from clinic.models import User


class DisputeQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("billing.view_dispute") else self.none()

    def undecided(self) -> Self:
        """Those whose end is not known."""
        return self.filter(status__in=Dispute.UNDECIDED)

    def to_answer(self) -> Self:
        """Those that wait for our evidence."""
        return self.filter(status__in=Dispute.TO_ANSWER)

    def against_us(self) -> Self:
        """Those whose money is not ours to give back: the bank has it, or may get it."""
        return self.filter(status__in=[*Dispute.HOLDS_MONEY, Dispute.Status.LOST])

    def late(self, now: datetime) -> Self:
        return self.to_answer().filter(due_at__lt=now)


class Dispute(Stateful):
    """A cardholder's objection to one payment, as Stripe has it now.

    A warning has moved no money yet; from ``needs_response`` on Stripe holds the amount back.
    """

    class Status(models.TextChoices):  # Stripe's own words
        WARNING_NEEDS_RESPONSE = "warning_needs_response", "Warning, to be answered"
        WARNING_UNDER_REVIEW = "warning_under_review", "Warning, answered"
        WARNING_CLOSED = "warning_closed", "Warning, closed"
        NEEDS_RESPONSE = "needs_response", "To be answered"
        UNDER_REVIEW = "under_review", "Answered"
        WON = "won"
        LOST = "lost"
        PREVENTED = "prevented"

    MOVES = {
        Status.WARNING_NEEDS_RESPONSE: frozenset(Status) - {Status.WARNING_NEEDS_RESPONSE},
        Status.WARNING_UNDER_REVIEW: frozenset(Status) - {Status.WARNING_UNDER_REVIEW},
        # A bank may turn a closed warning into a dispute.
        Status.WARNING_CLOSED: frozenset(
            {Status.NEEDS_RESPONSE, Status.UNDER_REVIEW, Status.WON, Status.LOST, Status.PREVENTED}
        ),
        Status.NEEDS_RESPONSE: frozenset({Status.UNDER_REVIEW, Status.WON, Status.LOST}),
        Status.UNDER_REVIEW: frozenset({Status.NEEDS_RESPONSE, Status.WON, Status.LOST}),
        # Rarely a bank reverses what it had decided.
        Status.WON: frozenset({Status.LOST}),
        Status.LOST: frozenset({Status.WON}),
        Status.PREVENTED: frozenset(),
    }
    TO_ANSWER = (Status.WARNING_NEEDS_RESPONSE, Status.NEEDS_RESPONSE)
    DECIDED = (Status.WON, Status.LOST)
    HOLDS_MONEY = (Status.NEEDS_RESPONSE, Status.UNDER_REVIEW)
    UNDECIDED = (*TO_ANSWER, Status.WARNING_UNDER_REVIEW, Status.UNDER_REVIEW)

    payment = models.ForeignKey(Payment, models.PROTECT, editable=False, related_name="disputes")
    stripe_id = models.CharField("Stripe dispute", max_length=255, unique=True, editable=False)
    amount = MoneyField("amount (A$)", editable=False)
    reason = models.CharField("the bank’s reason", max_length=100, editable=False)
    status = models.CharField(max_length=30, choices=Status, default=Status.NEEDS_RESPONSE, editable=False)
    due_at = models.DateTimeField("evidence due by", null=True, editable=False)
    opened_at = models.DateTimeField(editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)

    objects = DisputeQuerySet.as_manager()

    class Meta:
        ordering = ["due_at", "-opened_at", "pk"]
        permissions = [("answer_dispute", "Can answer a dispute")]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="%(app_label)s_%(class)s_positive"),
        ]

    def __str__(self) -> str:
        return f"Dispute of A${self.amount:,.2f}"


class EvidenceQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("billing.view_dispute") else self.none()


class Evidence(Fact):
    """What a bank is told about a disputed payment, as it was when somebody had it sent.

    Stripe takes it once, so it is written once, and sent again as it is when an answer was lost.
    """

    dispute = models.OneToOneField(Dispute, models.PROTECT, editable=False, related_name="evidence")
    content = models.JSONField(editable=False)

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "evidence"

    def __str__(self) -> str:
        return f"Evidence: {self.dispute}"
