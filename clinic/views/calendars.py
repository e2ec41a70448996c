"""Appointments as calendar files: one at a time, or as an address that a calendar reads again and again."""

from __future__ import annotations

import hashlib
from http import HTTPStatus
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.http import quote_etag
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import condition, require_POST, require_safe

from clinic import calendars, subscribing
from clinic.models import BOOKED, Appointment, Patient
from clinic.views.patients import for_patients
from config import stepping
from config.base import SignedInRequest, record_viewed

MEDIA_TYPE = "text/calendar; charset=utf-8"


@for_patients
def appointment_file(request: SignedInRequest, patient: Patient, pk: UUID) -> HttpResponse:
    """One appointment, to put into any calendar."""
    own = Appointment.objects.visible_to(request.user).filter(status__in=BOOKED)
    found = get_object_or_404(own, pk=pk)
    record_viewed.send(Appointment, record=found, request=request, action="download")
    return _file(calendars.file(found), name="appointment.ics")


@login_required
@never_cache
def calendar(request: SignedInRequest) -> HttpResponse:
    """Whether one's own calendar can be subscribed to, and since when."""
    return _page(request)


@require_POST
@login_required
@never_cache
@sensitive_variables("address")
def calendar_open(request: SignedInRequest) -> HttpResponse:
    """A new address: on this one page, once."""
    if request.user.is_staff and not stepping.second_factor_fresh(request):
        return stepping.ask_second_factor(request)
    token = subscribing.open(request.user)
    address = settings.BASE_URL.rstrip("/") + reverse("calendar-feed", args=[token])
    return _page(request, address=address, subscribe="webcal:" + address.partition(":")[2])


@require_POST
@login_required
def calendar_close(request: SignedInRequest) -> HttpResponse:
    subscribing.close(request.user)
    messages.success(request, "The address is turned off. Calendars that used it show nothing new.")
    return redirect("calendar")


def _page(request: SignedInRequest, **more: str) -> HttpResponse:
    if not subscribing.may_have_one(request.user):
        raise Http404
    layout = "base.html" if request.user.is_staff else "portal.html"
    context = {"feed": subscribing.of(request.user), "layout": layout, **more}
    return render(request, "clinic/calendar.html", context)


@require_safe
@sensitive_variables("token")
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """A whole calendar, for whoever knows its address. No sign-in: calendars have none."""
    try:
        text = subscribing.read(token, address=request.META.get("REMOTE_ADDR", ""))
    except subscribing.NoCalendar as no:
        return _silent(no, HTTPStatus.NOT_FOUND)
    except subscribing.TooOften as no:
        return _silent(no, HTTPStatus.TOO_MANY_REQUESTS)
    etag = quote_etag(hashlib.sha256(text.encode()).hexdigest())
    answer = condition(etag_func=lambda request: etag)(lambda request: _file(text, name="calendar.ics"))
    return _secret(answer(request))


def _file(text: str, *, name: str) -> HttpResponse:
    disposition = f'inline; filename="{name}"'
    return HttpResponse(text, content_type=MEDIA_TYPE, headers={"Content-Disposition": disposition})


def _silent(why: Exception, status: HTTPStatus) -> HttpResponse:
    answer = HttpResponse(f"{why}\n", content_type="text/plain; charset=utf-8", status=status)
    answer._has_been_logged = True  # type: ignore[attr-defined]  # or the log would keep the secret address
    return _secret(answer)


def _secret(answer: HttpResponse) -> HttpResponse:
    patch_cache_control(answer, private=True, no_store=True)
    answer.headers["X-Robots-Tag"], answer.headers["Referrer-Policy"] = "noindex", "no-referrer"
    return answer
