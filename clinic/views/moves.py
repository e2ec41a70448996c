"""Moving an own appointment to another time."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from clinic import moving, offering, resettling
from clinic.forms.booking import WishForm
from clinic.models import Appointment, Patient, Slot
from clinic.views.appointments import own
from clinic.views.patients import for_patients
from config.base import SignedInRequest, record_viewed


@for_patients
def move(request: SignedInRequest, patient: Patient, pk: UUID) -> HttpResponse:
    """The times of the same kind that are free, those near the old one first."""
    found = _to_be_moved(request, pk)
    wish = WishForm(request.GET)
    wanted = wish.cleaned_data if wish.is_valid() else {}
    choice = resettling.other_times(
        found, practitioner=wanted.get("doctor"), day=wanted.get("day"), zone=request.user.time_zone
    )
    context = {"appointment": found, "wish": wish, "doctor": wanted.get("doctor"), "choice": choice}
    status = HTTPStatus.BAD_REQUEST if wish.errors else HTTPStatus.OK
    return render(request, "clinic/appointment_move.html", context, status=status)


@for_patients
def move_to(request: SignedInRequest, patient: Patient, pk: UUID, slot: UUID) -> HttpResponse:
    """The old time and the new one side by side, and the patient's yes."""
    found = _to_be_moved(request, pk)
    times = Slot.objects.visible_to(request.user).select_related("practitioner__user", "appointment_type")
    chosen = get_object_or_404(times, pk=slot)
    if request.method == "POST":
        moved = moving.move(found, to=chosen, by=request.user, why="The patient chose another time.")
        messages.success(request, "Your appointment was moved. You get a letter with the new time.")
        return redirect("appointment", pk=moved.pk)
    is_free = offering.is_free(chosen)
    context = {"appointment": found, "slot": chosen, "is_free": is_free}
    status = HTTPStatus.OK if is_free else HTTPStatus.CONFLICT
    return render(request, "clinic/appointment_move_to.html", context, status=status)


def _to_be_moved(request: SignedInRequest, pk: UUID) -> Appointment:
    """
    :raises moving.TooLateToMove: it is no longer free to cancel
    :raises IllegalMove: it is not paid for, or is over
    """
    found = get_object_or_404(own(request.user), pk=pk)
    moving.ask_to_leave(found, by=request.user, now=timezone.now())
    record_viewed.send(Appointment, record=found, request=request, action="read")
    return found
