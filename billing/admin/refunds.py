"""Money that goes back, to be followed."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import display

from billing.admin.columns import column, link
from billing.models import Refund
from config.admin import RecordAdmin

COLOURS = {
    Refund.Status.REQUESTED: "warning",
    Refund.Status.SENT: "warning",
    Refund.Status.SUCCEEDED: "success",
    Refund.Status.FAILED: "danger",
}


@admin.register(Refund)
class RefundAdmin(RecordAdmin):
    list_display = ["created_at", "show_order", "show_payer", "reason", "show_status", "show_amount"]
    list_select_related = ["payment__order__payer"]
    list_filter = [("status", ChoicesDropdownFilter), ("created_at", RangeDateTimeFilter)]
    search_fields = [
        "payment__order__number__startswith",
        "payment__order__payer__email",
        "stripe_id",
        "reason",
    ]
    ordering = ["-created_at"]
    fields = [
        ("show_order", "show_payer", "status"),
        ("amount", "created_at", "stripe_id"),
        "reason",
        "failure",
    ]
    readonly_fields = [
        "show_order",
        "show_payer",
        "status",
        "amount",
        "created_at",
        "stripe_id",
        "reason",
        "failure",
    ]

    @display(description="Order", ordering="payment__order__number")
    def show_order(self, refund: Refund) -> SafeString:
        return link(refund.payment.order)

    @display(description="Payer", ordering="payment__order__payer")
    def show_payer(self, refund: Refund) -> str:
        return str(refund.payment.order.payer)

    @display(description="Status", ordering="status", label=COLOURS)
    def show_status(self, refund: Refund) -> tuple[str, str]:
        return refund.status, refund.get_status_display()

    @display(description="Amount", ordering="amount")
    def show_amount(self, refund: Refund) -> SafeString:
        return column(refund.amount)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False
