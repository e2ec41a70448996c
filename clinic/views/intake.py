"""What a patient answers before a visit."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from clinic import answering
from clinic.forms.intake import IntakeForm
from clinic.models import Appointment, Intake, Patient, Questionnaire
from clinic.views.appointments import own
from clinic.views.patients import for_patients
from config.base import SignedInRequest, record_viewed


@for_patients
def intake(request: SignedInRequest, patient: Patient, pk: UUID) -> HttpResponse:
    """The questions, and the answers so far; once the visit has begun they can be read, not changed."""
    found = get_object_or_404(own(request.user), pk=pk)
    there = (
        Intake.objects.visible_to(request.user)
        .filter(appointment=found)
        .select_related("questionnaire")
        .prefetch_related("answers")
        .first()
    )
    questionnaire = there.questionnaire if there else _shown(request)
    said, asked = answering.values(there) if there else {}, questionnaire.asked()
    form = IntakeForm(asked, said=said, data=request.POST if request.method == "POST" else None)
    if form.is_valid():
        answering.save(found, questionnaire=questionnaire, answers=form.answers(), by=request.user)
        messages.success(request, "Your answers are saved. Your doctor reads them.")
        return redirect("appointment", pk=pk)
    if request.method == "GET":
        record_viewed.send(Appointment, record=there or found, request=request, action="read")
    context = {
        "appointment": found,
        "questionnaire": questionnaire,
        "form": form,
        "is_open": found.status in answering.OPEN,
        "answers": [(question.label, question.words(said.get(question.key, ""))) for question in asked],
        "has_answered": there is not None,
    }
    status = HTTPStatus.BAD_REQUEST if form.errors else HTTPStatus.OK
    return render(request, "clinic/appointment_intake.html", context, status=status)


def _shown(request: SignedInRequest) -> Questionnaire:
    """The version in force; of one who sends answers, the version that they saw."""
    versions = Questionnaire.objects.visible_to(request.user).newest(Questionnaire.BEFORE_VISIT)
    seen = request.POST.get("version", "")
    if seen.isdecimal():
        versions = versions.filter(version=min(int(seen), 9999))
    return get_object_or_404(versions[:1])
