"""A patient's appointments."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from billing.models import Receipt
from clinic import answering, attending, cancelling, consenting, filling, following, reckoning
from clinic.forms.booking import CancelForm, HoldForm
from clinic.models import LIVE, Appointment, ConsentText, Patient, User
from clinic.views.patients import for_patients
from clinic.views.waiting import offers_to
from config.base import SignedInRequest, record_viewed
from messaging import clocks

if TYPE_CHECKING:
    from clinic.models.appointments import AppointmentQuerySet

PAGE = 20


def own(user: User) -> AppointmentQuerySet:
    return Appointment.objects.visible_to(user).select_related(
        "slot__practitioner__user", "slot__appointment_type", "order", "room", "patient__user", "policy"
    )


@for_patients
def visits(request: SignedInRequest, patient: Patient) -> HttpResponse:
    now = timezone.now()
    ahead = own(request.user).filter(status__in=LIVE, ends_at__gt=now)
    earlier = own(request.user).asked_for().exclude(status__in=LIVE, ends_at__gt=now)
    offers = [*offers_to(request.user).open(now)]
    context = {
        "offers": offers,
        "ahead": ahead.exclude(offer__in=offers).order_by("starts_at"),
        "earlier": Paginator(earlier, PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "clinic/appointment_list.html", context)


@for_patients
def appointment(request: SignedInRequest, patient: Patient, pk: UUID) -> HttpResponse:
    found = get_object_or_404(own(request.user), pk=pk)
    if exchange := filling.exchange_for(found):
        return redirect("waiting-offer", pk=exchange.pk)
    record_viewed.send(Appointment, record=found, request=request, action="read")
    return show(request, found)


def show(
    request: SignedInRequest, found: Appointment, *, agree: HoldForm | None = None, status: int = 200
) -> HttpResponse:
    """Its page. What the practice booked for them, the patient agrees to before they pay: ``agree`` asks."""
    now = timezone.now()
    asks = to_agree_to(found)
    context = {
        "agree": agree or HoldForm(points=len(asks), read=consenting.mark(asks)) if asks else None,
        "consents": consenting.words(asks, policy=found.policy),
        "weeks": following.weeks_ahead(found) if found.status == Appointment.Status.COMPLETED else None,
        "appointment": found,
        "may_answer": found.status in answering.OPEN,
        "answered": answering.how_far(found, by=request.user),
        "now": now,
        "may_move": reckoning.free_until(found) > now,
        "doors_open_at": attending.doors_open_at(found),
        "receipts": Receipt.objects.visible_to(request.user)
        .filter(order=found.order_id)
        .select_related("paper", "replaced_by"),
    }
    return render(request, "clinic/appointment.html", context, status=status)


def to_agree_to(found: Appointment) -> dict[str, ConsentText]:
    """What is still to be agreed to before it can be paid for."""
    is_held = found.status == Appointment.Status.HELD
    return consenting.lacking(found.patient, policy=found.policy) if is_held else {}


@for_patients
def status(request: SignedInRequest, patient: Patient, pk: UUID) -> JsonResponse:
    """Where an appointment stands; asked by the page that waits for a payment."""
    return JsonResponse({"status": get_object_or_404(own(request.user), pk=pk).status})


@for_patients
def cancel(request: SignedInRequest, patient: Patient, pk: UUID) -> HttpResponse:
    found = get_object_or_404(own(request.user), pk=pk)
    form = CancelForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        why = form.cleaned_data["why"] or "The patient cancelled."
        cancelling.cancel(found, by=request.user, why=why, read=form.cleaned_data["read"])
        messages.success(request, "Your appointment was cancelled.")
        return redirect("appointment", pk=pk)
    what = reckoning.if_cancelled(found, side=Appointment.Side.PATIENT, now=timezone.now())
    form.initial["read"] = reckoning.shown(what)
    context = {
        "appointment": found,
        "form": form,
        "what": what,
        "free_until": clocks.in_words(reckoning.free_until(found), zone=request.user.time_zone),
    }
    return render(request, "clinic/appointment_cancel.html", context, status=400 if form.errors else 200)


@require_POST
@for_patients
def arrive(request: SignedInRequest, patient: Patient, pk: UUID) -> HttpResponse:
    attending.arrive(get_object_or_404(own(request.user), pk=pk), by=request.user)
    messages.success(request, "The doctor can see that you are here. Please keep this page open.")
    return redirect("appointment", pk=pk)
