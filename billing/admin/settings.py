"""What the practice has settled about money."""

from django.contrib import admin
from django.shortcuts import redirect

from billing.models import MoneySettings
from config.admin import RecordAdmin


@admin.register(MoneySettings)
class MoneySettingsAdmin(RecordAdmin):
    when_empty = "A refund above A$200.00 is confirmed twice. Add settings to choose another limit."
    list_display = ["refund_limit"]
    fields = ["refund_limit"]

    def changelist_view(self, request, extra_context=None):
        """There is one row: go to it."""
        row = self.get_queryset(request).first()
        if row is None:
            return super().changelist_view(request, extra_context)
        return redirect("admin:billing_moneysettings_change", row.pk)

    def has_add_permission(self, request):
        return super().has_add_permission(request) and not self.get_queryset(request).exists()
