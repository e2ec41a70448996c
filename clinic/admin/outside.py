"""The screens on which somebody says what becomes of appointments outside their doctor's hours."""

from __future__ import annotations

from decimal import Decimal
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone

from clinic import reckoning, resettling
from clinic.admin import moves
from clinic.forms.outside import DecisionForm, WhoseForm
from clinic.models import Appointment, Practitioner
from config.base import SignedInRequest, record_viewed

if TYPE_CHECKING:
    from clinic.models import User

PER_PAGE = 50
BAD = HTTPStatus.BAD_REQUEST


def may_decide(user: User) -> bool:
    return user.has_perm("clinic.view_appointment") and user.has_perm("clinic.cancel_appointment")


def address(practitioner: Practitioner | None = None) -> str:
    """The list, of all doctors or of one."""
    listed = reverse("admin:clinic_roster_outside")
    return f"{listed}?{urlencode({'practitioner': practitioner.pk})}" if practitioner else listed


class OutsideScreens:
    """Adds the screens to an admin; all of them stand under its list."""

    def get_urls(self) -> list:
        guard = self.admin_site.admin_view  # type: ignore[attr-defined]  # mixed into a ModelAdmin
        return [
            path("outside/", guard(self.outside), name="clinic_roster_outside"),
            path("outside/<uuid:pk>/", guard(self.elsewhere), name="clinic_roster_elsewhere"),
            *super().get_urls(),  # type: ignore[misc]
        ]

    def outside(self, request: SignedInRequest) -> HttpResponse:
        """All of them, to be kept or cancelled, one or many at once."""
        _guard(request)
        practitioners = Practitioner.objects.visible_to(request.user).select_related("user")
        whose = WhoseForm(request.GET, practitioners=practitioners)
        practitioner = whose.cleaned_data.get("practitioner") if whose.is_valid() else None
        cases = resettling.open_cases(request.user, practitioner=practitioner)
        form = DecisionForm(request.POST if request.method == "POST" else None, open_cases=cases)
        if form.is_valid():
            if form.cleaned_data["decision"] == "cancel" and not form.cleaned_data["is_sure"]:
                return self._page(request, "admin/outside/sure.html", {"form": form, **_at_stake(form)})
            _decide(request, form)
            return redirect(request.get_full_path())
        page = Paginator(cases, PER_PAGE).get_page(request.GET.get("page"))
        context = {"whose": whose, "form": form, "page": page, "cases": resettling.explain(page.object_list)}
        return self._page(
            request, "admin/outside/list.html", context, status=BAD if form.errors else HTTPStatus.OK
        )

    def elsewhere(self, request: SignedInRequest, pk: UUID) -> HttpResponse:
        """Another time for one of them."""
        _guard(request)
        appointment = get_object_or_404(resettling.open_cases(request.user), pk=pk)
        form = moves.form_for(request)
        if moves.moved(request, appointment, form, rule=resettling.move):
            return redirect(address())
        if request.method == "GET":
            record_viewed.send(Appointment, record=appointment, request=request, action="read")
        (case,) = resettling.explain([appointment])
        context = {"case": case, "form": form, **moves.times_for(request, appointment)}
        refused = request.method == "POST"
        return self._page(
            request, "admin/outside/move.html", context, status=BAD if refused else HTTPStatus.OK
        )

    def _page(
        self,
        request: SignedInRequest,
        template: str,
        context: dict[str, Any],
        *,
        status: int = HTTPStatus.OK,
    ) -> HttpResponse:
        common = {
            **self.admin_site.each_context(request),  # type: ignore[attr-defined]
            "title": "Appointments outside the doctor’s hours",
            "opts": self.opts,  # type: ignore[attr-defined]
        }
        return TemplateResponse(request, template, common | context, status=status)


def _guard(request: SignedInRequest) -> None:
    if not may_decide(request.user):
        raise PermissionDenied


def _at_stake(form: DecisionForm) -> dict[str, Any]:
    """What a cancellation of those that are ticked would cost."""
    chosen = list(form.cleaned_data["chosen"])
    now, side = timezone.now(), Appointment.Side.PRACTICE
    refund = sum((reckoning.if_cancelled(each, side=side, now=now).back for each in chosen), Decimal())
    return {"chosen": chosen, "refund": refund}


def _decide(request: SignedInRequest, form: DecisionForm) -> None:
    decide, done = {
        "keep": (resettling.keep_all, "take place all the same"),
        "cancel": (resettling.cancel_all, "are cancelled; the money goes back, and letters are sent"),
    }[form.cleaned_data["decision"]]
    outcome = decide(form.cleaned_data["chosen"], by=request.user, why=form.cleaned_data["why"])
    if outcome.done:
        messages.success(request, f"Appointments that {done}: {outcome.done}.")
    for sentence in outcome.refused:
        messages.error(request, sentence)
