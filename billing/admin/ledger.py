"""The ledger, to be looked at: what happened to money, and between which accounts."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from django.contrib import admin
from django.db.models import Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import action, display

from billing import closing, exporting, tallying
from billing.admin.columns import column, dollars, in_words, link
from billing.closing import Day
from billing.forms import DayForm
from billing.models import Account, Entry, Posting
from config.admin import FactAdmin
from config.base import SignedInRequest
from config.exports import Exports

NOTHING = "–"
ZERO = Decimal("0.00")


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


class Row(NamedTuple):
    """One account of the trial balance: its balance stands on one side."""

    label: str
    debit: str
    credit: str
    link: str


@admin.register(Entry)
class EntryAdmin(Exports, FactAdmin):
    when_empty = "Whatever happens to money is entered here by itself."
    resource_classes = [exporting.ENTRIES, exporting.POSTINGS]
    linked_lookups = ("order", "postings__account")
    list_display = ["happened_at", "kind", "show_order", "payer", "show_amount", "why"]
    list_select_related = ["order", "payer"]
    list_filter = [("kind", ChoicesDropdownFilter), ("happened_at", RangeDateTimeFilter)]
    search_fields = ["order__number__startswith", "payer__email", "payer__family_name", "key"]
    ordering = ["-recorded_at", "-pk"]
    inlines = [PostingInline]
    actions_list = ["trial_balance"]
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

    @action(description="Trial balance", url_path="trial-balance", permissions=["view"], icon="balance")
    def trial_balance(self, request: SignedInRequest) -> HttpResponse:
        """Show what every account stood at when a day ended, and that both sides agree."""
        form = DayForm(request.GET or None)
        day = Day(form.cleaned_data["day"], closing.zone()) if form.is_valid() else closing.today()
        balances = [one for one in tallying.trial_balance(day.ends_at) if one.amount]
        context = {
            **self.admin_site.each_context(request),
            "title": "Trial balance",
            "opts": self.opts,
            "day": day,
            "mistake": form.is_bound and not form.is_valid(),
            "rows": [_row(one, day) for one in balances],
            "debits": in_words(sum((max(one.amount, ZERO) for one in balances), ZERO)),
            "credits": in_words(-sum((min(one.amount, ZERO) for one in balances), ZERO)),
        }
        status = 400 if context["mistake"] else 200
        return TemplateResponse(request, "admin/money/trial_balance.html", context, status=status)

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


def _row(balance: tallying.Balance, day: Day) -> Row:
    asked = urlencode({"postings__account": balance.account, "happened_at__lt": day.ends_at.isoformat()})
    return Row(
        Account(balance.account).label,
        in_words(balance.amount) if balance.amount > 0 else "",
        in_words(-balance.amount) if balance.amount < 0 else "",
        f"{reverse('admin:billing_entry_changelist')}?{asked}",
    )
