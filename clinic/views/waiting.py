"""A patient's place on the waiting list, and the times that are kept for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from clinic import consenting, filling, offering, waitlisting
from clinic.forms.booking import HoldForm, WishForm
from clinic.forms.waiting import WaitForm
from clinic.models import Appointment, Patient, Practitioner, User, WaitlistEntry, WaitlistOffer
from clinic.views.patients import for_patients
from config.base import SignedInRequest
from messaging import clocks

if TYPE_CHECKING:
    from clinic.models.waitlist import WaitlistOfferQuerySet


def offers_to(user: User) -> WaitlistOfferQuerySet:
    return WaitlistOffer.objects.visible_to(user).select_related(
        "entry__patient__user",
        "entry__appointment_type",
        "slot__practitioner__user",
        "slot__appointment_type",
        "appointment__order",
        "appointment__slot",
    )


@for_patients
def waiting_list(request: SignedInRequest, patient: Patient) -> HttpResponse:
    own = WaitlistEntry.objects.visible_to(request.user).select_related("appointment_type")
    entries = [*own.on_the_list()]
    chosen = {pk for entry in entries for pk in entry.practitioners}
    context = {
        "entries": entries,
        "doctors": {doctor.pk: doctor for doctor in offering.doctors().filter(pk__in=chosen)},
        "offers": offers_to(request.user).open(timezone.now()),
    }
    return render(request, "clinic/waiting_list.html", context)


@for_patients
def join(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """Ask for a time: of a kind, or earlier than what one has (``?appointment=``)."""
    asked = WishForm(request.GET)
    asked.is_valid()
    kind, doctor = (asked.cleaned_data.get(name) for name in ("kind", "doctor"))
    has = _has(request)
    if kind is None and has is None:
        return redirect("book")
    form = _form(request, doctor=doctor, has=has)
    if form.is_valid():
        waitlisting.ask(patient, wish=form.wish, kind=kind, instead_of=has, by=request.user)
        messages.success(request, "You are on the waiting list. We write to you when a time is free.")
        return redirect("waiting")
    context = {"form": form, "kind": kind, "appointment": has}
    return render(request, "clinic/waiting_join.html", context, status=400 if form.errors else 200)


def _has(request: SignedInRequest) -> Appointment | None:
    """The appointment instead of which an earlier one is asked for, if one is named."""
    if "appointment" not in request.GET:
        return None
    own = Appointment.objects.visible_to(request.user).select_related(
        "slot__practitioner__user", "slot__appointment_type", "order", "patient__user"
    )
    try:
        named = UUID(request.GET["appointment"])
    except ValueError:
        named = None
    return get_object_or_404(own, pk=named)


def _form(request: SignedInRequest, *, doctor: Practitioner | None, has: Appointment | None) -> WaitForm:
    zone = request.user.time_zone
    initial: dict[str, Any] = {"practitioners": [doctor] if doctor else []}
    if has:
        until_on = clocks.local(has.starts_at, zone=zone).date()
        initial = {"practitioners": [has.slot.practitioner], "until_on": until_on}
    today = clocks.local(timezone.now(), zone=zone).date()
    return WaitForm(request.POST if request.method == "POST" else None, today=today, initial=initial)


@require_POST
@for_patients
def leave(request: SignedInRequest, patient: Patient, pk: UUID) -> HttpResponse:
    own = WaitlistEntry.objects.visible_to(request.user)
    waitlisting.leave(get_object_or_404(own, pk=pk), by=request.user)
    messages.success(request, "You have left the waiting list.")
    return redirect("waiting")


@for_patients
def offer(request: SignedInRequest, patient: Patient, pk: UUID) -> HttpResponse:
    """One time that is kept for the patient: taking it is one tap."""
    offered = get_object_or_404(offers_to(request.user), pk=pk)
    policy = offered.appointment.policy
    asks = {} if offered.entry.booking_id else consenting.lacking(patient, policy=policy)
    form = HoldForm(
        request.POST if request.method == "POST" else None, points=len(asks), read=consenting.mark(asks)
    )
    if request.method == "POST" and (not asks or form.is_valid()):
        taken = filling.accept(
            offered, by=request.user, consents=asks, read=form.cleaned_data["read"] if asks else None
        )
        if offered.entry.booking_id:
            messages.success(request, "Your appointment has moved to the earlier time.")
        return redirect("appointment", pk=taken.pk)
    has = Appointment.objects.visible_to(request.user).current().filter(order=offered.entry.booking_id)
    context = {
        "offer": offered,
        "appointment": offered.appointment,
        "is_open": offers_to(request.user).open(timezone.now()).filter(pk=pk).exists(),
        "has": has.first() if offered.entry.booking_id else None,
        "form": form if asks else None,
        "consents": consenting.words(asks, policy=policy),
    }
    return render(request, "clinic/waiting_offer.html", context, status=400 if form.errors else 200)


@require_POST
@for_patients
def decline(request: SignedInRequest, patient: Patient, pk: UUID) -> HttpResponse:
    filling.decline(get_object_or_404(offers_to(request.user), pk=pk), by=request.user)
    messages.success(request, "The time goes to the next person. You keep your place on the waiting list.")
    return redirect("waiting")
