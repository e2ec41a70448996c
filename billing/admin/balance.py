"""What Stripe said of our balance: its movements, its payouts, and each comparison with the ledger."""

from __future__ import annotations

from django.contrib import admin
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import display

from billing import exporting
from billing.admin.columns import column, dollars, link
from billing.models import BalanceTransaction, Payout, PayoutLine, Reconciliation
from config.admin import FactAdmin, RecordAdmin
from config.exports import Exports

NOTHING = "–"
COMPARED = "each night, and by “Compare now” on the day close."
PAYOUT_COLOURS = {
    Payout.Status.PENDING: "info",
    Payout.Status.IN_TRANSIT: "info",
    Payout.Status.PAID: "success",
    Payout.Status.FAILED: "danger",
    Payout.Status.CANCELED: "warning",
}


@admin.register(BalanceTransaction)
class BalanceTransactionAdmin(Exports, FactAdmin):
    resource_classes = [exporting.MOVEMENTS]
    when_empty = f"Movements come in when the ledger is compared with Stripe: {COMPARED}"
    list_display = ["moved_at", "show_kind", "category", "show_amount", "show_fee", "show_net"]
    list_filter = [("moved_at", RangeDateTimeFilter)]
    search_fields = ["stripe_id", "source_id", "intent_id", "kind"]
    ordering = ["-moved_at", "-pk"]
    fields = [
        ("show_kind", "category", "description"),
        ("moved_at", "available_at"),
        ("amount", "fee", "net", "currency"),
        ("stripe_id", "source_id", "intent_id"),
        "show_payout",
    ]
    readonly_fields = [
        "show_kind",
        "category",
        "description",
        "moved_at",
        "available_at",
        "amount",
        "fee",
        "net",
        "currency",
        "stripe_id",
        "source_id",
        "intent_id",
        "show_payout",
    ]

    @display(description="What", ordering="kind")
    def show_kind(self, movement: BalanceTransaction) -> str:
        return movement.kind.replace("_", " ").capitalize()

    @display(description="Amount", ordering="amount")
    def show_amount(self, movement: BalanceTransaction) -> SafeString:
        return column(movement.amount)

    @display(description="Stripe’s fee", ordering="fee")
    def show_fee(self, movement: BalanceTransaction) -> SafeString:
        return column(movement.fee)

    @display(description="Net", ordering="net")
    def show_net(self, movement: BalanceTransaction) -> SafeString:
        return column(movement.net)

    @display(description="Paid out in")
    def show_payout(self, movement: BalanceTransaction) -> SafeString | str:
        line = getattr(movement, "paid_out_in", None)
        return link(line.payout) if line else NOTHING


class PayoutLineInline(TabularInline):
    model = PayoutLine
    verbose_name_plural = "What it was made of"
    fields = ["show_movement", "show_moved", "show_net"]
    readonly_fields = fields
    extra = 0
    can_delete = False
    hide_title = True
    per_page = 50

    def get_queryset(self, request):
        return super().get_queryset(request).visible_to(request.user).select_related("movement")

    @display(description="Movement")
    def show_movement(self, line: PayoutLine) -> SafeString:
        return link(line.movement)

    @display(description="When")
    def show_moved(self, line: PayoutLine) -> str:
        return date_format(localtime(line.movement.moved_at), "j M Y, g:i a")

    @display(description="Net of Stripe’s fee")
    def show_net(self, line: PayoutLine) -> SafeString:
        return dollars(line.movement.net)

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False


@admin.register(Payout)
class PayoutAdmin(Exports, RecordAdmin):
    resource_classes = [exporting.PAYOUTS]
    when_empty = f"Payouts come in when the ledger is compared with Stripe: {COMPARED}"
    list_display = ["made_at", "show_status", "show_amount", "arrives_at", "failure"]
    list_filter = [("status", ChoicesDropdownFilter), ("made_at", RangeDateTimeFilter)]
    search_fields = ["stripe_id"]
    ordering = ["-made_at", "-pk"]
    inlines = [PayoutLineInline]
    fields = [
        ("status", "amount", "currency"),
        ("made_at", "arrives_at"),
        ("is_automatic", "stripe_id"),
        "failure",
    ]
    readonly_fields = [
        "status",
        "amount",
        "currency",
        "made_at",
        "arrives_at",
        "is_automatic",
        "stripe_id",
        "failure",
    ]

    @display(description="Status", ordering="status", label=PAYOUT_COLOURS)
    def show_status(self, payout: Payout) -> tuple[str, str]:
        return payout.status, payout.get_status_display()

    @display(description="Amount", ordering="amount")
    def show_amount(self, payout: Payout) -> SafeString:
        return column(payout.amount)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False


@admin.register(Reconciliation)
class ReconciliationAdmin(FactAdmin):
    when_empty = f"The ledger is compared with Stripe {COMPARED}"
    list_display = ["started_at", "show_outcome", "events", "movements", "payouts", "found", "gone"]
    ordering = ["-started_at", "-pk"]
    fields = [
        ("started_at", "since", "recorded_by"),
        "error",
        ("events", "movements", "payouts"),
        ("found", "gone"),
        ("ours", "theirs"),
    ]
    readonly_fields = [
        "started_at",
        "since",
        "recorded_by",
        "error",
        "events",
        "movements",
        "payouts",
        "found",
        "gone",
        "ours",
        "theirs",
    ]

    @display(description="Outcome", label={"done": "success", "failed": "danger"})
    def show_outcome(self, comparison: Reconciliation) -> tuple[str, str]:
        return ("failed", "Could not be made") if comparison.error else ("done", "Made")

    def has_add_permission(self, request):
        return False
