"""The fee schedule."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from unfold.decorators import display

from billing.admin.columns import column
from billing.models import Fee, Gst
from config.admin import RecordAdmin


@admin.register(Fee)
class FeeAdmin(RecordAdmin):
    when_empty = "Add what each consultation costs. Nobody can book before there is a fee."
    list_display = ["description", "code", "show_amount", "show_gst", "effective_from", "effective_until"]
    search_fields = ["code", "description"]
    ordering = ["code", "-effective_from"]
    fieldsets = [
        (None, {"fields": [("code", "description"), ("amount", "gst_code")]}),
        ("When it holds", {"fields": [("effective_from", "effective_until")]}),
    ]

    @display(description="Amount, incl. GST", ordering="amount")
    def show_amount(self, fee: Fee) -> SafeString:
        return column(fee.amount)

    @display(description="GST", label={Gst.FREE: "info", Gst.TEN: "warning"})
    def show_gst(self, fee: Fee) -> tuple[str, str]:
        return fee.gst_code, fee.get_gst_code_display()
