"""Who opened my record."""

from __future__ import annotations

import datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_date
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic import disclosing
from clinic.models import Patient
from clinic.views.patients import for_patients
from config.base import SignedInRequest


@for_patients
@require_safe
@never_cache
def opened(request: SignedInRequest, patient: Patient) -> HttpResponse:
    """The newest days, or those before one that a link names."""
    days, goes_on = disclosing.days(patient, before=_day(request.GET.get("before", "")))
    return render(request, "clinic/opened.html", {"days": days, "goes_on": goes_on})


def _day(text: str) -> datetime.date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None
