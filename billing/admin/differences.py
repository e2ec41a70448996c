"""Where the ledger and Stripe disagree, and what somebody made of it."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldBooleanSwitchWidget

from billing import explaining, exporting
from billing.admin.columns import column, in_words, link
from billing.models import Difference
from config.admin import PossibleButtons, RecordAdmin, step
from config.exports import Exports

COLOURS = {
    Difference.Status.OPEN: "danger",
    Difference.Status.RESOLVED: "info",
    Difference.Status.GONE: "success",
}


class ExplainForm(BaseDialogForm):
    """Why both sides differ, and whether the ledger is to follow Stripe."""

    why = forms.CharField(
        label="Why do they differ?",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Nothing about anybody’s health.",
    )
    book = forms.BooleanField(
        label="Book the gap",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="The ledger’s Stripe balance then follows Stripe; the gap stands under “Differences”.",
    )
    field_order = ["_form_submitted", "why", "book"]


@admin.register(Difference)
class DifferenceAdmin(PossibleButtons, Exports, RecordAdmin):
    when_empty = (
        "The ledger and Stripe agree, or were not compared yet: press “Compare now” on the day close."
    )
    resource_classes = [exporting.DIFFERENCES]
    list_display = ["happened_at", "show_kind", "show_order", "show_ours", "show_theirs", "show_status"]
    list_select_related = ["order"]
    list_filter = [
        ("status", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("happened_at", RangeDateTimeFilter),
    ]
    search_fields = ["about", "order__number__startswith", "words"]
    ordering = ["-happened_at", "-pk"]
    fieldsets = [
        (None, {"fields": [("kind", "status"), ("ours", "theirs", "gap"), ("happened_at", "about")]}),
        (
            "What it is about",
            {
                "fields": [
                    ("show_order", "show_payment", "show_refund"),
                    ("show_dispute", "show_payout", "show_movement"),
                ]
            },
        ),
        ("Explanation", {"fields": ["words", ("resolved_by", "resolved_at", "show_booking")]}),
    ]
    readonly_fields = [
        "kind",
        "status",
        "ours",
        "theirs",
        "gap",
        "happened_at",
        "about",
        "show_order",
        "show_payment",
        "show_refund",
        "show_dispute",
        "show_payout",
        "show_movement",
        "words",
        "resolved_by",
        "resolved_at",
        "show_booking",
    ]
    actions_detail = ["explain"]

    def possible(self, record: Difference) -> set[str]:
        return {"explain"} if record.status == Difference.Status.OPEN else set()

    @display(description="What differs", ordering="kind")
    def show_kind(self, difference: Difference) -> str:
        return difference.get_kind_display()

    @display(description="Order", ordering="order__number")
    def show_order(self, difference: Difference) -> SafeString | str:
        return _linked(difference, "order")

    @display(description="Payment")
    def show_payment(self, difference: Difference) -> SafeString | str:
        return _linked(difference, "payment")

    @display(description="Refund")
    def show_refund(self, difference: Difference) -> SafeString | str:
        return _linked(difference, "refund")

    @display(description="Dispute")
    def show_dispute(self, difference: Difference) -> str:
        return str(difference.dispute or "–")

    @display(description="Payout")
    def show_payout(self, difference: Difference) -> SafeString | str:
        return _linked(difference, "payout")

    @display(description="Stripe’s movement")
    def show_movement(self, difference: Difference) -> SafeString | str:
        return _linked(difference, "movement")

    @display(description="Booked as")
    def show_booking(self, difference: Difference) -> SafeString | str:
        return _linked(difference, "booking")

    @display(description="In the ledger", ordering="ours")
    def show_ours(self, difference: Difference) -> SafeString:
        return column(difference.ours)

    @display(description="At Stripe", ordering="theirs")
    def show_theirs(self, difference: Difference) -> SafeString:
        return column(difference.theirs)

    @display(description="Stripe has more than the ledger by")
    def gap(self, difference: Difference) -> str:
        return in_words(difference.gap())

    @display(description="Status", ordering="status", label=COLOURS)
    def show_status(self, difference: Difference) -> tuple[str, str]:
        return difference.status, difference.get_status_display()

    @step(
        "Explain",
        may="resolve",
        form=ExplainForm,
        icon="rule",
        text="It stays explained until its amounts change, and closes by itself when both sides agree.",
    )
    def explain(self, request, difference: Difference, form: ExplainForm) -> str:
        explaining.resolve(
            difference, by=request.user, why=form.cleaned_data["why"], book=form.cleaned_data["book"]
        )
        return "The difference is explained."

    def has_resolve_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("billing.resolve_difference")

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False


def _linked(difference: Difference, name: str) -> SafeString | str:
    record = getattr(difference, name)
    return link(record) if record else "–"
