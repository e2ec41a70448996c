"""Prescriptions, authorities, looks at monitoring, and papers, on the staff site."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import TabularInline
from unfold.decorators import display

from clinic import prescribing
from clinic.admin.availability import Reason
from clinic.admin.guards import GuardScreen
from clinic.admin.registers import RegisterScreens
from clinic.models import (
    Document,
    MonitoringCheck,
    Prescription,
    PrescriptionLine,
)
from config.admin import FactAdmin, PossibleButtons, RecordAdmin, step


class LookedAt(TabularInline):
    """Rows of a record, to be looked at."""

    extra = 0
    can_delete = False
    tab = True

    def get_readonly_fields(self, request, obj=None):
        return self.fields

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def get_queryset(self, request):
        return super().get_queryset(request).visible_to(request.user)


class LineInline(LookedAt):
    model = PrescriptionLine
    fields = ["product", "quantity", "directions", "repeats", "interval_days", "removed_at"]
    readonly_fields = fields

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("product", "prescription__patient__user")


class DocumentInline(LookedAt):
    model = Document
    fields = ["kind", "recorded_at", "show_download"]
    readonly_fields = fields

    @display(description="File")
    def show_download(self, document: Document) -> str:
        return download_link(document)

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("patient__user")


def download_link(document: Document) -> str:
    return format_html('<a class="underline" href="{}">Download</a>', reverse("file", args=[document.pk]))


@admin.register(Prescription)
class PrescriptionAdmin(PossibleButtons, GuardScreen, RegisterScreens, RecordAdmin):
    """Scripts, to be looked at; they are written on the consultation page."""

    when_empty = "Prescriptions are written on the consultation page."
    list_display = [
        "__str__",
        "patient",
        "practitioner",
        "schedule",
        "show_status",
        "issued_at",
        "valid_until_on",
    ]
    list_select_related = ["patient__user", "practitioner__user"]
    list_filter = ["status", "schedule", "dispense_state"]
    search_fields = ["number", "patient__user__given_name", "patient__user__family_name"]
    inlines = [LineInline, DocumentInline]
    fields = [
        ("number", "status", "schedule"),
        ("patient", "practitioner"),
        ("dispense_state", "state_authority", "approval"),
        ("repeat_of", "replaces"),
        ("issued_at", "issued_by", "valid_until_on"),
        "show_consultation",
        "content_sha256",
    ]
    readonly_fields = [name for row in fields for name in ([row] if isinstance(row, str) else row)]
    actions_detail = ["cancel"]

    def possible(self, record: Prescription) -> set[str]:
        return {"cancel"} if record.status != Prescription.Status.CANCELLED else set()

    @display(description="Status", label={"draft": "warning", "issued": "success", "cancelled": "danger"})
    def show_status(self, prescription: Prescription) -> tuple[str, str]:
        return prescription.status, prescription.get_status_display()

    @display(description="Consultation")
    def show_consultation(self, prescription: Prescription) -> str:
        page = reverse("admin:clinic_encounter_change", args=[prescription.encounter_id])
        return format_html('<a class="underline" href="{}">Open the consultation</a>', page)

    @step(
        "Cancel prescription",
        may="cancel",
        form=Reason,
        icon="cancel",
        text="It is void for good: lists, registers and the check of its code say so from now on. "
        "Papers that were handed out do not; tell whoever has them.",
    )
    def cancel(self, request, prescription: Prescription, form: Reason) -> str:
        prescribing.cancel(prescription, by=request.user, why=form.cleaned_data["why"])
        return f"{prescription} is void."

    def has_cancel_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("clinic.issue_prescription")

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False


@admin.register(MonitoringCheck)
class MonitoringCheckAdmin(FactAdmin):
    when_empty = "Looks at a monitoring system are recorded on the consultation page."
    list_display = ["recorded_at", "patient", "practitioner", "system", "show_result"]
    list_select_related = ["patient__user", "practitioner__user"]
    list_filter = ["state", "result"]
    search_fields = ["patient__user__given_name", "patient__user__family_name", "reference"]

    @display(
        description="Result",
        label={
            "no_alert": "success",
            "no_match": "success",
            "amber": "warning",
            "red": "danger",
            "down": "info",
        },
    )
    def show_result(self, look: MonitoringCheck) -> tuple[str, str]:
        return look.result, look.get_result_display()


@admin.register(Document)
class DocumentAdmin(FactAdmin):
    list_display = ["recorded_at", "kind", "patient", "prescription", "show_download"]
    list_select_related = ["patient__user", "prescription__patient__user"]
    list_filter = ["kind"]
    search_fields = ["prescription__number", "patient__user__given_name", "patient__user__family_name"]
    fields = ["kind", "patient", "prescription", "letter", "recorded_at", "sha256", "show_download"]
    readonly_fields = ["recorded_at", "show_download"]

    @display(description="File")
    def show_download(self, document: Document) -> str:
        return download_link(document)
