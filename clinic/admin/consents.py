"""To what patients have agreed, and when."""

from django.contrib import admin
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter

from clinic.models import Consent
from config.admin import FactAdmin


@admin.register(Consent)
class ConsentAdmin(FactAdmin):
    list_display = ["patient", "kind", "version", "recorded_at"]
    list_select_related = ["patient__user"]
    list_filter = [("kind", ChoicesDropdownFilter), ("recorded_at", RangeDateTimeFilter)]
    search_fields = ["patient__user__given_name", "patient__user__family_name"]
    fields = ["patient", "kind", "version", "text_sha256", "recorded_at", "recorded_by"]
    readonly_fields = fields
