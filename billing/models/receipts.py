"""What payers are given in writing: receipts, the credit notes that correct them, and their papers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Cast, Concat, Greatest, Length, LPad

from billing.models.orders import Order
from config.base import Fact, MoneyField, Record, ScopedQuerySet, both_or_neither

if TYPE_CHECKING:
    from clinic.models import User

DIGITS = 6


def number_of(year: int, sequence: int) -> str:
    """How the number of a paper is read out: 2026/27-000123."""
    return f"{year}/{(year + 1) % 100:02}-{sequence:0{DIGITS}}"


def _text(number: F | Func) -> Cast:
    return Cast(number, models.CharField())


def _padded(number: F | Func, digits: int) -> LPad:
    # LPad also cuts off: a number that outgrows its room keeps all of its digits.
    return LPad(_text(number), Greatest(Value(digits), Length(_text(number))), Value("0"))


class ReceiptQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("billing.view_receipt") else self.filter(order__payer=user)

    def standing(self) -> Self:
        """The receipts that count; those they replaced are kept beside their credit notes."""
        return self.filter(kind=Receipt.Kind.RECEIPT, replaced_by=None)


class Receipt(Fact):
    """One numbered paper about an order. It never changes: a credit note corrects it."""

    GAPLESS = ("year", "sequence")

    class Kind(models.TextChoices):
        RECEIPT = "receipt"
        CREDIT_NOTE = "credit_note", "Credit note"

    kind = models.CharField(max_length=20, choices=Kind, editable=False)
    order = models.ForeignKey(Order, models.PROTECT, editable=False, related_name="receipts")
    year = models.PositiveSmallIntegerField("financial year begun in", editable=False)
    sequence = models.PositiveIntegerField(editable=False)
    number = models.GeneratedField(
        expression=Concat(
            _text(F("year")),
            Value("/"),
            _padded(Func(F("year") + 1, Value(100), function="mod", output_field=models.IntegerField()), 2),
            Value("-"),
            _padded(F("sequence"), DIGITS),
        ),
        output_field=models.CharField(max_length=20),
        db_persist=True,
    )
    issued_on = models.DateField("issued", editable=False)
    amount = MoneyField("amount (A$, including GST)", editable=False)
    gst = MoneyField("of which GST (A$)", editable=False)
    corrects = models.ForeignKey(
        "self", models.PROTECT, null=True, editable=False, related_name="credit_notes"
    )
    replaces = models.OneToOneField(
        "self", models.PROTECT, null=True, editable=False, related_name="replaced_by"
    )
    content = models.JSONField(editable=False)
    content_sha256 = models.CharField("fingerprint", max_length=64, editable=False)

    objects = ReceiptQuerySet.as_manager()

    class Meta:
        ordering = ["-year", "-sequence"]
        permissions = [
            ("correct_receipt", "Can issue a credit note"),
            ("export_receipt", "Can export receipts"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["year", "sequence"], name="%(app_label)s_%(class)s_number"),
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(kind="receipt", replaces=None),
                name="%(app_label)s_%(class)s_once_per_order",
            ),
            models.CheckConstraint(
                condition=Q(kind="receipt", corrects=None)
                | Q(kind="credit_note", corrects__isnull=False, replaces=None),
                name="%(app_label)s_%(class)s_credit_note_names_its_receipt",
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=0, gst__gte=0, gst__lte=F("amount")),
                name="%(app_label)s_%(class)s_not_negative",
            ),
            models.CheckConstraint(condition=Q(sequence__gte=1), name="%(app_label)s_%(class)s_from_one"),
        ]
        indexes = [models.Index(fields=["issued_on"], name="billing_receipt_day")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"


class ReceiptPaperQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(receipt__in=Receipt.objects.visible_to(user))


class ReceiptPaper(Fact):
    """The PDF of a receipt, printed once and kept."""

    receipt = models.OneToOneField(Receipt, models.PROTECT, editable=False, related_name="paper")
    file = models.FileField(upload_to="receipts/%Y/%m/", editable=False)
    sha256 = models.CharField("fingerprint", max_length=64, editable=False)

    objects = ReceiptPaperQuerySet.as_manager()

    class Meta:
        ordering = ["-recorded_at", "-pk"]

    def __str__(self) -> str:
        return f"PDF of {self.receipt}"


class MedicareItemQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("billing.view_receipt") else self.filter(order__payer=user)


class MedicareItem(Record):
    """Why one service may be claimed from Medicare after all, and as which item.

    Rebates for telehealth need a face-to-face service within 12 months, or one of the exemptions.
    """

    class Eligibility(models.TextChoices):
        RELATIONSHIP = "relationship", "Seen face to face by this practice within 12 months"
        MYMEDICARE = "mymedicare", "Registered with this practice in MyMedicare"
        INFANT = "infant", "Younger than 12 months"
        HOMELESS = "homeless", "Experiencing homelessness"
        ABORIGINAL_SERVICE = "aboriginal_service", "Aboriginal Community Controlled Health Service"
        AFTER_HOURS = "after_hours", "Urgent after-hours service"
        DISASTER = "disaster", "Affected by a natural disaster or isolation order"

    order = models.OneToOneField(Order, models.PROTECT, editable=False, related_name="medicare_item")
    item_number = models.CharField(
        max_length=6, validators=[RegexValidator(r"^\d{1,6}$", "An item number has digits only.")]
    )
    eligibility = models.CharField(max_length=20, choices=Eligibility)
    removed_at = models.DateTimeField(null=True, editable=False)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = MedicareItemQuerySet.as_manager()

    class Meta:
        verbose_name = "Medicare item"
        ordering = ["-created_at", "-pk"]
        permissions = [("enter_medicareitem", "Can enter a Medicare item")]
        constraints = [
            models.CheckConstraint(
                condition=Q(item_number__regex=r"^\d{1,6}$"),
                name="%(app_label)s_%(class)s_digits",
                violation_error_message="An item number has digits only.",
            ),
            both_or_neither("removed_at", "removed_by"),
        ]

    def __str__(self) -> str:
        return f"Medicare item {self.item_number}"
