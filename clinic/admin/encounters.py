"""Consultations on the staff site: their list, the consultation page, and the notes."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.views.decorators.http import require_GET, require_POST
from unfold.decorators import display

from catalog import listing, searching
from clinic import breaking, charting, consulting, noting
from clinic.admin import revealing
from clinic.admin.care import care_forms, may_care
from clinic.admin.consultation import ACTIONS, STANDING, ask, standing_forms
from clinic.boards import doctor
from clinic.forms.consultations import NoteForm, RevealForm
from clinic.forms.prescriptions import NarrowForm
from clinic.models import Encounter, State
from config.admin import RecordAdmin
from config.base import Refused, SignedInRequest, record_viewed

PRODUCTS_SHOWN = 12


@admin.register(Encounter)
class EncounterAdmin(RecordAdmin):
    """A consultation's record is the page it is held on."""

    when_empty = "A consultation begins on your first page, with “Start consultation”."
    list_display = ["patient", "practitioner", "created_at", "show_status", "location_state"]
    list_select_related = ["patient__user", "practitioner__user"]
    list_filter = ["status", "location_state"]
    search_fields = ["patient__user__given_name", "patient__user__family_name"]
    date_hierarchy = "created_at"

    @display(description="Status", label={"open": "info", "closed": "success"})
    def show_status(self, encounter: Encounter) -> tuple[str, str]:
        return encounter.status, encounter.get_status_display()

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def get_queryset(self, request):
        return (
            super()
            .get_queryset(request)
            .select_related(
                "appointment__slot__appointment_type",
                "appointment__room",
                "patient__user",
                "patient__identified_by",
                "practitioner__user",
                "note__signed_by",
            )
        )

    def get_urls(self):
        guard = self.admin_site.admin_view
        return [
            path("next/", guard(require_POST(self.next_patient)), name="clinic_encounter_next"),
            path("<uuid:pk>/do/<slug:name>/", guard(require_POST(self.do)), name="clinic_encounter_do"),
            path("<uuid:pk>/reveal/", guard(require_POST(self.reveal)), name="clinic_encounter_reveal"),
            path("<uuid:pk>/note/", guard(require_POST(self.keep_note)), name="clinic_encounter_note"),
            path("<uuid:pk>/products/", guard(require_GET(self.products)), name="clinic_encounter_products"),
            *super().get_urls(),
        ]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        encounter = self._visible(request, object_id)
        if request.method not in {"GET", "HEAD"}:
            raise PermissionDenied  # what is written goes to ``do``
        if request.method == "GET":
            record_viewed.send(Encounter, record=encounter, request=request, action="read")
        return self._page(request, encounter)

    def next_patient(self, request: SignedInRequest) -> HttpResponse:
        """Begin with whom the doctor sees next today, or go back to the one being seen."""
        visit = doctor.next_visit(request.user)
        if visit is None:
            messages.info(request, "Nobody else is booked with you today.")
            return redirect("admin:index")
        encounter = consulting.open(visit, by=request.user)
        return redirect("admin:clinic_encounter_change", encounter.pk)

    def do(self, request: SignedInRequest, pk: UUID, name: str) -> HttpResponse:
        """One form of the page was sent."""
        encounter = self._conducted(request, pk)
        if name not in ACTIONS:
            raise Http404
        action = ACTIONS[name]
        form = action.form(request.POST, encounter=encounter, user=request.user)
        if name in STANDING and not form.is_valid():
            return self._page(request, encounter, sent={STANDING[name]: form}, status=400)
        try:
            messages.success(request, ask(action, encounter, form, request.user))
        except noting.WrittenElsewhere as no:
            form = _going_on(request, encounter, no)
            theirs = [(heading, getattr(no.note, name)) for name, heading in noting.PARTS.items()]
            sent = {"note_form": form, "elsewhere": no, "elsewhere_parts": theirs}
            return self._page(request, encounter, sent=sent, status=409)
        except Refused as no:
            messages.error(request, str(no))
        return redirect(reverse("admin:clinic_encounter_change", args=[pk]) + f"#{action.place}")

    def reveal(self, request: SignedInRequest, pk: UUID) -> HttpResponse:
        """Show the patient's numbers for two minutes to somebody who says why."""
        encounter = self._conducted(request, pk)
        form = RevealForm(request.POST, encounter=encounter, user=request.user)
        if not form.is_valid():
            return self._page(request, encounter, sent={"reveal_form": form}, status=400)
        messages.success(request, revealing.reveal(request, encounter.patient, why=form.cleaned_data["why"]))
        return redirect(reverse("admin:clinic_encounter_change", args=[pk]) + "#who")

    def keep_note(self, request: SignedInRequest, pk: UUID) -> JsonResponse:
        """The note's draft, sent by the page's script while the doctor types."""
        encounter = self._conducted(request, pk)
        form = NoteForm(request.POST, encounter=encounter, user=request.user)
        if not form.is_valid():
            return JsonResponse({"error": "The date for the review is not a date."}, status=400)
        try:
            kept = noting.save(encounter.note, by=request.user, **form.cleaned_data)
        except noting.WrittenElsewhere as no:
            theirs = {name: getattr(no.note, name) or "" for name in noting.FIELDS}
            told = {"error": str(no), "theirs": theirs, "revision": no.note.revision}
            return JsonResponse(told, status=409)
        except Refused as no:
            return JsonResponse({"error": str(no)}, status=409)
        return JsonResponse({"saved_at": kept.at.isoformat(), "revision": kept.revision})

    def products(self, request: SignedInRequest, pk: UUID) -> HttpResponse:
        """Medicines that may be prescribed and fit what the doctor types and chooses."""
        context = {"encounter": self._visible(request, pk), **_found(request)}
        status = 200 if context["is_understood"] else 400
        return TemplateResponse(request, "admin/consultation/_products.html", context, status=status)

    def _visible(self, request: SignedInRequest, pk: UUID | str) -> Encounter:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return cast(Encounter, self.get_visible_or_404(request, str(pk)))

    def _conducted(self, request: SignedInRequest, pk: UUID) -> Encounter:
        """A consultation that is written to; the rules then ask whose it is."""
        encounter = self._visible(request, pk)
        is_opened = breaking.is_open(encounter.patient_id, to=request.user)  # for reading
        if not request.user.has_perm("clinic.conduct_appointment") or is_opened:
            raise PermissionDenied
        return encounter

    def _page(
        self,
        request: SignedInRequest,
        encounter: Encounter,
        *,
        sent: dict[str, Any] | None = None,
        status: int = 200,
    ) -> HttpResponse:
        chart = charting.chart(encounter, by=request.user)
        context = {
            **self.admin_site.each_context(request),
            **chart,
            **_found(request),
            "title": str(encounter.patient),
            "reveal_form": RevealForm(encounter=encounter, user=request.user),
            "subtitle": f"Consultation with {encounter.practitioner}",
            "opts": self.opts,
            "is_fullwidth": "1",
            "states": State.choices,
            **standing_forms(chart, user=request.user),
            "narrow_form": NarrowForm(auto_id="narrow-%s", label_suffix=""),
            **care_forms(encounter.patient, user=request.user),
            "may_care": may_care(request.user, encounter.patient),
            "revealed": revealing.numbers(request, encounter.patient),
            **(sent or {}),
            "history_url": reverse("admin:clinic_encounter_history", args=[encounter.pk]),
        }
        return TemplateResponse(request, "admin/consultation.html", context, status=status)


def _going_on(request: SignedInRequest, encounter: Encounter, no: noting.WrittenElsewhere) -> NoteForm:
    """What was typed, as a form that is kept when it is sent again: both texts have been seen then."""
    typed = request.POST.dict() | {"revision": str(no.note.revision)}
    return NoteForm(typed, encounter=encounter, user=request.user)


def _found(request: SignedInRequest) -> dict[str, Any]:
    """The medicines asked for by words or facts; none where nothing is asked for."""
    text = request.GET.get("q", "").strip()[:100]
    form = NarrowForm(request.GET)
    told = {"q": text, "products": [], "is_understood": form.is_valid()}
    if not form.is_valid() or not (text or form.wanted):
        return told
    found = searching.find(listing.prescribable(request.user).filter(**form.wanted), text)
    return told | {
        "products": found.products[:PRODUCTS_SHOWN],
        "read_as": found.read_as,
        "is_narrowed": bool(form.wanted),
    }
