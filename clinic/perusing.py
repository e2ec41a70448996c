"""A patient's record on one page, to be read: what somebody sees who opened it outside their care."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Prefetch

from clinic import answering
from clinic.models import (
    Addendum,
    AdverseEvent,
    Alert,
    Allergy,
    Condition,
    Document,
    Encounter,
    Intake,
    MonitoringCheck,
    Note,
    OtherMedicine,
    Prescription,
)
from messaging.models import Room

if TYPE_CHECKING:
    from clinic.models import Patient, User

MOST = 50
"""Of each kind, the newest; what an emergency needs is among them."""
FACTS = {
    "Alerts": Alert,
    "Allergies": Allergy,
    "Conditions": Condition,
    "Other medicines": OtherMedicine,
}


def record(patient: Patient, *, by: User) -> dict[str, Any]:
    """Read the record as far as ``by`` may see it. The number of statements does not grow with it."""

    def of(model: Any) -> Any:
        return model.objects.visible_to(by).filter(patient=patient)

    notes = Note.objects.visible_to(by).filter(encounter__patient=patient, status=Note.Status.SIGNED)
    scripts = of(Prescription).exclude(status=Prescription.Status.DRAFT)
    intake = Intake.objects.visible_to(by).filter(appointment__patient=patient)
    return {
        "facts": {title: [*of(model).standing()] for title, model in FACTS.items()},
        "notes": notes.select_related("encounter__practitioner__user")
        .prefetch_related(Prefetch("addenda", Addendum.objects.visible_to(by).select_related("recorded_by")))
        .order_by("-signed_at")[:MOST],
        "unsigned": of(Encounter)
        .filter(note__status=Note.Status.DRAFT)
        .select_related("practitioner__user")[:MOST],
        "scripts": scripts.order_by("-issued_at")[:MOST],
        "monitoring": of(MonitoringCheck).select_related("recorded_by")[:MOST],
        "events": of(AdverseEvent)[:MOST],
        "documents": of(Document)[:MOST],
        "rooms": Room.objects.visible_to(by)
        .filter(kind=Room.Kind.VISIT, patient=patient.user_id)
        .latest_first()[:MOST],
        "answers": _answers(intake.select_related("questionnaire").first()),
    }


def _answers(intake: Intake | None) -> list[tuple[str, str]]:
    """What was said before the last visit."""
    return answering.told_to_patient(intake.questionnaire, answering.values(intake)) if intake else []
