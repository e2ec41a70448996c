"""What a patient answers before a visit: kept while they answer, and sent when all is answered."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from clinic import answering
from clinic.forms.intake import IntakeForm, Questions
from clinic.models import Appointment, Intake, Patient, Questionnaire
from clinic.views.appointments import own
from clinic.views.patients import for_patients
from config.base import Refused, SignedInRequest, record_viewed


@for_patients
def intake(request: SignedInRequest, patient: Patient, pk: UUID) -> HttpResponse:
    """The questions, and the answers so far; once the visit has begun they can be read, not changed."""
    found = get_object_or_404(own(request.user), pk=pk)
    there = _begun(request, found)
    questionnaire = _seen(request, found, there)
    said, asked = answering.values(there) if there else {}, questionnaire.asked()
    form = IntakeForm(asked, said=said, data=request.POST if request.method == "POST" else None)
    if form.is_valid():
        answering.save(found, questionnaire=questionnaire, answers=form.answers(), by=request.user)
        messages.success(request, "Your answers are saved. Your doctor reads them.")
        if left_out := form.left_out():
            named = "”, “".join(left_out)
            messages.info(request, f"Left out, because it is not asked after your other answers: “{named}”.")
        return redirect("appointment", pk=pk)
    if request.method == "GET":
        record_viewed.send(Appointment, record=there or found, request=request, action="read")
    context = {
        "appointment": found,
        "questionnaire": questionnaire,
        "form": form,
        "is_open": found.status in answering.OPEN,
        "answers": answering.told_to_patient(questionnaire, said),
        "has_answered": there is not None,
        "labels": {question.key: question.label for question in asked},
    }
    status = HTTPStatus.BAD_REQUEST if form.errors else HTTPStatus.OK
    return render(request, "clinic/appointment_intake.html", context, status=status)


@require_POST
@for_patients
def keep(request: SignedInRequest, patient: Patient, pk: UUID) -> HttpResponse:
    """Keep the answers that were sent, while others are still to come; what does not fit is told by key."""
    found = get_object_or_404(own(request.user), pk=pk)
    there = _begun(request, found)
    try:
        questionnaire = _seen(request, found, there)
        sent = set(request.POST.getlist("of"))
        asked = [question for question in questionnaire.asked() if question.key in sent]
        if not sent or len(asked) < len(sent):
            raise answering.OtherQuestions
        form = Questions(asked, said={}, data=request.POST)
        if form.is_valid():
            answering.save(found, questionnaire=questionnaire, answers=form.answers(), by=request.user)
            return JsonResponse({"kept": [question.key for question in asked]})
    except Refused as no:
        return JsonResponse({"why": str(no)}, status=HTTPStatus.CONFLICT)
    wrong = {key: " ".join(map(str, errors)) for key, errors in form.errors.items()}
    return JsonResponse({"wrong": wrong}, status=HTTPStatus.BAD_REQUEST)


def _begun(request: SignedInRequest, found: Appointment) -> Intake | None:
    intakes = Intake.objects.visible_to(request.user).filter(appointment=found)
    return intakes.select_related("questionnaire").prefetch_related("answers").first()


def _seen(request: SignedInRequest, found: Appointment, there: Intake | None) -> Questionnaire:
    """The version in force; of one who sends answers, the version that they saw.

    :raises OtherQuestions: they began with another one
    """
    seen, key = request.POST.get("version", ""), request.POST.get("asks", "")
    if there:
        if request.method == "POST" and (key, seen) != (
            there.questionnaire.key,
            str(there.questionnaire.version),
        ):
            raise answering.OtherQuestions
        return there.questionnaire
    wanted = answering.wanted(found)
    if wanted is None:
        raise Http404
    if request.method != "POST":
        return wanted
    if key != wanted.key:  # the kind of appointment asks another questionnaire by now
        raise answering.OtherQuestions
    if not (seen.isascii() and seen.isdecimal() and len(seen) < 5):
        raise Http404
    versions = Questionnaire.objects.visible_to(request.user).newest(wanted.key)
    return get_object_or_404(versions, version=int(seen))
