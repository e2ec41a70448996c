"""The double-entry ledger: what happened to money, and which accounts it moved between."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from billing.models.disputes import Dispute
from billing.models.orders import Order
from billing.models.payments import Payment
from billing.models.refunds import Refund
from config.base import Fact, MoneyField, ScopedQuerySet

if TYPE_CHECKING:
    from clinic.models import User


class Account(models.TextChoices):
    """The chart of accounts. A debit is an amount above zero, a credit one below."""

    RECEIVABLE = "receivable", "Owed by patients"
    STRIPE = "stripe", "Stripe balance"
    BANK = "bank", "Bank"
    CASH = "cash", "Cash drawer"
    TERMINAL = "terminal", "Card terminal, on its way to the bank"
    DISPUTED = "disputed", "Held back by Stripe in disputes"
    REFUNDS = "refunds", "Refunds promised"
    CREDITS = "credits", "Patient credits"
    GST = "gst", "GST collected"
    INCOME = "income", "Consultation income"
    CANCELLATION = "cancellation", "Cancellation fees"
    WAIVED = "waived", "Fees waived"
    WRITTEN_OFF = "written_off", "Debts written off"
    STRIPE_FEES = "stripe_fees", "Stripe’s fees"
    DISPUTE_LOSSES = "dispute_losses", "Lost in disputes"
    DIFFERENCES = "differences", "Differences, explained by a person"


class EntryQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("billing.view_entry") else self.none()


class Entry(Fact):
    """Something that happened to money, written down once under its ``key``.

    Its postings add up to nothing: what one account gives, another gets.
    """

    class Kind(models.TextChoices):
        ORDERED = "ordered"
        VOIDED = "voided"
        REOPENED = "reopened"
        RECEIVED = "received"
        PROMISED = "promised", "Refund promised"
        WITHDRAWN = "withdrawn", "Refund withdrawn"
        RETURNED = "returned", "Refunded"
        CAME_BACK = "came_back", "Refund came back"
        KEPT = "kept", "Kept as cancellation fee"
        HANDED_OVER = "handed_over", "Earned by somebody else"
        WAIVED = "waived"
        WRITTEN_OFF = "written_off", "Written off"
        FEE = "fee", "Stripe’s fee"
        DISPUTED = "disputed"
        DISPUTE_WON = "dispute_won", "Dispute won"
        DISPUTE_LOST = "dispute_lost", "Dispute lost"
        PAID_OUT = "paid_out", "Paid out by Stripe"
        BANKED = "banked", "Brought to the bank"
        ADJUSTED = "adjusted", "Difference settled"

    key = models.CharField(max_length=200, unique=True, editable=False)
    kind = models.CharField(max_length=20, choices=Kind, editable=False)
    happened_at = models.DateTimeField(default=timezone.now, editable=False)
    why = models.TextField(blank=True, editable=False)
    parts = models.PositiveSmallIntegerField("number of postings", editable=False)
    order = models.ForeignKey(Order, models.PROTECT, null=True, editable=False, related_name="entries")
    payer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    earner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    payment = models.ForeignKey(Payment, models.PROTECT, null=True, editable=False, related_name="entries")
    refund = models.ForeignKey(Refund, models.PROTECT, null=True, editable=False, related_name="entries")
    dispute = models.ForeignKey(Dispute, models.PROTECT, null=True, editable=False, related_name="entries")

    objects = EntryQuerySet.as_manager()

    if TYPE_CHECKING:  # where the list asked for it
        moved: Decimal

    class Meta:
        verbose_name = "ledger entry"
        verbose_name_plural = "ledger entries"
        ordering = ["-recorded_at", "-pk"]
        indexes = [
            models.Index(fields=["-recorded_at", "-id"], name="%(app_label)s_%(class)s_newest"),
            models.Index(fields=["happened_at"], name="%(app_label)s_%(class)s_happened"),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class PostingQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("billing.view_posting") else self.none()

    def of(self, *accounts: str) -> Self:
        return self.filter(account__in=accounts)

    def credit_of(self, payer: User) -> Decimal:
        """How much of their money the practice holds for ``payer``."""
        mine = self.of(Account.CREDITS).filter(payer=payer)
        return -(mine.aggregate(total=models.Sum("amount"))["total"] or Decimal("0.00"))

    def before(self, moment: datetime) -> Self:
        """Those that had happened by then; the moment itself is not part of it."""
        return self.filter(happened_at__lt=moment)


class Posting(Fact):
    """One account's part in an entry.

    When, whose order and who earned it are the entry's, unless somebody else earned this part; the
    database copies them, so that a million postings can be added up by any of them without looking elsewhere.
    """

    IS_PART = True

    entry = models.ForeignKey(Entry, models.PROTECT, editable=False, related_name="postings")
    account = models.CharField(max_length=20, choices=Account, editable=False)
    amount = MoneyField("amount (A$), debit above zero", editable=False)
    happened_at = models.DateTimeField(editable=False)
    order = models.ForeignKey(Order, models.PROTECT, null=True, editable=False, related_name="postings")
    payer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+", db_index=False
    )
    earner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+", db_index=False
    )

    objects = PostingQuerySet.as_manager()

    class Meta:
        ordering = ["-happened_at", "-pk"]
        indexes = [
            models.Index(
                fields=["happened_at", "account"], include=["amount"], name="%(app_label)s_%(class)s_day"
            ),
            models.Index(
                fields=["account", "happened_at"], include=["amount"], name="%(app_label)s_%(class)s_account"
            ),
            models.Index(
                fields=["payer", "account", "happened_at"],
                include=["amount"],
                name="%(app_label)s_%(class)s_payer",
            ),
            models.Index(
                fields=["earner", "account", "happened_at"],
                include=["amount"],
                condition=Q(earner__isnull=False),
                name="%(app_label)s_%(class)s_earner",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(account=Account.CREDITS) | Q(payer__isnull=False),
                name="%(app_label)s_%(class)s_credit_is_somebodys",
            ),
            models.CheckConstraint(condition=~Q(amount=0), name="%(app_label)s_%(class)s_not_nothing"),
            models.CheckConstraint(
                condition=Q(account__in=Account.values), name="%(app_label)s_%(class)s_known_account"
            ),
            models.UniqueConstraint(
                fields=["entry", "account", "earner"],
                nulls_distinct=False,
                name="%(app_label)s_%(class)s_account_once_per_entry",
            ),
        ]

    def __str__(self) -> str:
        side = "debit" if self.amount > 0 else "credit"
        return f"{self.get_account_display()}, {side} A${abs(self.amount):,.2f}"
