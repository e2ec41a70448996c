"""Closing a day of money in one screen: its figures, the signature, and what came later all the same."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from typing import Any, NamedTuple

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, Sum
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.decorators import display

from billing import closing, exporting
from billing.admin.figures import rows_of, signed_pairs, within
from billing.closing import Day, Standing
from billing.forms import DayForm
from billing.models import DayClose, Difference, Entry, Reconciliation
from config.admin import FactAdmin
from config.base import Refused, SignedInRequest, enqueue
from config.exports import Exports

MOST_LATE = 25  # entries shown of those that came after the signature
WORDS = {
    "open": "To be signed off",
    "running": "Not over yet",
    "closed": "Signed off",
    "changed": "Changed since it was signed off",
}


class SignForm(DayForm):
    why = forms.CharField(required=False, strip=True, max_length=1000)


class Cell(NamedTuple):
    """One day of the calendar."""

    standing: Standing
    link: str
    words: str
    is_shown: bool
    is_of_month: bool


@admin.register(DayClose)
class DayCloseAdmin(Exports, FactAdmin):
    resource_classes = [exporting.CLOSES]
    fields = [
        ("day", "number", "zone"),
        ("recorded_by", "recorded_at"),
        "why",
        "show_figures",
        "fingerprint",
        "show_genuine",
    ]
    readonly_fields = [
        "day",
        "number",
        "zone",
        "recorded_by",
        "recorded_at",
        "why",
        "show_figures",
        "fingerprint",
        "show_genuine",
    ]

    def get_urls(self) -> list:
        guard = self.admin_site.admin_view
        return [
            path("sign/", guard(require_POST(self.sign)), name="billing_dayclose_sign"),
            path("compare/", guard(require_POST(self.compare)), name="billing_dayclose_compare"),
            *super().get_urls(),
        ]

    def changelist_view(self, request, extra_context=None):
        """Show one day, and its month."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        today = closing.today()
        form = DayForm(request.GET if "day" in request.GET else None)
        mistake = form.is_bound and not form.is_valid()
        on = form.cleaned_data["day"] if form.is_valid() else today.on - timedelta(days=1)
        weeks = calendar.Calendar().monthdatescalendar(on.year, on.month)
        month = {one.day.on: one for one in closing.standings(weeks[0][0], weeks[-1][-1], zone=today.zone)}
        context = {
            **self.admin_site.each_context(request),
            "title": "Day close",
            "opts": self.opts,
            "has_export_permission": self.has_export_permission(request),
            "mistake": mistake,
            "weeks": [[_cell(month[day], shown=on) for day in week] for week in weeks],
            "earlier": _address(on.replace(day=1) - timedelta(days=1)),
            "later": _address(_first_of_next_month(on)),
            **self._day(request, month[on]),
        }
        context |= extra_context or {}
        return TemplateResponse(request, "admin/money/day.html", context, status=400 if mistake else 200)

    def _day(self, request: SignedInRequest, standing: Standing) -> dict[str, Any]:
        user = request.user
        close = standing.closed
        late: Any = (
            closing.late_entries(close).visible_to(user)
            if close and standing.has_changed
            else Entry.objects.none()
        )
        moved = Sum("postings__amount", filter=Q(postings__amount__gt=0))
        shown = list(late.annotate(moved=moved).select_related("order", "recorded_by")[: MOST_LATE + 1])
        return {
            "standing": standing,
            "state_in_words": WORDS[standing.state],
            "rows": rows_of(standing),
            "late": shown[:MOST_LATE],
            "late_more": len(shown) > MOST_LATE,
            "signature": close,
            "signature_link": reverse("admin:billing_dayclose_change", args=[close.pk]) if close else "",
            "may_sign": user.has_perm("billing.sign_dayclose")
            and standing.is_over
            and (close is None or standing.has_changed),
            "differences_link": _narrowed("difference", standing.day, "happened_at", status__exact="open"),
            "events_link": _narrowed("stripeevent", standing.day, "received_at", processed_at__isnull="True"),
            "needs_why": bool(standing.waiting or close),
            "may_compare": user.has_perm("billing.add_reconciliation"),
            "comparison": Reconciliation.objects.visible_to(user).first(),
            "open_differences": Difference.objects.visible_to(user).open().count(),
        }

    def sign(self, request: SignedInRequest) -> HttpResponse:
        if not request.user.has_perm("billing.sign_dayclose"):
            raise PermissionDenied
        form = SignForm(request.POST)
        if not form.is_valid():
            messages.error(request, "Please choose a day, and write at most 1,000 characters.")
            return redirect("admin:billing_dayclose_changelist")
        on = form.cleaned_data["day"]
        try:
            closing.sign(Day(on, closing.zone()), by=request.user, why=form.cleaned_data["why"])
        except Refused as no:
            messages.error(request, str(no))
        else:
            messages.success(request, f"{on:%A %-d %B %Y} is signed off.")
        return redirect(_address(on))

    def compare(self, request: SignedInRequest) -> HttpResponse:
        if not request.user.has_perm("billing.add_reconciliation"):
            raise PermissionDenied
        enqueue("billing.tasks.reconcile_for", request.user.pk)
        messages.success(
            request, "Stripe is being asked. Reload this page in a minute to see what came of it."
        )
        form = DayForm(request.POST)
        return redirect(_address(form.cleaned_data["day"]) if form.is_valid() else _list())

    @display(description="Figures as signed")
    def show_figures(self, close: DayClose) -> SafeString:
        pairs = signed_pairs(close.figures["figures"])
        lines = format_html_join("", "<li><span><span>{}</span><span>{}</span></span></li>", pairs)
        return format_html('<ul class="desk-queues">{}</ul>', lines)

    @display(description="As they were signed", boolean=True)
    def show_genuine(self, close: DayClose) -> bool:
        return closing.is_genuine(close)


def _list() -> str:
    return reverse("admin:billing_dayclose_changelist")


def _address(on: date) -> str:
    return f"{_list()}?{urlencode({'day': on.isoformat()})}"


def _narrowed(model: str, day: Day, moment: str, **having: str) -> str:
    """A list of what happened on ``day``."""
    asked = urlencode({**within(day, moment), **having})
    return f"{reverse(f'admin:billing_{model}_changelist')}?{asked}"


def _first_of_next_month(on: date) -> date:
    return (on.replace(day=28) + timedelta(days=4)).replace(day=1)


def _cell(standing: Standing, *, shown: date) -> Cell:
    on = standing.day.on
    words = WORDS[standing.state]
    if standing.differences:
        words += f", differences: {standing.differences}"
    return Cell(standing, _address(on), words, is_shown=on == shown, is_of_month=on.month == shown.month)
