"""Receipts and credit notes: to be looked at, handed out again, and put right by another paper."""

from __future__ import annotations

from collections.abc import Iterable

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter
from unfold.decorators import display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from billing import exporting, rebating, receipting
from billing.admin.columns import LINK, column, dollars, link
from billing.composing import NO_REBATE
from billing.models import MedicareItem, Receipt
from config.admin import FactAdmin, PossibleButtons, step
from config.exports import Exports

COLOURS = {"stands": "success", "credit_note": "info", "replaced": "warning"}


class CorrectionForm(BaseDialogForm):
    """Why a receipt is taken back, as the patient reads it."""

    why = forms.CharField(
        label="What was wrong?",
        max_length=200,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Printed on the credit note. Nothing about the person’s health.",
    )


class ItemForm(BaseDialogForm):
    """Which service of the schedule it was, and why Medicare pays."""

    item = forms.RegexField(
        r"^\d{1,6}$",
        label="Item number",
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"}),
        error_messages={"invalid": "An item number has digits only."},
    )
    eligibility = forms.ChoiceField(
        label="Why may it be claimed?", choices=MedicareItem.Eligibility, widget=UnfoldAdminSelectWidget
    )


@admin.register(Receipt)
class ReceiptAdmin(PossibleButtons, Exports, FactAdmin):
    when_empty = "A receipt is written by itself when an order is paid."
    resource_classes = [exporting.RECEIPTS]
    linked_lookups = ("order", "order__payer")
    list_display = [
        "number",
        "issued_on",
        "show_state",
        "show_payer",
        "show_amount",
        "show_gst",
        "show_download",
    ]
    list_select_related = ["order__payer", "paper", "replaced_by"]
    list_filter = [("kind", ChoicesDropdownFilter), ("issued_on", RangeDateFilter)]
    search_fields = [
        "number__startswith",
        "order__number__startswith",
        "order__payer__email",
        "order__payer__family_name",
    ]
    ordering = ["-year", "-sequence"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("number", "show_state"),
                    ("issued_on", "show_download"),
                    ("show_patient", "show_order"),
                ]
            },
        ),
        ("What it says", {"fields": [("amount", "gst"), "show_service", "show_rebate", "show_reason"]}),
        ("Papers it belongs to", {"fields": ["show_related"]}),
        ("How it was kept", {"fields": [("recorded_at", "recorded_by"), "content_sha256"]}),
    ]
    readonly_fields = [
        "number",
        "issued_on",
        "amount",
        "gst",
        "recorded_at",
        "recorded_by",
        "content_sha256",
        "show_state",
        "show_download",
        "show_patient",
        "show_order",
        "show_service",
        "show_rebate",
        "show_reason",
        "show_related",
    ]
    actions_detail = ["correct", "enter", "remove"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("order__payer", "paper", "replaced_by")

    @display(description="State", label=COLOURS)
    def show_state(self, receipt: Receipt) -> tuple[str, str]:
        if receipt.kind == Receipt.Kind.CREDIT_NOTE:
            return "credit_note", "Credit note"
        return ("replaced", "Replaced") if hasattr(receipt, "replaced_by") else ("stands", "Receipt")

    @display(description="Payer", ordering="order__payer__family_name")
    def show_payer(self, receipt: Receipt) -> str:
        return str(receipt.order.payer)

    @display(description="Amount", ordering="amount")
    def show_amount(self, receipt: Receipt) -> SafeString:
        return column(-receipt.amount if receipt.kind == Receipt.Kind.CREDIT_NOTE else receipt.amount)

    @display(description="Of which GST", ordering="gst")
    def show_gst(self, receipt: Receipt) -> SafeString:
        return column(-receipt.gst if receipt.kind == Receipt.Kind.CREDIT_NOTE else receipt.gst)

    @display(description="Paper")
    def show_download(self, receipt: Receipt) -> str:
        if not hasattr(receipt, "paper"):
            return "Being printed"
        page = reverse("receipt", args=[receipt.pk])
        return format_html('<a href="{}" class="{}">Download</a>', page, LINK)

    @display(description="Patient")
    def show_patient(self, receipt: Receipt) -> str:
        return receipt.content["patient"]["name"]

    @display(description="Order")
    def show_order(self, receipt: Receipt) -> SafeString:
        return link(receipt.order)

    @display(description="Service")
    def show_service(self, receipt: Receipt) -> str:
        service, practitioner = receipt.content["service"], receipt.content["practitioner"]
        told = [service and service["description"], practitioner and practitioner["name"]]
        return ", ".join(filter(None, told)) or "–"

    @display(description="Medicare")
    def show_rebate(self, receipt: Receipt) -> str:
        if receipt.kind == Receipt.Kind.CREDIT_NOTE:
            return "–"
        item = receipt.content["medicare"]
        return f"Item {item['item']}: {item['eligibility']}" if item else NO_REBATE

    @display(description="Reason")
    def show_reason(self, receipt: Receipt) -> str:
        return receipt.content["why"] or "–"

    @display(description="Papers")
    def show_related(self, receipt: Receipt) -> str:
        return _listed(receipt.order.receipts.exclude(pk=receipt.pk).order_by("year", "sequence"))

    @step(
        "Issue credit note",
        may="correct",
        form=CorrectionForm,
        icon="edit_document",
        text="The receipt is taken back by a credit note, and a new one is written with the details as they"
        " are now. No money moves. What was printed stays as it is.",
    )
    def correct(self, request, receipt: Receipt, form: CorrectionForm) -> str:
        new = receipting.correct(receipt, by=request.user, why=form.cleaned_data["why"])
        return f"{receipt} was taken back. {new} takes its place."

    @step(
        "Enter Medicare item",
        may="enter",
        form=ItemForm,
        icon="health_and_safety",
        text="Telephone and video consultations have a rebate only for patients who were seen face to face"
        " within 12 months, or who fall under an exemption. A wrong item is a false claim."
        " The receipt is replaced.",
    )
    def enter(self, request, receipt: Receipt, form: ItemForm) -> str:
        new = rebating.enter(receipt, by=request.user, **_told(form))
        return f"{new} carries the item. {receipt} was taken back by a credit note."

    @step("Remove Medicare item", may="enter", icon="health_and_safety", text="The receipt is replaced.")
    def remove(self, request, receipt: Receipt, form: BaseDialogForm) -> str:
        new = rebating.remove(receipt, by=request.user)
        return f"{new} says that there is no rebate. {receipt} was taken back by a credit note."

    def possible(self, record: Receipt) -> set[str]:
        if not receipting.stands(record):
            return set()
        return {"correct", "remove" if record.content["medicare"] else "enter"}

    def has_correct_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("billing.correct_receipt")

    def has_enter_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("billing.enter_medicareitem")


def _told(form: ItemForm) -> dict[str, str]:
    return {name: form.cleaned_data[name] for name in ("item", "eligibility")}


def _listed(receipts: Iterable[Receipt]) -> str:
    rows = ((link(receipt), dollars(receipt.amount)) for receipt in receipts)
    return format_html_join("", "<div>{}, {}</div>", rows) or "–"
