"""The page on which the practice books a patient's next visit from one that was."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone

from clinic import desk, following
from clinic.admin.moves import form_for
from clinic.forms.outside import FollowUpForm, MoveForm
from clinic.models import Appointment, Encounter, Practice
from config.base import Refused, SignedInRequest, record_viewed
from messaging import clocks

if TYPE_CHECKING:
    from config.admin import ScopedAdmin


def page(admin: ScopedAdmin, request: SignedInRequest, visit: Appointment) -> HttpResponse:
    """Find a time for the visit after ``visit`` and hold it for the patient.

    :raises following.NothingToFollow, following.AccountClosed: nothing can follow it
    """
    following.ask(visit)
    form = form_for(request)
    if booked := _booked(request, visit, form):
        return redirect(_then(request, visit, booked))
    status = HTTPStatus.BAD_REQUEST
    if request.method == "GET":
        record_viewed.send(Appointment, record=visit, request=request, action="read")
        status = HTTPStatus.OK
    context = {
        **admin.admin_site.each_context(request),
        **_times(request, visit),
        "title": "Book a follow-up",
        "opts": admin.opts,
        "case": {"appointment": visit},
        "form": form,
        "hours": Practice.objects.visible_to(request.user).current().follow_up_hours,
        "ahead": _ahead(request, visit),
    }
    return TemplateResponse(request, "admin/appointments/follow_up.html", context, status=status)


def _times(request: SignedInRequest, visit: Appointment) -> dict[str, Any]:
    """What is free: with the same doctor, when the visit is due, unless one asks otherwise."""
    due = following.weeks_ahead(visit)
    likely = {"weeks": due, "doctor": visit.slot.practitioner_id}
    wish = FollowUpForm({**likely, **request.GET.dict()})
    wish.is_valid()
    wanted = wish.cleaned_data
    weeks = wanted.get("weeks") or due
    choice = following.times(
        visit,
        weeks=weeks,
        practitioner=wanted.get("doctor"),
        day=wanted.get("day"),
        zone=timezone.get_current_timezone_name(),
    )
    return {"wish": wish, "choice": choice, "doctor": wanted.get("doctor"), "weeks": weeks}


def _booked(request: SignedInRequest, visit: Appointment, form: MoveForm) -> Appointment | None:
    """The held time; a refusal is told beside the times."""
    if not form.is_valid():
        return None
    try:
        held = following.book(
            visit, to=form.cleaned_data["to"], by=request.user, why=form.cleaned_data["why"]
        )
    except Refused as no:
        form.add_error("to", str(no))
        return None
    until = clocks.in_short(held.held_until, zone=timezone.get_current_timezone_name())
    messages.success(
        request, f"Held for {visit.patient} until {until}. They get a letter with a link to pay."
    )
    return held


def _then(request: SignedInRequest, visit: Appointment, booked: Appointment) -> str:
    """Where one goes on: the doctor with the consultation, the desk with what it has booked."""
    encounter = Encounter.objects.visible_to(request.user).filter(appointment=visit).first()
    if encounter and encounter.practitioner.user_id == request.user.pk:
        return desk.record_page(encounter)
    seen = Appointment.objects.visible_to(request.user).filter(pk=booked.pk)
    return desk.record_page(seen.first() or visit)


def _ahead(request: SignedInRequest, visit: Appointment) -> list[Appointment]:
    """What the patient has ahead already, so that nobody books it twice."""
    theirs = Appointment.objects.visible_to(request.user).filter(patient=visit.patient)
    ahead = theirs.filter(status__in=Appointment.TO_COME, starts_at__gt=timezone.now())
    people = ("slot__practitioner__user", "slot__appointment_type")
    return list(ahead.select_related(*people).order_by("starts_at"))
