"""The public front page, and what a patient sees first."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing.models import Receipt
from clinic import offering, profiling
from clinic.models import LIVE, Appointment, Document, Patient
from clinic.views import pages
from clinic.views.patients import for_patients
from clinic.views.waiting import offers_to
from config.base import SignedInRequest

NEWEST = 3


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The start page that the practice wrote, or the one that comes with the product."""
    return pages.public(request, "/") or render(
        request, "clinic/home.html", {"doctors": offering.doctors(), "kinds": offering.fees()}
    )


@for_patients
def portal(request: SignedInRequest, patient: Patient) -> HttpResponse:
    own = Appointment.objects.visible_to(request.user).select_related(
        "slot__practitioner__user", "slot__appointment_type", "order"
    )
    now = timezone.now()
    offers = [*offers_to(request.user).open(now)]
    kept = own.filter(status__in=LIVE, ends_at__gt=now).exclude(offer__in=offers)
    ahead = [*kept.order_by("starts_at")[:5]]
    documents = Document.objects.visible_to(request.user)
    context = {
        "offers": offers,
        "next": ahead[0] if ahead else None,
        "later": ahead[1:],
        "documents": [*documents[:NEWEST]],
        "receipt": Receipt.objects.visible_to(request.user).first(),
        "missing": profiling.missing(patient),
        "now": now,
    }
    return render(request, "clinic/home_portal.html", context)
