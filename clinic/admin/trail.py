"""The auditor's desk: a record's life, samples, rights on a day, sign-ins, saved views, evidence."""

from __future__ import annotations

import datetime
import tempfile
from http import HTTPStatus
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone

from clinic import auditing, entitling, living, packing, sampling, standing, viewing
from clinic.admin import recall
from clinic.forms.trail import PackForm, SampleForm, ViewForm
from clinic.models import AuditEvent
from config import stepping
from config.base import Refused, SignedInRequest

ORDER = {
    "sample": "Sample of scripts",
    "rights": "Rights on a day",
    "sign-ins": "Sign-ins",
}


class TrailScreens:
    """Adds the auditor's pages to the admin of audit events."""

    admin_site: Any
    opts: Any

    def get_urls(self) -> list:
        guard = self.admin_site.admin_view
        return [
            path("life/<str:label>/<uuid:pk>/", guard(self.life), name="clinic_auditevent_life"),
            path("sample/", guard(self.sample), name="clinic_auditevent_sample"),
            path("rights/", guard(self.rights), name="clinic_auditevent_rights"),
            path("sign-ins/", guard(self.sign_ins), name="clinic_auditevent_sign-ins"),
            path("views/", guard(self.keep_view), name="clinic_auditevent_views"),
            path("views/<uuid:pk>/drop/", guard(self.drop_view), name="clinic_auditevent_drop_view"),
            path("evidence/", guard(stepping.step_up(self.evidence)), name="clinic_auditevent_evidence"),
            *super().get_urls(),  # type: ignore[misc]
        ]

    def life(self, request: SignedInRequest, label: str, pk: UUID) -> HttpResponse:
        """Everything that was done with one record, each version with what it changed."""
        _require(request, "clinic.view_every_auditevent")
        try:
            told = living.of(label, pk, by=request.user)
        except living.NoSuchKind as no:
            raise Http404 from no
        if told.steps:
            auditing.note(AuditEvent.Action.READ, by=request.user, request=request, life=f"{label} {pk}")
        return self._page(
            request, "life", f"The life of one record: {told.name}", told=told, label=label, pk=pk
        )

    def sample(self, request: SignedInRequest) -> HttpResponse:
        """Scripts drawn by a seed, each with note, approval, monitoring and minutes."""
        _require(request, "clinic.view_every_clinical_record")
        form = SampleForm(request.GET or None)
        drawn = None
        if form.is_valid():
            drawn = sampling.draw(request.user, **form.wanted())
            auditing.note(
                AuditEvent.Action.READ, by=request.user, request=request, seed=form.cleaned_data["seed"],
                rows=str(len(drawn)),
            )  # fmt: skip
        rows = [(one, recall.page_as_at(one.script.encounter.patient, one.issued_at)) for one in drawn or []]
        status = HTTPStatus.BAD_REQUEST if form.is_bound and drawn is None else HTTPStatus.OK
        return self._page(
            request, "sample", ORDER["sample"], status=status, form=form, rows=rows, drawn=drawn
        )

    def rights(self, request: SignedInRequest) -> HttpResponse:
        """Who of the practice had which role at a moment, and what that role might do."""
        _require(request, "clinic.view_every_auditevent")
        at, wrong = _moment(request)
        told: dict[str, Any] = (
            {} if wrong else {"people": entitling.people(at), "rights": entitling.rights(at)}
        )
        status = HTTPStatus.BAD_REQUEST if wrong else HTTPStatus.OK
        said = request.GET.get("at", "")
        return self._page(
            request,
            "rights",
            ORDER["rights"],
            status=status,
            at=at,
            said=said,
            wrong=wrong,
            **told,
        )

    def sign_ins(self, request: SignedInRequest) -> HttpResponse:
        """Who of the staff signs in, with which second factor, and what failed."""
        _require(request, "clinic.view_every_auditevent")
        context: dict[str, Any] = {
            "staff": standing.staff(),
            "failures": standing.failures(),
            "days": standing.DAYS,
        }
        return self._page(request, "sign-ins", ORDER["sign-ins"], **context)

    def keep_view(self, request: SignedInRequest) -> HttpResponse:
        """Keep what the list shows under a name."""
        _require(request, "clinic.view_auditevent")
        if request.method != "POST":
            return redirect("admin:clinic_auditevent_changelist")
        form = ViewForm(request.POST)
        if form.is_valid():
            try:
                kept = viewing.keep(by=request.user, **form.cleaned_data)
            except Refused as no:
                messages.error(request, str(no))
            else:
                messages.success(request, f"“{kept}” is kept.")
        else:
            messages.error(request, " ".join(str(one) for errors in form.errors.values() for one in errors))
        return redirect(viewing.address(form.data.get("query", "")))

    def drop_view(self, request: SignedInRequest, pk: UUID) -> HttpResponse:
        _require(request, "clinic.view_auditevent")
        if request.method == "POST":
            viewing.drop(pk, by=request.user)
            messages.success(request, "The view is no longer kept.")
        return redirect("admin:clinic_auditevent_changelist")

    def evidence(self, request: SignedInRequest) -> HttpResponse:
        """The events of the list as a signed zip that carries its own checker."""
        _require(request, "clinic.view_every_auditevent")
        events = self._asked(request)
        form = PackForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                return cast(HttpResponse, _packed(events, by=request.user, why=form.cleaned_data["why"]))
            except Refused as no:
                form.add_error(None, str(no))
        status = HTTPStatus.BAD_REQUEST if form.is_bound else HTTPStatus.OK
        return self._page(
            request, "evidence", "Take events along, with their proof", status=status, form=form,
            count=events.order_by()[: packing.MOST + 1].count(), most=packing.MOST,
            query=request.GET.urlencode(),
        )  # fmt: skip

    def _asked(self, request: SignedInRequest) -> Any:
        """The events that the list shows for the same address."""
        shown = cast(Any, self).get_changelist_instance(request)
        found = shown.get_queryset(request)
        return AuditEvent.objects.visible_to(request.user).filter(pk__in=found.order_by().values("pk"))

    def _page(
        self, request: HttpRequest, name: str, title: str, *, status: int = HTTPStatus.OK, **more: Any
    ) -> HttpResponse:
        tabs = [(key, words, reverse(f"admin:clinic_auditevent_{key}")) for key, words in ORDER.items()]
        if not request.user.has_perm("clinic.view_every_clinical_record"):
            tabs = [tab for tab in tabs if tab[0] != "sample"]
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "tabs": tabs,
            "tab": name,
            "is_fullwidth": "1",
            **more,
        }
        return TemplateResponse(request, f"admin/trail/{name}.html", context, status=status)


def _require(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied


def _moment(request: SignedInRequest) -> tuple[datetime.datetime, str]:
    moments, wrong = recall.asked(request)
    return moments.get("at") or timezone.now(), wrong


def _packed(events: Any, *, by: Any, why: str) -> FileResponse:
    file = tempfile.TemporaryFile()  # noqa: SIM115  the answer closes it
    try:
        packed = packing.pack(events, to=file, by=by, why=why)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    name = f"evidence-{timezone.localtime():%Y-%m-%d-%H%M}.zip"
    answer = FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")
    answer["X-Events"] = str(packed.events)
    return answer
