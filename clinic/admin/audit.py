"""Who did and saw what: a list to look at."""

from __future__ import annotations

import json
import re
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from unfold.contrib.filters.admin import AutocompleteSelectFilter, MultipleChoicesDropdownFilter
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from clinic import auditing
from clinic.admin.audit_filters import KindFilter, OddFilter, PatientKeyFilter, RecordKeyFilter
from clinic.admin.trail import ORDER, TrailScreens
from clinic.models import AuditEvent, SavedView
from config.admin import FactAdmin
from config.base import Fact, Kept
from config.filters import PeriodFilter

KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
LINK = '<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>'
COLOURS = {
    "create": "success",
    "update": "info",
    "read": "default",
    "download": "warning",
    "print": "warning",
    "export": "danger",
    "sign": "primary",
    "sign_in_failed": "danger",
    "approve": "primary",
    "void": "danger",
    "role_change": "warning",
    "setting_change": "warning",
    "break_glass": "danger",
    "lock_out": "danger",
}


@admin.register(AuditEvent)
class AuditEventAdmin(TrailScreens, FactAdmin):
    list_before_template = "admin/trail/views.html"
    list_filter_submit = True
    list_display = ["show_at", "by", "role", "show_action", "show_record", "show_why", "show_outcome"]
    list_select_related = ["by"]
    list_filter = [
        ("at", PeriodFilter),
        ("by", AutocompleteSelectFilter),
        PatientKeyFilter,
        RecordKeyFilter,
        ("action", MultipleChoicesDropdownFilter),
        KindFilter,
        OddFilter,
        "role",
        "outcome",
    ]
    search_fields = ["by__email", "by__family_name"]
    search_help_text = "A person’s name or e-mail address, or the key of a record or patient."
    paginator = InfinitePaginator
    show_full_result_count = False
    fields = [
        ("show_at", "by"),
        ("role", "show_action"),
        ("show_record", "show_life"),
        "show_patient",
        ("show_why", "show_outcome"),
        "history_id",
        "show_trace",
    ]
    readonly_fields = [
        "show_at",
        "show_action",
        "show_record",
        "show_life",
        "show_patient",
        "show_why",
        "show_outcome",
        "show_trace",
    ]

    def get_queryset(self, request):
        """With ``opens``: whether the reader has a page for records of that kind."""
        events = super().get_queryset(request).with_reasons_for(request.user)
        return events.annotate(opens=Q(record_type__in=self._kinds_open_to(request)))

    def kinds_of_record(self) -> list[str]:
        """Of what there can be events."""
        models = [model for model in apps.get_models() if issubclass(model, Fact | Kept)]
        return [model._meta.label_lower for model in models if not getattr(model, "IS_PART", False)]

    def changelist_view(self, request, extra_context=None):
        views = SavedView.objects.visible_to(request.user).kept().select_related("owner")
        tabs = [(key, name, reverse(f"admin:clinic_auditevent_{key}")) for key, name in ORDER.items()]
        more = {
            "views": views,
            "query": request.GET.urlencode(),
            "reads_all": request.user.has_perm("clinic.view_every_auditevent"),
            "tabs": tabs if request.user.has_perm("clinic.view_every_clinical_record") else tabs[1:],
        }
        return super().changelist_view(request, {**more, **(extra_context or {})})

    def _kinds_open_to(self, request: HttpRequest) -> list[str]:
        pages = self.admin_site._registry.items()
        return [kind._meta.label_lower for kind, page in pages if page.has_view_permission(request)]

    def get_search_results(self, request, queryset, search_term):
        """Find by key, and failed sign-ins by the address that was tried, too."""
        word = search_term.strip()
        if KEY.fullmatch(word):
            return queryset.filter(record_id=word) | queryset.filter(patient_id=word), False
        found, distinct = super().get_search_results(request, queryset, search_term)
        if "@" in word:
            found = found | queryset.filter(trace__tried=auditing.mark_of(word))
        return found, distinct

    @display(description="When", ordering="at")
    def show_at(self, event: AuditEvent) -> str:
        return date_format(timezone.localtime(event.at), "j M Y, H:i:s")

    @display(description="Record", ordering="record_type")
    def show_record(self, event: Any) -> str:
        if not event.record_type:
            return "–"
        kind = apps.get_model(event.record_type)
        name = capfirst(kind._meta.verbose_name)
        if not event.opens or event.record_id is None:
            return name
        page = reverse(f"admin:{kind._meta.app_label}_{kind._meta.model_name}_change", args=[event.record_id])
        return format_html(LINK, page, name)

    @display(description="Its life")
    def show_life(self, event: AuditEvent) -> str:
        if event.record_id is None:
            return "–"
        page = reverse("admin:clinic_auditevent_life", args=[event.record_type, event.record_id])
        return format_html(LINK, page, "Everything done with it")

    @display(description="Patient")
    def show_patient(self, event: AuditEvent) -> str:
        if event.patient_id is None:
            return "–"
        page = reverse("admin:clinic_patient_change", args=[event.patient_id])
        return format_html(LINK, page, "Their record")

    @display(description="Action", label=COLOURS, ordering="action")
    def show_action(self, event: AuditEvent) -> tuple[str, str]:
        return event.action, event.get_action_display()

    @display(description="Why")  # not to be sorted by: the order would tell what is kept back
    def show_why(self, event: Any) -> str:
        return event.reason

    @display(description="Outcome", label={"done": "success", "failed": "danger"}, ordering="outcome")
    def show_outcome(self, event: AuditEvent) -> tuple[str, str]:
        return event.outcome, event.outcome.capitalize()

    @display(description="From where")
    def show_trace(self, event: AuditEvent) -> SafeString:
        return format_html("<pre>{}</pre>", json.dumps(event.trace, indent=2, sort_keys=True))
