"""The registers of scripts on the staff site: looked at, printed, and taken along as a table."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone

from clinic import auditing, registering, watching
from clinic.forms.periods import PeriodForm
from clinic.models import AuditEvent, Practice
from config import printing, spreadsheets, stepping
from config.base import SignedInRequest

PER_PAGE = 50


class RegisterScreens:
    """Adds the registers to the admin of prescriptions."""

    def get_urls(self) -> list:
        guard = self.admin_site.admin_view  # type: ignore[attr-defined]  # mixed into a ModelAdmin
        download = guard(stepping.step_up(self.register_file))
        return [
            path("watch/", guard(self.watch), name="clinic_watch_changelist"),
            path("registers/", guard(self.registers), name="clinic_register_changelist"),
            path("registers/<slug:name>/", guard(self.register), name="clinic_register"),
            path("registers/<slug:name>/file.<slug:kind>", download, name="clinic_register_file"),
            *super().get_urls(),  # type: ignore[misc]
        ]

    def registers(self, request: SignedInRequest) -> HttpResponse:
        return self.register(request, "s8-register")

    def watch(self, request: SignedInRequest) -> HttpResponse:
        """Prescribing in figures: without a patient, without a medicine."""
        if not watching.may_watch(request.user):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),  # type: ignore[attr-defined]
            "title": "Prescribing in figures",
            # The way up is shown to those who may go there: managers see figures, not prescriptions.
            "opts": self.opts if self.has_view_permission(request) else None,  # type: ignore[attr-defined]
            "may_register": request.user.has_perm("clinic.view_register"),
            "prescribers": watching.prescribers(request.user),
            "chart": watching.chart(request.user),
            "most": watching.MOST_SCRIPTS,
            "shortest": watching.SHORTEST_MEDIAN,
        }
        return TemplateResponse(request, "admin/registers/watch.html", context)

    def register(self, request: SignedInRequest, name: str) -> HttpResponse:
        """A register of some days."""
        form, register = _ask(request, name)
        if register:
            auditing.note(AuditEvent.Action.READ, by=request.user, request=request, register=name)
        context = {
            **self.admin_site.each_context(request),  # type: ignore[attr-defined]
            "title": registering.TITLES[name],
            "opts": self.opts,  # type: ignore[attr-defined]
            "name": name,
            "form": form,
            "register": register,
            "page": Paginator(register.rows, PER_PAGE).get_page(request.GET.get("page")) if register else [],
            "kinds": ["pdf", *spreadsheets.FORMATS],
            "is_fullwidth": "1",
        }
        status = HTTPStatus.OK if register else HTTPStatus.BAD_REQUEST
        return TemplateResponse(request, "admin/registers/register.html", context, status=status)

    def register_file(self, request: SignedInRequest, name: str, kind: str) -> HttpResponse:
        """The same as a file; that somebody took it along is in the trail."""
        form, register = _ask(request, name)
        if register is None or kind not in {"pdf", *spreadsheets.FORMATS}:
            raise Http404
        auditing.note(AuditEvent.Action.EXPORT, by=request.user, request=request, register=name, kind=kind)
        first, last = form.cleaned_data["first"], form.cleaned_data["last"]
        file_name = f"{name}-{first:%Y-%m-%d}-{last:%Y-%m-%d}"
        if kind != "pdf":
            return spreadsheets.download(kind, register.headings, register.rows, name=file_name)
        pdf = _print(register, form, by=request.user)
        return printing.download(pdf, file_name=f"{file_name}.pdf")


def _ask(request: SignedInRequest, name: str) -> tuple[PeriodForm, registering.Register | None]:
    if not request.user.has_perm("clinic.view_register"):
        raise PermissionDenied
    if name not in registering.REGISTERS:
        raise Http404
    form = PeriodForm(request.GET)
    if not form.is_valid():
        return form, None
    first, last = form.cleaned_data["first"], form.cleaned_data["last"]
    return form, registering.REGISTERS[name](request.user, first=first, last=last)


def _print(register: registering.Register, form: PeriodForm, *, by: Any) -> bytes:
    days = {"first": form.cleaned_data["first"], "last": form.cleaned_data["last"]}
    content, now = registering.as_content(register, **days), timezone.localtime()
    attached = printing.Attachment(
        name=f"{register.name}.json", description="The register as a table", content=content, made_at=now
    )
    entries = [[*zip(register.headings, row, strict=True)] for row in register.rows]
    context = {
        "register": register,
        "entries": entries,
        "practice": Practice.objects.visible_to(by).current(),
        "by": by,
        "now": now,
        **days,
    }
    return printing.write(
        "clinic/pdf/register.html", context, attached=attached, identity=f"{register.name}{now}"
    )
