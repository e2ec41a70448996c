"""The way to the payment page and back."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from clinic import booking, consenting, extending, filling
from clinic.forms.booking import HoldForm
from clinic.models import Appointment, Patient
from clinic.views.appointments import own, show, to_agree_to
from clinic.views.patients import for_patients
from config.base import SignedInRequest
from messaging import clocks


@require_POST
@for_patients
def pay(request: SignedInRequest, patient: Patient, pk: UUID) -> HttpResponse:
    found = get_object_or_404(own(request.user), pk=pk)
    if exchange := filling.exchange_for(found):
        return redirect("waiting-offer", pk=exchange.pk)
    asks = to_agree_to(found)
    agree = HoldForm(request.POST, points=len(asks), read=consenting.mark(asks))
    if asks and not agree.is_valid():
        return show(request, found, agree=agree, status=400)
    payment = booking.start_payment(
        found,
        consents=asks,
        read=agree.cleaned_data["read"] if asks else None,
        success_url=request.build_absolute_uri(reverse("appointment-paid", args=[pk])),
        cancel_url=request.build_absolute_uri(reverse("appointment", args=[pk])),
        by=request.user,
    )
    return redirect(payment.url)


@require_POST
@for_patients
def more_time(request: SignedInRequest, patient: Patient, pk: UUID) -> HttpResponse:
    """Let the time to pay start anew, for whoever needs longer (WCAG 2.2.1)."""
    found = get_object_or_404(own(request.user), pk=pk)
    if exchange := filling.exchange_for(found):
        return redirect("waiting-offer", pk=exchange.pk)
    extending.give_more_time(found, by=request.user)
    until = clocks.in_words(found.held_until, zone=request.user.time_zone)
    messages.success(request, f"You have more time: this appointment is held for you until {until}.")
    return redirect("appointment", pk=pk)


@for_patients
def paid(request: SignedInRequest, patient: Patient, pk: UUID) -> HttpResponse:
    """Where the payment page sends people: the worker confirms, not their browser."""
    appointment = get_object_or_404(own(request.user), pk=pk)
    if appointment.status == Appointment.Status.HELD:
        return render(request, "clinic/appointment_paid.html", {"appointment": appointment})
    if appointment.status == Appointment.Status.CONFIRMED:
        messages.success(request, "Your payment has arrived and your appointment is confirmed.")
    return redirect("appointment", pk=pk)
