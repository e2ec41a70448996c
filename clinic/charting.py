"""What the consultation page shows: who is there, what happens now, what was before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import prefetch_related_objects
from django.utils import timezone

from catalog.models import DoseForm
from clinic import checking, consenting, gathering, identifiers, rewriting
from clinic.models import Allergy, Consent, Encounter, Note, Prescription, Segment
from messaging import chatting

if TYPE_CHECKING:
    from clinic.models import User

NOTES_SHOWN = 5


def chart(encounter: Encounter, *, by: User) -> dict[str, Any]:
    """Read the whole page; ``encounter`` comes with its patient, practitioner, appointment and note."""
    now = timezone.now()
    known = gathering.facts(encounter, now=now)
    cases = gathering.cases(encounter, by=by, now=now, known=known)
    prefetch_related_objects([*known.scripts], "documents")
    may_write = encounter.practitioner.user_id == by.pk and encounter.status == Encounter.Status.OPEN
    today = gathering.date_where(encounter.practitioner, at=now)
    return {
        "encounter": encounter,
        "patient": encounter.patient,
        "note": encounter.note,
        "age": gathering.age(encounter.patient, now=now),
        "medicare": identifiers.MEDICARE.mask(encounter.patient.medicare_number),
        "may_write": may_write,
        "favourites": rewriting.favourites(by) if may_write else [],
        "stretches": known.stretches,
        "running": next((s for s in known.stretches if s.ended_at is None), None),
        "has_spoken": any(s.modality in Segment.SYNCHRONOUS for s in known.stretches),
        "consent": next(
            (c for c in known.consents if c.version == consenting.VERSIONS[Consent.Kind.UNAPPROVED]), None
        ),
        "consent_text": consenting.text(Consent.Kind.UNAPPROVED),
        "approvals": [
            (approval, dict(DoseForm.choices).get(approval.dose_form, "")) for approval in known.approvals
        ],
        "monitoring": [
            look
            for look in known.monitoring
            if gathering.date_where(encounter.practitioner, at=look.recorded_at) == today
        ],
        "drafts": [_draft(case) for case in cases],
        "prescriptions": known.scripts,
        "papers_pending": any(
            script.status == Prescription.Status.ISSUED and not script.documents.all()
            for script in known.scripts
        ),
        "allergies": Allergy.objects.visible_to(by).standing().filter(patient=encounter.patient),
        "earlier_notes": _earlier_notes(encounter, by=by),
        **_room(encounter, by=by),
    }


def _draft(case: gathering.Case) -> dict[str, Any]:
    findings = checking.examine(case)
    severity = checking.Severity
    return {
        "prescription": case.prescription,
        "lines": case.lines,
        "approval": next((case.approval(product) for product in case.unapproved), None),
        "stops": [f for f in findings if f.stops and f.check.severity == severity.HARD],
        "reasons": [f for f in findings if f.stops and f.check.severity == severity.OVERRIDABLE],
        "warnings": [f for f in findings if not f.holds and f.check.severity == severity.WARN],
        "holding": [f for f in findings if f.holds],
    }


def _earlier_notes(encounter: Encounter, *, by: User) -> list[Note]:
    signed = Note.objects.visible_to(by).filter(
        encounter__patient=encounter.patient_id, status=Note.Status.SIGNED
    )
    rows = signed.exclude(encounter=encounter).select_related("encounter__practitioner__user")
    return list(rows.order_by("-signed_at")[:NOTES_SHOWN])


def _room(encounter: Encounter, *, by: User) -> dict[str, Any]:
    room = encounter.appointment.room
    return chatting.room_context(room, by) if room else {}
