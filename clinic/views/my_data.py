"""My data: a copy, a correction, offers, who gets it abroad, and closing the account."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic import consenting, copying, leaving, opting, requesting, retaining, sharing
from clinic.forms.privacy import CloseForm, CorrectionForm, PasswordForm
from clinic.models import (
    Consent,
    IncidentNotice,
    Patient,
    PrivacyRequest,
    RecordCopy,
)
from clinic.views.patients import for_patients
from config.base import Refused, SignedInRequest, record_viewed

Kind = PrivacyRequest.Kind


@for_patients
@require_safe
@never_cache
def my_data(request: SignedInRequest, patient: Patient) -> HttpResponse:
    return _page(request, patient, PasswordForm(request=request))


def _page(request: SignedInRequest, patient: Patient, form: PasswordForm) -> HttpResponse:
    own = PrivacyRequest.objects.visible_to(request.user).filter(patient=patient)
    asked = [*own.select_related("copy").prefetch_related("texts")]
    making = next((one for one in asked if one.status == PrivacyRequest.Status.PREPARING), None)
    context = {
        "form": form,
        "asked": asked,
        "now": timezone.now(),
        "making": making,
        "percent": copying.progress(making) if making else 0,
        "may_ask_copy": not any(one.kind == Kind.ACCESS and one.due_on for one in asked),
        "recipients": sharing.current(),
        "wants_offers": opting.is_wanted_by(patient),
        "offers_text": consenting.text(Consent.Kind.MARKETING),
        "kept_until": retaining.until_of(patient),
    }
    status = HTTPStatus.BAD_REQUEST if form.errors else HTTPStatus.OK
    return render(request, "clinic/my_data.html", context, status=status)


@sensitive_post_parameters("password")
@for_patients
@require_POST
def copy_ask(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """Ask for a copy of the file; the password says who asks."""
    form = PasswordForm(request.POST, request=request)
    if not form.is_valid():
        return _page(request, patient, form)
    requesting.ask(patient, kind=Kind.ACCESS, by=request.user, identity_how=requesting.BY_SIGNING_IN)
    messages.success(request, "We have your request. You get a letter when the copy is ready.")
    return redirect("my-data")


@for_patients
@require_safe
@never_cache
def copy_file(request: SignedInRequest, patient: Patient, pk: UUID) -> HttpResponse:
    """Hand a copy out to whom it is of, for a few days; every time is in the trail."""
    found = get_object_or_404(RecordCopy.objects.visible_to(request.user), pk=pk)
    content = copying.read(found)
    record_viewed.send(RecordCopy, record=found, request=request, action="download")
    return HttpResponse(
        content,
        content_type="application/zip",
        headers={
            "Content-Disposition": 'attachment; filename="my-file.zip"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        },
    )


@for_patients
@require_http_methods(["GET", "HEAD", "POST"])
def correction(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """Ask that something be corrected."""
    form = CorrectionForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            requesting.ask(
                patient,
                kind=Kind.CORRECTION,
                text=form.cleaned_data["text"],
                is_clinical=form.cleaned_data["about"] == "health",
                by=request.user,
                identity_how="Signed in.",
            )
        except Refused as no:
            form.add_error(None, str(no))
        else:
            messages.success(request, "We have your request, and answer it within 30 days.")
            return redirect("my-data")
    status = HTTPStatus.BAD_REQUEST if form.errors else HTTPStatus.OK
    return render(request, "clinic/my_data_correction.html", {"form": form}, status=status)


@for_patients
@require_POST
def withdraw(request: SignedInRequest, patient: Patient, pk: UUID) -> HttpResponse:
    """Take a request back."""
    own = PrivacyRequest.objects.visible_to(request.user).filter(patient=patient)
    requesting.withdraw(get_object_or_404(own, pk=pk), by=request.user)
    messages.success(request, "Your request is taken back.")
    return redirect("my-data")


@for_patients
@require_POST
def offers(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """Say yes or no to offers."""
    wanted = request.POST.get("wanted") == "yes"
    opting.choose(patient, wanted=wanted, by=request.user)
    told = "You said yes to offers. You can end them here at any time."
    messages.success(request, told if wanted else "You get no offers.")
    return redirect("my-data")


@sensitive_post_parameters("password")
@for_patients
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """Close the account, knowing what is kept and for how long."""
    form = CloseForm(request.POST if request.method == "POST" else None, request=request)
    if form.is_valid():
        try:
            leaving.close(patient, cancels=form.cleaned_data["cancels"], by=request.user)
        except Refused as no:
            form.add_error(None, str(no))
        else:
            logout(request)
            return redirect("account-closed")
    to_come = leaving.to_come(patient).select_related("slot__practitioner__user", "slot__appointment_type")
    context = {"form": form, "to_come": [*to_come], "kept_until": retaining.until_of(patient)}
    status = HTTPStatus.BAD_REQUEST if form.errors else HTTPStatus.OK
    return render(request, "clinic/my_data_close.html", context, status=status)


@require_safe
def closed(request: HttpRequest) -> HttpResponse:
    """What whoever has just closed their account reads; it tells nothing of anybody."""
    return render(request, "clinic/account_closed.html")


@for_patients
@require_safe
@never_cache
def incident(request: SignedInRequest, patient: Patient, pk: UUID) -> HttpResponse:
    """What happened to one's information, and what to do."""
    own = IncidentNotice.objects.visible_to(request.user).select_related("incident")
    notice = get_object_or_404(own, incident=pk)
    record_viewed.send(IncidentNotice, record=notice, request=request, action="read")
    return render(request, "clinic/incident_notice.html", {"notice": notice, "incident": notice.incident})


@csrf_exempt  # a mail program sends it, by one click (RFC 8058)
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables("token")
def offers_end(request: HttpRequest, token: str) -> HttpResponse:
    """No more offers, for whoever has the letter; a look alone changes nothing, for scanners open links."""
    status, done, why = HTTPStatus.OK, False, ""
    try:
        patient = opting.patient_of(token)
        if request.method == "POST":
            opting.choose(patient, wanted=False, by=None, why=opting.BY_LINK)
            done = True
    except opting.NoSuchLink as no:
        status, why = HTTPStatus.NOT_FOUND, str(no)
    answer = render(request, "clinic/offers_end.html", {"is_done": done, "why": why}, status=status)
    answer._has_been_logged = True  # type: ignore[attr-defined]  # or the log would keep the address
    answer.headers["X-Robots-Tag"], answer.headers["Referrer-Policy"] = "noindex", "same-origin"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
