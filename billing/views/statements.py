"""A payer's own statement as a file."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse

from billing import rendering, stating
from billing.forms import PeriodForm
from config import printing, spreadsheets
from config.base import SignedInRequest, record_viewed
from messaging.views.doors import signed_in

if TYPE_CHECKING:
    from clinic.models import User

PAPER = "pdf"


@signed_in
def statement(request: SignedInRequest, kind: str) -> HttpResponse:
    """Hand their own statement out to whoever is signed in."""
    return hand_out(request, request.user, kind=kind)


def hand_out(request: SignedInRequest, payer: User, *, kind: str) -> HttpResponse:
    """Answer with the statement of ``payer`` as a paper or a table; every time is in the audit trail."""
    if kind not in {PAPER, *spreadsheets.FORMATS}:
        raise Http404
    form = PeriodForm(request.GET)
    if form.complaint:
        return HttpResponse(form.complaint, status=HTTPStatus.BAD_REQUEST, content_type="text/plain")
    period = form.period
    stated = stating.statement(payer, period.since, period.until)
    name = f"statement-{period.first}-{period.last}"
    if kind == PAPER:
        pdf = rendering.write_statement(stated, payer=payer, period=period)
        answer = printing.download(pdf, file_name=f"{name}.pdf")
    else:
        rows = stating.table(stated, zone=period.zone)
        answer = spreadsheets.download(kind, stating.HEADINGS, rows, name=name)
    action = "download" if kind == PAPER else "export"
    record_viewed.send(type(payer), record=payer, request=request, action=action)
    return answer
