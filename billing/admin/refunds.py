"""Money that goes back, to be followed."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import display
from unfold.forms import BaseDialogForm

from billing import exporting, refunding
from billing.admin.columns import column, link
from billing.models import Refund
from config.admin import PossibleButtons, RecordAdmin, step
from config.exports import Exports

COLOURS = {
    Refund.Status.REQUESTED: "warning",
    Refund.Status.SENT: "warning",
    Refund.Status.SUCCEEDED: "success",
    Refund.Status.FAILED: "danger",
}


@admin.register(Refund)
class RefundAdmin(PossibleButtons, Exports, RecordAdmin):
    when_empty = "Money goes back when an appointment is cancelled, or by “Refund” on an order’s page."
    resource_classes = [exporting.REFUNDS]
    linked_lookups = ("payment__method",)
    list_display = ["created_at", "show_order", "show_payer", "cause", "reason", "show_status", "show_amount"]
    list_select_related = ["payment__order__payer"]
    list_filter = [
        ("status", ChoicesDropdownFilter),
        ("cause", ChoicesDropdownFilter),
        ("payment__method", ChoicesDropdownFilter),
        ("created_at", RangeDateTimeFilter),
    ]
    search_fields = [
        "payment__order__number__startswith",
        "payment__order__payer__email",
        "stripe_id",
        "reason",
    ]
    ordering = ["-created_at"]
    fields = [
        ("show_order", "show_payer", "status"),
        ("amount", "show_payment", "way"),
        ("created_at", "stripe_id"),
        ("cause", "reason"),
        "failure",
    ]
    readonly_fields = [
        "show_order",
        "show_payer",
        "status",
        "amount",
        "show_payment",
        "way",
        "created_at",
        "stripe_id",
        "cause",
        "reason",
        "failure",
    ]
    actions_detail = ["hand_over"]

    def possible(self, record: Refund) -> set[str]:
        return {"hand_over"} if refunding.is_to_hand_over(record) else set()

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

    @display(description="Payment")
    def show_payment(self, refund: Refund) -> SafeString:
        return link(refund.payment)

    @step(
        "Handed over",
        may="refund",
        icon="volunteer_activism",
        text="You have given the money back: in cash, at the terminal, or by bank transfer.",
    )
    def hand_over(self, request, refund: Refund, form: BaseDialogForm) -> str:
        refunding.hand_over(refund, by=request.user)
        return f"{refund} was handed over."

    def has_refund_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("billing.refund_order")

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False
