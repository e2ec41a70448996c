"""Choosing a time and having it held."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from clinic import booking, consenting, following, offering, reckoning
from clinic.forms.booking import TimeForm, WishForm
from clinic.models import Patient, Slot
from clinic.views.patients import for_patients
from config.base import SignedInRequest


@for_patients
def book(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """The days and times that are free."""
    wish = WishForm(request.GET)
    status = 200 if wish.is_valid() else 400
    kinds = offering.fees_for(patient)
    chosen = wish.cleaned_data.get("kind") or (kinds[0][0] if kinds else None)
    doctor, weeks = wish.cleaned_data.get("doctor"), wish.cleaned_data.get("weeks")
    context = {"wish": wish, "kinds": kinds, "kind": chosen, "doctor": doctor, "weeks": weeks}
    if chosen:
        zone = request.user.time_zone
        context["choice"] = offering.choose(
            chosen,
            practitioner=doctor,
            day=wish.cleaned_data.get("day"),
            zone=zone,
            near=following.day_in(weeks, zone=zone) if weeks else None,
        )
    return render(request, "clinic/slot_choose.html", context, status=status)


@for_patients
def slot(request: SignedInRequest, patient: Patient, pk: UUID) -> HttpResponse:
    """One time: what it costs, what the patient agrees to, and holding it."""
    form = TimeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            held = booking.hold(
                pk,
                patient=patient,
                by=request.user,
                consents=consenting.BEFORE_BOOKING,
                read=form.cleaned_data["read"],
            )
        except Slot.DoesNotExist:
            raise Http404 from None
        return redirect("appointment", pk=held.pk)
    times = Slot.objects.visible_to(request.user).select_related("practitioner__user", "appointment_type")
    chosen = get_object_or_404(times, pk=pk)
    policy = reckoning.policy_now()
    fee = booking.fee_for(patient, chosen.appointment_type)
    texts = consenting.in_force(consenting.BEFORE_BOOKING)
    form.initial["read"] = f"{booking.shown(policy, fee)}:{consenting.mark(texts)}"
    context = {
        "slot": chosen,
        "form": form,
        "free": offering.is_free(chosen),
        "fee": fee,
        "policy": policy,
        "consents": consenting.words(texts, policy=policy),
    }
    return render(request, "clinic/slot_confirm.html", context, status=400 if form.errors else 200)
