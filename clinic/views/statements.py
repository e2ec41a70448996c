"""A patient's statement."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpResponse
from django.shortcuts import render

from billing import stating
from billing.forms import PeriodForm
from billing.periods import usual
from clinic.models import Patient
from clinic.views.patients import for_patients
from config.base import SignedInRequest, record_viewed


@for_patients
def statement(request: SignedInRequest, patient: Patient) -> HttpResponse:
    form = PeriodForm(request.GET)
    period = form.period
    stated = stating.statement(request.user, period.since, period.until)
    record_viewed.send(type(request.user), record=request.user, request=request, action="read")
    context = {"form": form, "period": period, "stated": stated, "usual": usual()}
    status = HTTPStatus.BAD_REQUEST if form.complaint else HTTPStatus.OK
    return render(request, "clinic/statement.html", context, status=status)
