"""Adverse events on the staff site, with their 15-day clock."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.utils import timezone
from unfold.decorators import display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminSingleDateWidget, UnfoldAdminTextInputWidget

from clinic import reporting
from clinic.admin.availability import Reason, by_our_clock
from clinic.admin.in_care import WrittenInCare
from clinic.models import AdverseEvent
from config.admin import PossibleButtons, RecordAdmin, step


class ReportForm(BaseDialogForm):
    reference = forms.CharField(
        label="Reference of the TGA", max_length=60, widget=UnfoldAdminTextInputWidget
    )
    sponsor_told_on = forms.DateField(
        label="Sponsor told on", required=False, widget=UnfoldAdminSingleDateWidget
    )


@admin.register(AdverseEvent)
class AdverseEventAdmin(WrittenInCare, PossibleButtons, RecordAdmin):
    when_empty = "Record what a medicine did that it should not. Serious ones show by when the TGA is told."
    list_display = ["patient", "medicine", "happened_on", "show_seriousness", "show_status", "show_due"]
    list_select_related = ["patient__user"]
    list_filter = ["status", "is_serious"]
    search_fields = ["patient__user__given_name", "patient__user__family_name", "tga_reference"]
    autocomplete_fields = ["patient", "prescription"]
    WHAT_HAPPENED = [
        ("patient", "prescription"),
        "medicine",
        "description",
        ("happened_on", "known_on"),
        ("is_serious", "outcome"),
    ]
    WHAT_WAS_DONE = [("show_status", "show_due"), ("tga_reference", "sponsor_told_on", "show_reported")]
    readonly_fields = ["show_status", "show_due", "tga_reference", "sponsor_told_on", "show_reported"]
    actions_detail = ["report", "dismiss"]

    def possible(self, record: AdverseEvent) -> set[str]:
        return {"report", "dismiss"} if record.status == AdverseEvent.Status.OPEN else set()

    @display(description="Serious", label={"serious": "danger", "other": "info"})
    def show_seriousness(self, event: AdverseEvent) -> tuple[str, str]:
        return ("serious", "Serious") if event.is_serious else ("other", "Not serious")

    @display(
        description="Status",
        ordering="status",
        label={"open": "warning", "reported": "success", "dismissed": "info"},
    )
    def show_status(self, event: AdverseEvent) -> tuple[str, str]:
        return event.status, event.get_status_display()

    @display(description="To the TGA by")
    def show_due(self, event: AdverseEvent) -> str:
        if event.due_on is None:
            return "–"
        days = (event.due_on - timezone.localdate()).days
        left = f"{days} days left" if days >= 0 else f"{-days} days late"
        return f"{event.due_on:%d/%m/%Y}, {left}"

    @display(description="Reported")
    def show_reported(self, event: AdverseEvent) -> str:
        return by_our_clock(event.reported_at)

    def get_fields(self, request, obj=None):
        return [*self.WHAT_HAPPENED, *(self.WHAT_WAS_DONE if obj else [])]

    def get_changeform_initial_data(self, request):
        return {"known_on": timezone.localdate()} | super().get_changeform_initial_data(request)

    def has_change_permission(self, request, obj=None):
        is_open = obj is None or obj.status == AdverseEvent.Status.OPEN
        return is_open and super().has_change_permission(request, obj)

    @step("Reported to the TGA", may="report", form=ReportForm, icon="outbound")
    def report(self, request, event: AdverseEvent, form: ReportForm) -> str:
        told = {name: form.cleaned_data[name] for name in ("reference", "sponsor_told_on")}
        reporting.report(event, by=request.user, **told)
        return f"{event} is reported. The record stays as it is now."

    @step("Not to be reported", may="report", form=Reason, icon="block")
    def dismiss(self, request, event: AdverseEvent, form: Reason) -> str:
        reporting.dismiss(event, why=form.cleaned_data["why"], by=request.user)
        return f"{event} is not reported."

    def has_report_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("clinic.change_adverseevent")
