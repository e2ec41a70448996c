"""The page on which the desk finds another time for an appointment."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone

from clinic import moving, resettling
from clinic.forms.outside import ElsewhereForm, MoveForm
from clinic.models import Appointment, Slot
from config.base import Refused, SignedInRequest, record_viewed

if TYPE_CHECKING:
    from collections.abc import Callable

    from config.admin import ScopedAdmin


def form_for(request: SignedInRequest) -> MoveForm:
    times = Slot.objects.visible_to(request.user).select_related("practitioner__user", "appointment_type")
    return MoveForm(request.POST if request.method == "POST" else None, times=times)


def times_for(request: SignedInRequest, appointment: Appointment) -> dict[str, Any]:
    """What is free for it, as the page shows it."""
    wish = ElsewhereForm(request.GET)
    wanted = wish.cleaned_data if wish.is_valid() else {}
    choice = resettling.other_times(
        appointment,
        practitioner=wanted.get("doctor"),
        day=wanted.get("day"),
        zone=timezone.get_current_timezone_name(),
    )
    return {"wish": wish, "choice": choice, "doctor": wanted.get("doctor")}


def moved(
    request: SignedInRequest,
    appointment: Appointment,
    form: MoveForm,
    *,
    rule: Callable[..., Appointment] = moving.move,
) -> bool:
    """Whether the appointment is at the chosen time now; a refusal is told beside the times."""
    if not form.is_valid():
        return False
    try:
        rule(appointment, to=form.cleaned_data["to"], by=request.user, why=form.cleaned_data["why"])
    except Refused as no:
        form.add_error("to", str(no))
        return False
    messages.success(request, f"{appointment.patient} has another time now, and gets a letter.")
    return True


def page(admin: ScopedAdmin, request: SignedInRequest, appointment: Appointment) -> HttpResponse:
    """Find another time for one appointment.

    :raises moving.TooLateToMove: it has begun
    :raises IllegalMove: it is not paid for, or is over
    """
    moving.ask_to_leave(appointment, by=request.user, now=timezone.now())
    form = form_for(request)
    if moved(request, appointment, form):
        return redirect("admin:clinic_appointment_change", appointment.moved_to.pk)
    status = HTTPStatus.OK
    if request.method == "GET":
        record_viewed.send(Appointment, record=appointment, request=request, action="read")
    else:
        status = HTTPStatus.BAD_REQUEST
    context = {
        **admin.admin_site.each_context(request),
        **times_for(request, appointment),
        "title": "Move an appointment",
        "opts": admin.opts,
        "case": {"appointment": appointment},
        "form": form,
    }
    return TemplateResponse(request, "admin/appointments/move.html", context, status=status)
