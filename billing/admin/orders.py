"""What people owe, have paid and got back, and the buttons that change it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet, Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm

from billing import charging, crediting, exporting, receipting, refunding
from billing.admin import statements
from billing.admin.columns import column, dollars, link
from billing.admin.dialogs import CreditForm, DepositForm, Reason, RefundForm, TakenForm
from billing.models import Order, OrderLine, Payment, Refund
from config.admin import PossibleButtons, RecordAdmin, step
from config.base import Refused, SignedInRequest
from config.exports import Exports

COLOURS = {
    Order.Status.OPEN: "warning",
    Order.Status.PAID: "success",
    Order.Status.WAIVED: "info",
    Order.Status.REFUNDING: "warning",
    Order.Status.REFUNDED: "info",
    Order.Status.WRITTEN_OFF: "info",
    Order.Status.DISPUTED: "danger",
}


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
class OrderAdmin(PossibleButtons, Exports, RecordAdmin):
    when_empty = "An order is written when somebody books a time or leaves a deposit."
    resource_classes = [exporting.ORDERS]
    list_display = ["number", "payer", "show_status", "show_amount", "show_owing", "show_kept", "created_at"]
    list_select_related = ["payer"]
    list_filter = [("status", ChoicesDropdownFilter), ("created_at", RangeDateTimeFilter)]
    search_fields = ["number__startswith", "payer__email", "payer__family_name", "payer__given_name"]
    ordering = ["-number"]
    inlines = [OrderLineInline]
    fieldsets = [
        (None, {"fields": [("number", "show_status"), ("payer", "earner"), ("in_all", "gst"), "created_at"]}),
        ("What became of it", {"fields": [("owed", "received"), ("back", "kept_here"), "show_ledger"]}),
        ("Payments and refunds", {"fields": ["show_payments", "show_refunds", "show_credit"]}),
    ]
    readonly_fields = [
        "show_status",
        "in_all",
        "gst",
        "owed",
        "received",
        "back",
        "kept_here",
        "show_ledger",
        "show_payments",
        "show_refunds",
        "show_credit",
        "created_at",
        "number",
        "payer",
        "earner",
    ]
    actions_list = ["deposit"]
    actions_detail = ["take", "use_credit", "refund", "waive", "write_off", "statement"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        """With ``opens_ledger``: whether the reader has a page for its entries."""
        opens = Value(request.user.has_perm("billing.view_entry"))
        return super().get_queryset(request).annotate(opens_ledger=opens)

    def get_urls(self) -> list[URLPattern]:
        return [*statements.urls(self.admin_site.admin_view), *super().get_urls()]

    @display(description="Status", ordering="status", label=COLOURS)
    def show_status(self, order: Order) -> tuple[str, str]:
        return order.status, order.get_status_display()

    @display(description="Amount", ordering="amount")
    def show_amount(self, order: Order) -> SafeString:
        return column(order.amount)

    @display(description="Amount, including GST")
    def in_all(self, order: Order) -> SafeString:
        return dollars(order.amount)

    @display(description="Still owed")
    def owed(self, order: Order) -> SafeString:
        return dollars(order.owing)

    @display(description="Received")
    def received(self, order: Order) -> SafeString:
        return dollars(order.paid)

    @display(description="Gone back")
    def back(self, order: Order) -> SafeString:
        return dollars(order.refunded)

    @display(description="Received and kept")
    def kept_here(self, order: Order) -> SafeString:
        return dollars(order.kept)

    @display(description="Of which GST")
    def gst(self, order: Order) -> SafeString:
        return dollars(receipting.gst_within(order.lines.all()))

    @display(description="Still owed", ordering="owing")
    def show_owing(self, order: Order) -> SafeString:
        return column(order.owing)

    @display(description="Received and kept", ordering="kept")
    def show_kept(self, order: Order) -> SafeString:
        return column(order.kept)

    @display(description="Ledger")
    def show_ledger(self, order: Any) -> SafeString:
        rows = [
            (
                link(entry) if order.opens_ledger else entry,
                date_format(localtime(entry.happened_at), "j M Y, H:i"),
                entry.why,
            )
            for entry in order.entries.order_by("recorded_at", "pk")
        ]
        return format_html_join("", "<div>{} {} {}</div>", rows)

    @display(description="Payments")
    def show_payments(self, order: Order) -> str:
        return _listed(order.payments.all())

    @display(description="Refunds")
    def show_refunds(self, order: Order) -> str:
        return _listed(refund for payment in order.payments.all() for refund in payment.refunds.all())

    @display(description="Credit of the payer")
    def show_credit(self, order: Order) -> SafeString:
        return dollars(crediting.balance(order.payer))

    @step(
        "Refund",
        may="refund",
        form=RefundForm,
        icon="undo",
        text="The money goes back the way it came. Stripe’s fee is not returned.",
    )
    def refund(self, request, order: Order, form: RefundForm) -> str:
        answers = {name: form.cleaned_data[name] for name in ("amount", "again", "way", "cause", "why")}
        owed = refunding.decide(order, by=request.user, **answers)
        total = sum(refund.amount for refund in owed)
        return f"A${total:,.2f} of {order} goes back to {order.payer}."

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

    @step(
        "Write off",
        may="waive",
        form=Reason,
        icon="delete_forever",
        text="For a debt that will never be paid. Nothing is owed any more, and the books show the loss.",
    )
    def write_off(self, request, order: Order, form: Reason) -> str:
        charging.write_off(order, by=request.user, why=form.cleaned_data["why"])
        return f"The rest of {order} was written off."

    @step(
        "Enter a payment", may="take", form=TakenForm, icon="point_of_sale", text="For all of it, or a part."
    )
    def take(self, request, order: Order, form: TakenForm) -> str:
        charging.take_payment(order, by=request.user, **_answers(form))
        return _told_of(order)

    @step(
        "Use credit",
        may="take",
        form=CreditForm,
        icon="account_balance_wallet",
        text="What is owed is paid with what the payer left here.",
    )
    def use_credit(self, request, order: Order, form: CreditForm) -> str:
        crediting.use(order, by=request.user, **_answers(form))
        return _told_of(order)

    @action(description="Statement", permissions=["statement"], icon="summarize", url_path="payer")
    def statement(self, request: SignedInRequest, object_id: str) -> HttpResponse:
        """The statement of its payer."""
        order = cast(Order, self.get_visible_or_404(request, object_id))
        return redirect(statements.address(order.payer_id))

    @action(
        description="Take a deposit",
        permissions=["take"],
        icon="savings",
        dialog={
            "title": "Take a deposit",
            "description": "The money is theirs until they pay something with it, and can be given back.",
            "form_class": DepositForm,
            "form_submit_text": "Take it",
        },
    )
    def deposit(self, request: SignedInRequest, form: DepositForm) -> HttpResponse:
        answers = _answers(form)
        page = reverse("admin:billing_order_changelist")
        try:
            payer = crediting.person(answers.pop("email"))
            order = crediting.deposit(payer, by=request.user, **answers)
        except Refused as no:
            messages.error(request, str(no))
        else:
            messages.success(request, f"{payer} has A${crediting.balance(payer):,.2f} of credit now.")
            page = reverse("admin:billing_order_change", args=[order.pk])
        return HttpResponse(headers={"HX-Redirect": page})  # the dialog is sent by htmx

    def possible(self, record: Order) -> set[str]:
        useful = {"statement"}
        useful |= {"refund"} if refunding.can_give_back(record) else set()
        if record.status == Order.Status.OPEN:
            useful |= {"take", "waive", "write_off"}
            useful |= {"use_credit"} if crediting.balance(record.payer) > 0 else set()
        return useful

    def has_refund_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("billing.refund_order")

    def has_waive_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("billing.waive_order")

    def has_take_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("billing.take_payment")

    def has_statement_permission(self, request, object_id=None) -> bool:
        return statements.is_for(request)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False


def _answers(form: BaseDialogForm) -> dict[str, Any]:
    """What was filled in."""
    return {name: value for name, value in form.cleaned_data.items() if not name.startswith("_")}


def _told_of(order: Order) -> str:
    if order.owing > 0:
        return f"Noted. A${order.owing:,.2f} of {order} is still owed."
    return f"{order} is paid."


def _listed(records: Iterable[Payment | Refund]) -> str:
    rows = ((link(record), record.get_status_display()) for record in records)
    return format_html_join("", "<div>{}: {}</div>", rows) or "–"
