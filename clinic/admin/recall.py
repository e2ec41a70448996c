"""The whole record of a patient as it stood at a moment, and what changed between two."""

from __future__ import annotations

import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone

from clinic import auditing, recalling, recounting
from clinic.models import AuditEvent, Note, Patient, Prescription
from config.base import SignedInRequest

NO_MOMENT = "“{}” is no moment. Write it like 2027-01-31T14:30."
STILL_TO_COME = "That moment is still to come. Choose an earlier one."
SIGNINGS_SHOWN = 30


class RecallScreens:
    """Adds the record as at a moment to the admin of patients."""

    def get_urls(self) -> list:
        page = self.admin_site.admin_view(self.as_at)  # type: ignore[attr-defined]  # mixed into a ModelAdmin
        return [
            path("<uuid:pk>/as-at/", page, name="clinic_patient_as_at"),
            *super().get_urls(),  # type: ignore[misc]
        ]

    def as_at(self, request: SignedInRequest, pk: Any) -> HttpResponse:
        """What stood in the record: now, at a moment (``at``), or what changed until another (``to``)."""
        patient = self.get_visible_or_404(request, str(pk))  # type: ignore[attr-defined]
        if not may_recall(request):
            raise PermissionDenied
        moments, wrong = asked(request)
        context = {
            **self.admin_site.each_context(request),  # type: ignore[attr-defined]
            "title": f"The record of {patient}",
            "opts": self.opts,  # type: ignore[attr-defined]
            "patient": patient,
            "wrong": wrong,
            "said": {name: request.GET.get(name, "") for name in ("at", "to")},
            "at": moments.get("at"),
            "to": moments.get("to"),
            "signings": signings(request, patient),
            "is_fullwidth": "1",
        }
        if not wrong:
            context |= _told(patient, moments)
            auditing.note(
                AuditEvent.Action.READ,
                by=request.user,
                request=request,
                record=patient,
                **{name: moment.isoformat() for name, moment in moments.items()},
            )
        status = HTTPStatus.BAD_REQUEST if wrong else HTTPStatus.OK
        return TemplateResponse(request, "admin/trail/as_at.html", context, status=status)


def may_recall(request: SignedInRequest) -> bool:
    """Whoever reads every clinical record reads it as it stood, too."""
    return bool(request.user.has_perm("clinic.view_every_clinical_record"))


def asked(request: SignedInRequest) -> tuple[dict[str, datetime.datetime], str]:
    """The moments that are asked for, and what is wrong with them in a sentence."""
    found = {}
    for name in ("at", "to"):
        if not (said := request.GET.get(name, "").strip()):
            continue
        moment = recounting.moment(said)
        if moment is None:
            return {}, NO_MOMENT.format(said[:40])
        if moment > timezone.now():
            return {}, STILL_TO_COME
        found[name] = moment
    return found, ""


def _told(patient: Patient, moments: dict[str, datetime.datetime]) -> dict[str, Any]:
    at = moments.get("at") or timezone.now()
    stood = recalling.record(patient, at)
    if "to" not in moments:
        return {"parts": recounting.tell(stood)}
    later = recalling.record(patient, moments["to"])
    return {"changes": recounting.tell_changes(recalling.compare(stood, later)), "is_comparison": True}


def signings(request: SignedInRequest, patient: Patient) -> list[tuple[str, str]]:
    """What was signed for a patient, newest first, each with the record as its signer had it before them."""
    scripts = Prescription.objects.visible_to(request.user).filter(patient=patient, issued_at__isnull=False)
    notes = Note.objects.visible_to(request.user).filter(encounter__patient=patient, signed_at__isnull=False)
    signed = [(at, f"Prescription {number}") for at, number in scripts.values_list("issued_at", "number")]
    signed += [(at, "Note") for at in notes.values_list("signed_at", flat=True)]
    newest = sorted(((at, what) for at, what in signed if at), reverse=True)[:SIGNINGS_SHOWN]
    return [
        (f"{what}, {timezone.localtime(at):%-d %b %Y, %H:%M}", page_as_at(patient, at)) for at, what in newest
    ]


def page_as_at(patient: Patient, at: datetime.datetime) -> str:
    """The address of the record as it stood just before ``at``: what its signer saw."""
    before = timezone.localtime(at) - datetime.timedelta(microseconds=1)
    return (
        f"{reverse('admin:clinic_patient_as_at', args=[patient.pk])}?{urlencode({'at': before.isoformat()})}"
    )
