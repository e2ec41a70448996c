"""The ledger, to be looked at: what happened to money, and between which accounts."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Q, QuerySet, Sum
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import display

from billing import exporting
from billing.admin.columns import column, dollars, link
from billing.admin.exports import Exports
from billing.models import Entry, Posting
from config.admin import FactAdmin

NOTHING = "–"


class PostingInline(TabularInline):
    model = Posting
    verbose_name_plural = "Accounts"
    fields = ["account", "show_debit", "show_credit"]
    readonly_fields = fields
    extra = 0
    can_delete = False
    hide_title = True

    @display(description="Debit")
    def show_debit(self, posting: Posting) -> SafeString | str:
        return dollars(posting.amount) if posting.amount > 0 else ""

    @display(description="Credit")
    def show_credit(self, posting: Posting) -> SafeString | str:
        return dollars(-posting.amount) if posting.amount < 0 else ""

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False


@admin.register(Entry)
class EntryAdmin(Exports, FactAdmin):
    resource_classes = [exporting.ENTRIES, exporting.POSTINGS]
    linked_lookups = ("order", "postings__account")
    list_display = ["happened_at", "kind", "show_order", "payer", "show_amount", "why"]
    list_select_related = ["order", "payer"]
    list_filter = [("kind", ChoicesDropdownFilter), ("happened_at", RangeDateTimeFilter)]
    search_fields = ["order__number__startswith", "payer__email", "payer__family_name", "key"]
    ordering = ["-recorded_at", "-pk"]
    inlines = [PostingInline]
    fields = [
        ("kind", "happened_at"),
        ("show_order", "payer", "earner"),
        ("show_payment", "show_refund"),
        "why",
        ("recorded_at", "recorded_by", "key"),
    ]
    readonly_fields = [
        "kind",
        "happened_at",
        "show_order",
        "payer",
        "earner",
        "show_payment",
        "show_refund",
        "why",
        "recorded_at",
        "recorded_by",
        "key",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        moved = Sum("postings__amount", filter=Q(postings__amount__gt=0))
        return super().get_queryset(request).annotate(moved=moved)

    @display(description="Order", ordering="order__number")
    def show_order(self, entry: Entry) -> SafeString | str:
        return link(entry.order) if entry.order else NOTHING

    @display(description="Amount")
    def show_amount(self, entry: Entry) -> SafeString:
        return column(entry.moved)

    @display(description="Payment")
    def show_payment(self, entry: Entry) -> SafeString | str:
        return link(entry.payment) if entry.payment else NOTHING

    @display(description="Refund")
    def show_refund(self, entry: Entry) -> SafeString | str:
        return link(entry.refund) if entry.refund else NOTHING
