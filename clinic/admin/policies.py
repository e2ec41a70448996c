"""What cancelling costs: looked at by everybody at the desk, written by managers."""

from __future__ import annotations

from django.contrib import admin

from clinic.forms.policies import CancellationPolicyForm
from clinic.models import CancellationPolicy
from config.admin import FactAdmin


@admin.register(CancellationPolicy)
class CancellationPolicyAdmin(FactAdmin):
    """Each version is written once: whoever booked before goes on with the one they saw."""

    form = CancellationPolicyForm
    fields = ["effective_from", "free_hours", "keep_percent", "missed_percent"]
    list_display = ["effective_from", "free_hours", "keep_percent", "missed_percent", "recorded_by"]
    list_select_related = ["recorded_by"]

    def has_add_permission(self, request):
        return request.user.has_perm("clinic.add_cancellationpolicy")

    def save_model(self, request, obj, form, change):
        obj.recorded_by = request.user
        obj.save(force_insert=True)
