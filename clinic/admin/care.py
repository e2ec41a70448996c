"""The panel of a patient's care: on their own page and on that of a consultation, edited in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.views.decorators.http import require_POST

from clinic import breaking, caring, surveying
from clinic.forms.care import (
    AlertForm,
    AllergyForm,
    AnswerForm,
    CareForm,
    ConditionForm,
    EndForm,
    GpForm,
    MedicineForm,
    NoneForm,
)
from config.base import Refused, SignedInRequest

if TYPE_CHECKING:
    from clinic.models import Patient, User

PANEL = "admin/care/_panel.html"


class Entry(NamedTuple):
    """One form of the panel, and the rule it asks."""

    form: type[CareForm]
    ask: Callable[[Patient, Any, User], str]


def _allergy(patient: Patient, form: AllergyForm, user: User) -> str:
    return f"Allergy to {caring.add_allergy(patient, by=user, **form.cleaned_data)} is on record."


def _condition(patient: Patient, form: ConditionForm, user: User) -> str:
    return f"{caring.add_condition(patient, by=user, **form.cleaned_data)} is on record."


def _medicine(patient: Patient, form: MedicineForm, user: User) -> str:
    return f"{caring.add_medicine(patient, by=user, **form.cleaned_data)} is on record."


def _alert(patient: Patient, form: AlertForm, user: User) -> str:
    caring.raise_alert(patient, text=form.cleaned_data["text"], by=user)
    return "The alert stands on top of the record."


def _end(patient: Patient, form: EndForm, user: User) -> str:
    fact = form.found()
    caring.end(fact, by=user, why=form.cleaned_data["why"])
    return f"{fact} is ended. It stays in the record."


def _none(patient: Patient, form: NoneForm, user: User) -> str:
    return f"{caring.state_none_known(patient, kind=form.cleaned_data['kind'], by=user)}, recorded."


def _gp(patient: Patient, form: GpForm, user: User) -> str:
    caring.note_gp(patient, by=user, **form.cleaned_data)
    return "The usual GP is recorded."


def _answer(patient: Patient, form: AnswerForm, user: User) -> str:
    answer = caring.answer(patient, by=user, **form.cleaned_data)
    return f"{answer.get_kind_display()}: {answer.get_answer_display().lower()}, recorded."


ENTRIES: dict[str, Entry] = {
    "allergy": Entry(AllergyForm, _allergy),
    "condition": Entry(ConditionForm, _condition),
    "medicine": Entry(MedicineForm, _medicine),
    "alert": Entry(AlertForm, _alert),
    "end": Entry(EndForm, _end),
    "none": Entry(NoneForm, _none),
    "gp": Entry(GpForm, _gp),
    "answer": Entry(AnswerForm, _answer),
}
STANDING = ("allergy", "condition", "medicine", "alert", "gp")


def care_forms(patient: Patient, *, user: User) -> dict[str, CareForm]:
    """The empty forms of the panel."""
    return {f"{name}_form": ENTRIES[name].form(patient=patient, user=user) for name in STANDING}


def may_care(user: User, patient: Patient) -> bool:
    """Whether ``user`` writes in the panel of ``patient``, whom they may see; not while it is only opened."""
    return user.has_perm("clinic.conduct_appointment") and not breaking.is_open(patient.pk, to=user)


class CarePanel:
    """What the admin of patients has of it: the address that the panel's forms are sent to."""

    def get_urls(self):
        guarded = self.admin_site.admin_view(require_POST(self.care))  # type: ignore[attr-defined]
        return [path("<uuid:pk>/care/<slug:name>/", guarded, name="clinic_patient_care"), *super().get_urls()]  # type: ignore[misc]

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        if obj is not None and request.user.has_perm("clinic.view_allergy"):
            shown = surveying.panel(obj, by=request.user) | care_forms(obj, user=request.user)
            context |= {**shown, "patient": obj, "may_care": may_care(request.user, obj), "has_care": True}
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)  # type: ignore[misc]

    def care(self, request: SignedInRequest, pk: UUID, name: str) -> HttpResponse:
        """Keep what one form of the panel says; the panel comes back, or the page it stands on."""
        patient: Any = self.get_visible_or_404(request, str(pk))  # type: ignore[attr-defined]
        if not may_care(request.user, patient):
            raise PermissionDenied
        if name not in ENTRIES:
            raise Http404
        form = ENTRIES[name].form(request.POST, patient=patient, user=request.user)
        told, status = _ask(ENTRIES[name], patient, form, request.user)
        if request.headers.get("X-Part") != "care":
            (messages.success if status == 200 else messages.error)(request, told)
            return redirect(_back(request, pk))
        shown = surveying.panel(patient, by=request.user) | care_forms(patient, user=request.user)
        if status != 200 and name in STANDING:
            shown[f"{name}_form"] = form
        context = {**shown, "patient": patient, "told": told, "went_wrong": status != 200, "may_care": True}
        return TemplateResponse(request, PANEL, context, status=status)


def _ask(entry: Entry, patient: Patient, form: CareForm, user: User) -> tuple[str, int]:
    if not form.is_valid():
        problems = [f"{form.fields[name].label or name}: {errors[0]}" for name, errors in form.errors.items()]
        return " ".join(problems), 400
    try:
        return entry.ask(patient, form, user), 200
    except Refused as no:
        form.add_error(None, str(no))  # so that the form stays open, as it was typed
        return str(no), 400


def _back(request: SignedInRequest, pk: UUID) -> str:
    """The page the form stood on: a consultation names itself, otherwise it is the patient's."""
    try:
        encounter = UUID(request.POST.get("encounter", ""))
    except ValueError:
        return reverse("admin:clinic_patient_change", args=[pk]) + "#care"
    return reverse("admin:clinic_encounter_change", args=[encounter]) + "#care"
