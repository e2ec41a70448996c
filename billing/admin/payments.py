"""Attempts at paying, to be looked at."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import display

from billing import exporting
from billing.admin.columns import column, link
from billing.models import Payment
from config.admin import RecordAdmin
from config.exports import Exports

COLOURS = {
    Payment.Status.PENDING: "warning",
    Payment.Status.SUCCEEDED: "success",
    Payment.Status.FAILED: "danger",
}


@admin.register(Payment)
class PaymentAdmin(Exports, RecordAdmin):
    when_empty = (
        "A payment stands here as soon as a patient opens the payment page,"
        " or somebody enters one on an order’s page."
    )
    resource_classes = [exporting.PAYMENTS]
    linked_lookups = ("paid_at",)
    list_display = ["created_at", "show_order", "show_payer", "method", "show_status", "show_amount"]
    list_select_related = ["order__payer"]
    list_filter = [
        ("status", ChoicesDropdownFilter),
        ("method", ChoicesDropdownFilter),
        ("created_at", RangeDateTimeFilter),
    ]
    search_fields = ["order__number__startswith", "order__payer__email", "session_id", "intent_id"]
    ordering = ["-created_at"]
    fields = [
        ("show_order", "show_payer", "status"),
        ("amount", "method"),
        ("created_at", "expires_at", "paid_at"),
        "session_id",
        "intent_id",
    ]
    readonly_fields = [
        "show_order",
        "show_payer",
        "status",
        "amount",
        "method",
        "created_at",
        "expires_at",
        "paid_at",
        "session_id",
        "intent_id",
    ]

    @display(description="Order", ordering="order__number")
    def show_order(self, payment: Payment) -> SafeString:
        return link(payment.order)

    @display(description="Payer", ordering="order__payer")
    def show_payer(self, payment: Payment) -> str:
        return str(payment.order.payer)

    @display(description="Status", ordering="status", label=COLOURS)
    def show_status(self, payment: Payment) -> tuple[str, str]:
        return payment.status, payment.get_status_display()

    @display(description="Amount", ordering="amount")
    def show_amount(self, payment: Payment) -> SafeString:
        return column(payment.amount)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False
