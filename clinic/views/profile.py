"""A patient's own details."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from clinic import profiling
from clinic.forms.profile import ProfileForm
from clinic.models import Patient
from clinic.views.patients import for_patients
from config.base import SignedInRequest, record_viewed


@for_patients
def profile(request: SignedInRequest, patient: Patient) -> HttpResponse:
    form = ProfileForm(patient, request.POST if request.method == "POST" else None)
    if form.is_valid():
        profiling.change(patient, by=request.user, **form.cleaned_data)
        messages.success(request, "Your details are saved.")
        return redirect("profile")
    if request.method == "GET":
        record_viewed.send(Patient, record=patient, request=request, action="read")
    context = {"form": form, "patient": patient, "missing": profiling.missing(patient)}
    return render(request, "clinic/home_profile.html", context, status=400 if form.errors else 200)
