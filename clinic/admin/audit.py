"""Who did and saw what: a list to look at."""

from __future__ import annotations

import json
import re

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from clinic import auditing
from clinic.models import AuditEvent
from config.admin import FactAdmin

KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
COLOURS = {
    "create": "success",
    "update": "info",
    "read": "default",
    "download": "warning",
    "print": "warning",
    "export": "danger",
    "sign": "primary",
    "sign_in_failed": "danger",
}


@admin.register(AuditEvent)
class AuditEventAdmin(FactAdmin):
    list_display = ["at", "by", "role", "show_action", "record_type", "why", "show_outcome"]
    list_select_related = ["by"]
    list_filter = [
        ("at", RangeDateTimeFilter),
        ("action", ChoicesDropdownFilter),
        "role",
        "outcome",
    ]
    search_fields = ["by__email", "by__family_name"]
    search_help_text = "A person’s name or e-mail address, or the key of a record or patient."
    paginator = InfinitePaginator
    show_full_result_count = False
    fields = [
        ("at", "by"),
        ("role", "show_action"),
        ("record_type", "record_id"),
        "patient_id",
        ("why", "show_outcome"),
        "history_id",
        "show_trace",
    ]
    readonly_fields = ["show_action", "show_outcome", "show_trace"]

    def get_search_results(self, request, queryset, search_term):
        """Find by key, and failed sign-ins by the address that was tried, too."""
        word = search_term.strip()
        if KEY.fullmatch(word):
            return queryset.filter(record_id=word) | queryset.filter(patient_id=word), False
        found, distinct = super().get_search_results(request, queryset, search_term)
        if "@" in word:
            found = found | queryset.filter(trace__tried=auditing.mark_of(word))
        return found, distinct

    @display(description="Action", label=COLOURS, ordering="action")
    def show_action(self, event: AuditEvent) -> tuple[str, str]:
        return event.action, event.get_action_display()

    @display(description="Outcome", label={"done": "success", "failed": "danger"}, ordering="outcome")
    def show_outcome(self, event: AuditEvent) -> tuple[str, str]:
        return event.outcome, event.outcome.capitalize()

    @display(description="From where")
    def show_trace(self, event: AuditEvent) -> SafeString:
        return format_html("<pre>{}</pre>", json.dumps(event.trace, indent=2, sort_keys=True))
