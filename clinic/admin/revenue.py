"""Revenue on the staff site: a chart, three tables, and the period before beside them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Any, NamedTuple

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from billing.forms import PeriodForm
from billing.periods import Period, usual
from clinic import auditing, earning
from clinic.boards.figures import COLOURS, Chart
from clinic.earning import Revenue, Row
from clinic.models import AuditEvent
from config import spreadsheets, stepping
from config.base import SignedInRequest

REST = "All others"


class Tally(NamedTuple):
    """One table of the page."""

    title: str
    what: str
    rows: list[Row]


def urls(guard: Callable[..., Any]) -> list[URLPattern]:
    return [
        path("revenue/", guard(page), name="clinic_revenue_changelist"),
        path("revenue/<str:kind>/", guard(stepping.step_up(file)), name="clinic_revenue_file"),
    ]


def page(request: SignedInRequest) -> HttpResponse:
    """Show what was earned; a doctor sees their own."""
    form, found = _asked(request)
    tables = [
        Tally("By practitioner", "Practitioner", found.by_practitioner),
        Tally("By appointment type", "Appointment type", found.by_type),
    ]
    context = {
        **admin.site.each_context(request),
        "title": "Revenue",
        "form": form,
        "period": found.period,
        "before": found.period.before,
        "usual": usual(),
        "revenue": found,
        "is_own": not request.user.has_perm("clinic.view_every_revenue"),
        "may_export": request.user.has_perm("clinic.export_revenue"),
        "kinds": [*spreadsheets.FORMATS],
        "tables": tables,
        "chart": chart(found),
        "change": _change(found.total),
    }
    status = HTTPStatus.BAD_REQUEST if form.complaint else HTTPStatus.OK
    return TemplateResponse(request, "admin/money/revenue.html", context, status=status)


def file(request: SignedInRequest, kind: str) -> HttpResponse:
    """Hand the same out as a table."""
    form, found = _asked(request)
    if not request.user.has_perm("clinic.export_revenue"):
        raise PermissionDenied
    if kind not in spreadsheets.FORMATS:
        raise Http404
    if form.complaint:
        return HttpResponse(form.complaint, status=HTTPStatus.BAD_REQUEST, content_type="text/plain")
    period = found.period
    auditing.note(
        AuditEvent.Action.EXPORT, by=request.user, request=request, why=f"Revenue, {_days(period)}."
    )
    name = f"revenue-{period.first}-{period.last}"
    return spreadsheets.download(kind, earning.HEADINGS, earning.table(found), name=name)


def _asked(request: SignedInRequest) -> tuple[PeriodForm, Revenue]:
    if not request.user.has_perm("clinic.view_revenue"):
        raise PermissionDenied
    form = PeriodForm(request.GET)
    return form, earning.revenue(form.period, by=request.user)


def _days(period: Period) -> str:
    return f"{period.first:%-d %B %Y} to {period.last:%-d %B %Y}"


def chart(found: Revenue) -> Chart:
    """The weeks, each stacked up from the appointment types that earned most."""
    period = found.period
    weeks = [period.first - timedelta(days=period.first.weekday())]
    while weeks[-1] + timedelta(days=7) <= period.last:
        weeks.append(weeks[-1] + timedelta(days=7))
    kinds = [row.name for row in found.by_type if row.now]
    shown = kinds if len(kinds) <= len(COLOURS) else kinds[: len(COLOURS) - 1]
    series: dict[str, dict[Any, Decimal]] = {kind: {} for kind in shown}
    for part in found.parts:
        if part.is_now:
            name = part.appointment_type if part.appointment_type in series else REST
            sums = series.setdefault(name, {})
            sums[part.week] = sums.get(part.week, Decimal(0)) + part.earned.net
    drawn = {name: [float(sums.get(week, 0)) for week in weeks] for name, sums in series.items()}
    return Chart("Net revenue by week", weeks, drawn, "A$")


def _change(total: Row) -> str:
    """By how much more or less than before, in words."""
    if not total.before.net:
        return ""
    share = (total.now.net - total.before.net) / abs(total.before.net) * 100
    return f"{abs(share):.0f}% {'more' if share >= 0 else 'less'} than in the days before"
