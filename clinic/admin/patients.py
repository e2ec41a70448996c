"""Patients: how to reach them, who they are, and their numbers, hidden until somebody says why."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from billing.admin import statements
from clinic import consulting, desk, enrolling, spelling
from clinic.admin import revealing
from clinic.admin.care import CarePanel
from clinic.admin.reaching import LettersPanel
from clinic.admin.recall import RecallScreens, may_recall
from clinic.forms.identifiers import PatientNumbersForm
from clinic.identifiers import IHI, MEDICARE
from clinic.models import Patient
from config.admin import RecordAdmin, step
from config.versions import InWords

CHECK_AGAIN = (
    "Name or date of birth changed, so the identity check no longer holds."
    " A doctor has to see a document again before prescribing."
)
TRAIL_DAYS = 90
HIDDEN = {"medicare_number", "medicare_irn", "ihi"}
"""What the list of versions does not spell out: that it changed is enough there."""


class RevealDialog(BaseDialogForm):
    why = forms.CharField(
        label="What do you need them for?",
        max_length=300,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )


class IdentityDialog(BaseDialogForm):
    document = forms.CharField(
        label="Document you saw",
        max_length=100,
        help_text="Kind, issuer and last characters: “Driver licence, Vic, ending 123”. Keep no copy.",
        widget=UnfoldAdminTextInputWidget,
    )


class HidesNumbers(InWords):
    """A version's changes, without the numbers."""

    def format_delta_change(self, change: Any) -> Any:
        shown = super().format_delta_change(change)
        hidden = change.field in HIDDEN
        return replace(shown, old="…", new="…") if hidden else shown


