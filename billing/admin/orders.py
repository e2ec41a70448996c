"""What people owe, have paid and got back, and the buttons that change it."""

from __future__ import annotations

from collections.abc import Iterable

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.dataclasses import UnfoldAction
from unfold.decorators import display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from billing import charging, receipting, refunding
from billing.admin.columns import column, dollars, link
from billing.models import Order, OrderLine, Payment, Refund
from config.admin import RecordAdmin, step

COLOURS = {
    Order.Status.OPEN: "warning",
    Order.Status.PAID: "success",
    Order.Status.WAIVED: "info",
    Order.Status.REFUNDING: "warning",
    Order.Status.REFUNDED: "info",
    Order.Status.WRITTEN_OFF: "info",
    Order.Status.DISPUTED: "danger",
}


class Reason(BaseDialogForm):
    """Why something is done, in the words of who does it."""

    why = forms.CharField(
        label="Why?", widget=UnfoldAdminTextareaWidget, help_text="Nothing about the person’s health."
    )


class RefundForm(Reason):
    """How much goes back, and why."""

    amount = forms.DecimalField(
        label="Amount (A$)",
        required=False,
        min_value=0.01,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text="Leave empty to give back all that is left.",
    )
    field_order = ["_form_submitted", "amount", "why"]


class TakenForm(BaseDialogForm):
    """How money came in without Stripe."""

    method = forms.ChoiceField(
        label="How was it paid?",
        choices=[choice for choice in Payment.Method.choices if choice[0] != Payment.Method.CARD],
        widget=UnfoldAdminSelectWidget,
    )


class OrderLineInline(TabularInline):
    model = OrderLine
    verbose_name_plural = "What it is for"
    fields = ["description", "gst_code", "show_amount"]
    readonly_fields = fields
    extra = 0
    can_delete = False
    hide_title = True

    @display(description="Amount, incl. GST")
    def show_amount(self, line: OrderLine) -> SafeString:
        return dollars(line.amount)

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False


@admin.register(Order)
class OrderAdmin(RecordAdmin):
    list_display = ["number", "payer", "show_status", "show_amount", "show_kept", "created_at"]
    list_select_related = ["payer"]
    list_filter = [("status", ChoicesDropdownFilter), ("created_at", RangeDateTimeFilter)]
    search_fields = ["number__startswith", "payer__email", "payer__family_name", "payer__given_name"]
    ordering = ["-number"]
    inlines = [OrderLineInline]
    fieldsets = [
        (None, {"fields": [("number", "payer", "status"), ("amount", "gst", "kept")]}),
        ("Payments and refunds", {"fields": ["show_payments", "show_refunds"]}),
        ("When", {"fields": ["created_at"]}),
    ]
    readonly_fields = [
        "status",
        "amount",
        "gst",
        "kept",
        "show_payments",
        "show_refunds",
        "created_at",
        "number",
        "payer",
    ]
    actions_detail = ["refund", "take", "waive"]

    @display(description="Status", ordering="status", label=COLOURS)
    def show_status(self, order: Order) -> tuple[str, str]:
        return order.status, order.get_status_display()

    @display(description="Amount", ordering="amount")
    def show_amount(self, order: Order) -> SafeString:
        return column(order.amount)

    @display(description="Of which GST")
    def gst(self, order: Order) -> SafeString:
        return dollars(receipting.gst_within(order.lines.all()))

    @display(description="Received and kept", ordering="kept")
    def show_kept(self, order: Order) -> SafeString:
        return column(order.kept)

    @display(description="Received and kept")
    def kept(self, order: Order) -> SafeString:
        return dollars(order.kept)

    @display(description="Payments")
    def show_payments(self, order: Order) -> str:
        return _listed(order.payments.all())

    @display(description="Refunds")
    def show_refunds(self, order: Order) -> str:
        return _listed(refund for payment in order.payments.all() for refund in payment.refunds.all())

    @step(
        "Refund",
        may="refund",
        form=RefundForm,
        icon="undo",
        text="The money goes back the way it came. Stripe’s fee is not returned.",
    )
    def refund(self, request, order: Order, form: RefundForm) -> str:
        amount, why = form.cleaned_data["amount"], form.cleaned_data["why"]
        owed = refunding.refund(order, amount=amount, by=request.user, why=why)
        return f"A${owed.amount:,.2f} of {order} goes back to {order.payer}."

    @step(
        "Waive",
        may="waive",
        form=Reason,
        icon="money_off",
        text="Nothing is owed any more, and the appointment goes on as if it were paid.",
    )
    def waive(self, request, order: Order, form: Reason) -> str:
        charging.waive(order, by=request.user, why=form.cleaned_data["why"])
        return f"{order} was waived."

    @step("Enter a payment", may="take", form=TakenForm, icon="point_of_sale", text="For the whole amount.")
    def take(self, request, order: Order, form: TakenForm) -> str:
        charging.take_payment(order, by=request.user, method=form.cleaned_data["method"])
        return f"{order} is paid."

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[UnfoldAction]:
        """Offer only the buttons that can do something now."""
        order = self.get_object(request, object_id)
        if order is None:
            return []
        useful = {"refund"} if order.kept > 0 else set()
        useful |= {"take", "waive"} if order.status == Order.Status.OPEN else set()
        offered = super().get_actions_detail(request, object_id)
        return [button for button in offered if button.action_name.rpartition("_")[2] in useful]

    def has_refund_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("billing.refund_order")

    def has_waive_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("billing.waive_order")

    def has_take_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("billing.take_payment")

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False


def _listed(records: Iterable[Payment | Refund]) -> str:
    rows = ((link(record), record.get_status_display()) for record in records)
    return format_html_join("", "<div>{}: {}</div>", rows) or "–"
