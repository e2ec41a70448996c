"""What a patient agreed to: in which words, when, and taking it back."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from clinic import agreeing
from clinic.models import Consent, Patient
from clinic.views.patients import for_patients
from config.base import SignedInRequest


@for_patients
@require_safe
@never_cache
def consents(request: SignedInRequest, patient: Patient) -> HttpResponse:
    return render(request, "clinic/consent_list.html", {"standings": agreeing.standings(patient)})


@for_patients
@require_POST
def answer(request: SignedInRequest, patient: Patient, kind: str) -> HttpResponse:
    """Take one yes back, or give it again to the words that the page showed."""
    if kind not in Consent.Kind.values:
        raise Http404
    if request.POST.get("answer") == Consent.Answer.GIVEN:
        agreeing.agree_again(patient, kind=kind, read=request.POST.get("read", ""), by=request.user)
        messages.success(request, "You have agreed. We have noted it.")
    else:
        agreeing.withdraw(patient, kind=kind, by=request.user)
        messages.success(request, f"Withdrawn, and noted. {agreeing.CONSEQUENCES[Consent.Kind(kind)]}")
    return redirect("consents")