@admin.register(Patient)
class PatientAdmin(RecallScreens, LettersPanel, CarePanel, RecordAdmin):
    change_form_outer_after_template = "admin/care/patient.html"
    list_display = ["show_name", "date_of_birth", "phone", "state", "show_identified", "created_at"]
    list_select_related = ["user"]
    list_filter = [("state", ChoicesDropdownFilter)]
    # Never by Medicare number or IHI: what one searches for stands in the address.
    search_fields = ["user__family_name", "user__given_name", "user__email", "phone"]
    ordering = ["user__family_name", "user__given_name", "pk"]
    readonly_fields = [
        "show_name",
        "show_email",
        "show_medicare",
        "show_card_end",
        "show_ihi",
        "show_medicare_in_full",
        "show_ihi_in_full",
        "identity_document",
        "identified_at",
        "identified_by",
        "show_letters",
    ]
    actions_detail = [
        "reveal",
        "record_numbers",
        "identify",
        "statement",
        "choose_letters",
        "clear_address",
        "trail",
        "as_it_stood",
        "break_glass",
    ]

    def has_add_permission(self, request):
        return False  # patients sign themselves up

    def get_fieldsets(self, request, obj=None):
        full = "_in_full" if obj and revealing.is_revealed(request, obj) else ""
        care = [("gp_name", "gp_practice"), ("gp_address", "gp_phone")]
        contact = [
            "show_name",
            "show_email",
            ("date_of_birth", "sex"),
            "phone",
            ("street", "suburb"),
            ("state", "postcode"),
            ("emergency_name", "emergency_phone"),
        ]
        identity = ["identity_document", ("identified_at", "identified_by")]
        numbers = [(f"show_medicare{full}", "show_card_end"), f"show_ihi{full}"]
        return [
            ("Contact", {"classes": ["tab"], "fields": contact}),
            ("Identifiers", {"classes": ["tab"], "fields": numbers}),
            ("Identity check", {"classes": ["tab"], "fields": identity}),
            ("Usual GP", {"classes": ["tab"], "fields": care}),
            ("Letters", {"classes": ["tab"], "fields": ["show_letters"]}),
        ]

    def save_model(self, request, obj, form, change):
        if enrolling.change_patient(obj, changed=form.changed_data, by=request.user):
            messages.warning(request, CHECK_AGAIN)

    def get_historical_record_context_helper(self, request, historical_record):
        return HidesNumbers(self.model, historical_record)

    @display(description="Name", ordering="user__family_name")
    def show_name(self, patient: Patient) -> str:
        return str(patient)

    @display(description="E-mail address")
    def show_email(self, patient: Patient) -> str:
        return patient.user.email

    @display(description="Identity", label={"Checked": "success", "To be checked": "warning"})
    def show_identified(self, patient: Patient) -> str:
        return "Checked" if patient.identified_at else "To be checked"

    @display(description="Medicare", empty_value="Not recorded")
    def show_medicare(self, patient: Patient) -> str | None:
        return MEDICARE.mask(patient.medicare_number) or None

    @display(description="Card valid to", empty_value="Not recorded")
    def show_card_end(self, patient: Patient) -> str | None:
        return spelling.card_end(patient.medicare_until_on) if patient.medicare_until_on else None

    @display(description="IHI", empty_value="Not recorded")
    def show_ihi(self, patient: Patient) -> str | None:
        return IHI.mask(patient.ihi) or None

    @display(description="Medicare", empty_value="Not recorded")
    def show_medicare_in_full(self, patient: Patient) -> str | None:
        return MEDICARE.show(patient.medicare_number + patient.medicare_irn) or None

    @display(description="IHI", empty_value="Not recorded")
    def show_ihi_in_full(self, patient: Patient) -> str | None:
        return IHI.show(patient.ihi) or None

    @step(
        "Reveal numbers",
        may="reveal",
        form=RevealDialog,
        icon="visibility",
        text="They stay readable on this page for two minutes. The audit trail keeps who looked, and why.",
    )
    def reveal(self, request, patient: Patient, form: RevealDialog) -> str:
        return revealing.reveal(request, patient, why=form.cleaned_data["why"])

    @step(
        "Record numbers",
        may="record",
        form=PatientNumbersForm,
        icon="id_card",
        text="Type them from the card. What you leave empty stays as it is.",
    )
    def record_numbers(self, request, patient: Patient, form: PatientNumbersForm) -> str:
        enrolling.record_identifiers(patient, by=request.user, why=form.why, **form.numbers())
        return "The numbers are recorded. Their format fits; nobody has verified them with their issuer."

    @step("Record identity check", may="identify", form=IdentityDialog, icon="how_to_reg")
    def identify(self, request, patient: Patient, form: IdentityDialog) -> str:
        consulting.identify(patient, document=form.cleaned_data["document"], by=request.user)
        return f"The identity of {patient} is checked."

    @action(description="Statement", permissions=["statement"], icon="summarize", url_path="statement")
    def statement(self, request, object_id: str) -> HttpResponse:
        """What they owe, and everything that moved it."""
        patient = cast(Patient, self.get_visible_or_404(request, object_id))
        return redirect(statements.address(patient.user_id))

    @action(description="Everything done", permissions=["trail"], icon="policy", url_path="trail")
    def trail(self, request, object_id: str) -> HttpResponse:
        """What was done about this patient in the last 90 days; the list goes on from there."""
        patient = self.get_visible_or_404(request, object_id)
        since = timezone.localdate() - timedelta(days=TRAIL_DAYS)
        return redirect(desk.page("clinic.auditevent", patient=patient.pk, at_from_0=f"{since:%d/%m/%Y}"))

    @action(description="Record as at", permissions=["recall"], icon="history", url_path="as-it-stood")
    def as_it_stood(self, request, object_id: str) -> HttpResponse:
        return redirect("admin:clinic_patient_as_at", self.get_visible_or_404(request, object_id).pk)

    def has_trail_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("clinic.view_every_auditevent")

    def has_recall_permission(self, request, object_id=None) -> bool:
        return may_recall(request)

    @action(description="Open the clinical record", permissions=["glass"], icon="key", url_path="break-glass")
    def break_glass(self, request, object_id: str) -> HttpResponse:
        """To the page that asks why."""
        patient = self.get_visible_or_404(request, object_id)
        return redirect(f"{reverse('admin:clinic_accessreason_door')}?patient={patient.pk}")

    def has_glass_permission(self, request, object_id=None) -> bool:
        """Whom the desk sees, and whose health it does not: a doctor sees no such patient."""
        return request.user.has_perms(["clinic.break_glass", "clinic.view_every_patient"])

    def has_statement_permission(self, request, object_id=None) -> bool:
        return statements.is_for(request)

    def has_reveal_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("clinic.view_patient_identifiers")

    def has_record_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("clinic.change_patient")

    def has_identify_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("clinic.conduct_appointment")
