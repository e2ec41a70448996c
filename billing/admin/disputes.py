"""Payments that a cardholder's bank took back: until when to answer, what the bank is told, sending it."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import display
from unfold.forms import BaseDialogForm

from billing import disputing, evidencing, exporting
from billing.admin.columns import LINK, column, link
from billing.models import Dispute
from config import printing
from config.admin import PossibleButtons, RecordAdmin, step
from config.base import SignedInRequest, record_viewed
from config.exports import Exports

COLOURS = {
    Dispute.Status.WARNING_NEEDS_RESPONSE: "danger",
    Dispute.Status.NEEDS_RESPONSE: "danger",
    Dispute.Status.WARNING_UNDER_REVIEW: "warning",
    Dispute.Status.UNDER_REVIEW: "warning",
    Dispute.Status.WON: "success",
}


@admin.register(Dispute)
class DisputeAdmin(PossibleButtons, Exports, RecordAdmin):
    when_empty = (
        "When a cardholder’s bank takes a payment back, it stands here with the day until which to answer."
    )
    resource_classes = [exporting.DISPUTES]
    list_display = ["due_at", "show_order", "show_payer", "show_reason", "show_status", "show_amount"]
    list_filter = [("status", ChoicesDropdownFilter), ("due_at", RangeDateTimeFilter)]
    search_fields = ["payment__order__number__startswith", "payment__order__payer__email", "stripe_id"]
    fields = [
        ("show_order", "show_payer", "status"),
        ("amount", "show_payment", "show_reason"),
        ("due_at", "opened_at", "closed_at"),
        ("show_evidence", "show_sent"),
        "stripe_id",
    ]
    readonly_fields = [
        "show_order",
        "show_payer",
        "status",
        "amount",
        "show_payment",
        "show_reason",
        "due_at",
        "opened_at",
        "closed_at",
        "show_evidence",
        "show_sent",
        "stripe_id",
    ]
    actions_detail = ["answer"]

    def possible(self, record: Dispute) -> set[str]:
        return {"answer"} if record.status in Dispute.TO_ANSWER else set()

    def get_urls(self) -> list:
        page = self.admin_site.admin_view(self.evidence)
        return [path("<uuid:pk>/evidence/", page, name="billing_dispute_evidence"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request)
        rows = rows.select_related("payment__order__payer", "evidence__recorded_by")
        return rows.order_by(F("due_at").desc(nulls_first=True), "-opened_at", "pk")

    @display(description="Order", ordering="payment__order__number")
    def show_order(self, dispute: Dispute) -> SafeString:
        return link(dispute.payment.order)

    @display(description="Payer", ordering="payment__order__payer")
    def show_payer(self, dispute: Dispute) -> str:
        return str(dispute.payment.order.payer)

    @display(description="The bank’s reason", ordering="reason")
    def show_reason(self, dispute: Dispute) -> str:
        return dispute.reason.replace("_", " ").capitalize()

    @display(description="Status", ordering="status", label=COLOURS)
    def show_status(self, dispute: Dispute) -> tuple[str, str]:
        return dispute.status, dispute.get_status_display()

    @display(description="Amount", ordering="amount")
    def show_amount(self, dispute: Dispute) -> SafeString:
        return column(dispute.amount)

    @display(description="Payment")
    def show_payment(self, dispute: Dispute) -> SafeString:
        return link(dispute.payment)

    @display(description="Evidence for the bank")
    def show_evidence(self, dispute: Dispute) -> SafeString:
        page = reverse("admin:billing_dispute_evidence", args=[dispute.pk])
        return format_html('<a href="{}" class="{}">Download (PDF)</a>', page, LINK)

    @display(description="Sent")
    def show_sent(self, dispute: Dispute) -> str:
        sent = getattr(dispute, "evidence", None)
        if sent is None:
            return "Not yet"
        return (
            f"By {sent.recorded_by}"
            if dispute.status not in Dispute.TO_ANSWER
            else "Stripe has not confirmed it"
        )

    @step(
        "Send evidence",
        may="answer",
        icon="outgoing_mail",
        text="The bank gets what stands in the download, once: nothing can be added later."
        " Please read it first. It tells of money and times, and nothing of anybody’s health.",
    )
    def answer(self, request, dispute: Dispute, form: BaseDialogForm) -> str:
        disputing.answer(dispute, by=request.user)
        return "The evidence is with the bank. Its decision may take weeks, and shows here when it comes."

    def evidence(self, request: SignedInRequest, pk: Any) -> HttpResponse:
        """Hand the pack out to those who may send it; every time is in the audit trail."""
        dispute = cast("Dispute", self.get_visible_or_404(request, str(pk)))
        if not self.has_answer_permission(request):
            raise PermissionDenied
        content = evidencing.content_of(dispute)
        paper = evidencing.write_pdf(content)
        record_viewed.send(Dispute, record=dispute, request=request, action="download")
        return printing.download(paper, file_name=evidencing.file_name(content))

    def has_answer_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("billing.answer_dispute")

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False
