"""What the consultation page shows: who is there, what happens now, what was before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from catalog.models import DoseForm
from clinic import (
    answering,
    breaking,
    checking,
    dosing,
    drawing,
    gathering,
    noting,
    particulars,
    rewriting,
    surveying,
)
from clinic.checks import states
from clinic.models import (
    Addendum,
    Appointment,
    Confirmation,
    Document,
    Encounter,
    Note,
    NoteTemplate,
    Prescription,
    PrescriptionLine,
    Segment,
)
from config import together
from messaging import reading

if TYPE_CHECKING:
    import datetime

    from django.db.models import QuerySet

    from clinic.models import User

NOTES_SHOWN, SCRIPTS_SHOWN = 5, 12
EVENTS_SHOWN = 40
"""Of each kind, on the line of time."""
DOCUMENTS_READ = 100


def chart(encounter: Encounter, *, by: User) -> dict[str, Any]:
    """Read the whole page; ``encounter`` comes with its patient, practitioner, appointment and note."""
    now = timezone.now()
    room = encounter.appointment.room
    conversation = reading.asked(room, by) if room else None  # first: what comes later is told live
    rows = _rows(encounter, by=by)
    care = surveying.rows(encounter.patient, by=by)
    along = [*rows.values(), *care.values(), *(conversation.rows if conversation else [])]
    known = gathering.facts(encounter, now=now, along=along)
    cases = gathering.cases(encounter, by=by, now=now, known=known)
    together.attach(known.scripts, "documents", rows["documents"], key="prescription_id")
    together.attach([encounter.note, *rows["notes"]], "addenda", rows["addenda"], key="note_id")
    may_write = encounter.practitioner.user_id == by.pk and encounter.status == Encounter.Status.OPEN
    today = gathering.date_where(encounter.practitioner, at=now)
    return {
        "encounter": encounter,
        "patient": encounter.patient,
        "note": encounter.note,
        "age": gathering.age(encounter.patient, now=now),
        "may_write": may_write,
        "favourites": rows["favourites"] if may_write else [],
        "stretches": known.stretches,
        "running": next((s for s in known.stretches if s.ended_at is None), None),
        "has_spoken": any(s.modality in Segment.SYNCHRONOUS for s in known.stretches),
        "approvals": [
            (approval, dict(DoseForm.choices).get(approval.dose_form, "")) for approval in known.approvals
        ],
        "monitoring": [
            look
            for look in known.monitoring
            if gathering.date_where(encounter.practitioner, at=look.recorded_at) == today
        ],
        "screening": known.screening,
        "drafts": [draft(case) for case in cases],
        "prescriptions": known.scripts[:SCRIPTS_SHOWN],
        "scripts_hidden": len(known.scripts[SCRIPTS_SHOWN:]),
        "papers_pending": any(
            script.status == Prescription.Status.ISSUED and not script.documents.all()
            for script in known.scripts
        ),
        "current_scripts": [script for script in known.scripts if _runs(script, today)],
        "may_add": _may_add(encounter, by=by),
        "note_key": noting.browser_key(encounter.note, by=by) if may_write else "",
        "confirmations": _newest_of_each(rows["confirmations"]),
        "earlier_notes": rows["notes"],
        "templates": rows["templates"],
        "timeline": _timeline(rows, known.scripts, now=now),
        **surveying.told(encounter.patient, care) | answering.told(encounter, rows),
        **(conversation.context() if conversation else {}),
    }


def _may_add(encounter: Encounter, *, by: User) -> bool:
    """Whether ``by`` adds to what was signed: not to what they only opened."""
    is_opened = breaking.is_open(encounter.patient_id, to=by)
    return by.has_perm("clinic.conduct_appointment") and not is_opened


def _rows(encounter: Encounter, *, by: User) -> dict[str, QuerySet]:
    """What was before, as far as it is shown, not read yet."""
    patient = encounter.patient_id
    signed = Note.objects.visible_to(by).filter(encounter__patient=patient, status=Note.Status.SIGNED)
    appointments = Appointment.objects.visible_to(by).filter(patient=patient, encounter=None)
    shown = [Appointment.Status.CONFIRMED, Appointment.Status.NO_SHOW]
    return {
        "confirmations": encounter.confirmations.select_related("recorded_by"),
        "templates": NoteTemplate.objects.visible_to(by).offered(),
        "notes": signed.exclude(encounter=encounter)
        .select_related("encounter__practitioner__user")
        .order_by("-signed_at")[:NOTES_SHOWN],
        "encounters": Encounter.objects.visible_to(by)
        .filter(patient=patient)
        .select_related("practitioner__user")[:EVENTS_SHOWN],
        "appointments": appointments.filter(status__in=shown)
        .select_related("slot__appointment_type")
        .order_by("-starts_at")[:EVENTS_SHOWN],
        "addenda": Addendum.objects.visible_to(by)
        .filter(note__encounter__patient=patient)
        .select_related("recorded_by"),
        "documents": Document.objects.visible_to(by).filter(patient=patient)[:DOCUMENTS_READ],
        "favourites": rewriting.favourites(by),
        **answering.rows(encounter, by=by),
    }


def draft(case: gathering.Case) -> dict[str, Any]:
    """What the guard's panel shows of one form: its lines with their amounts, and every finding."""
    findings = checking.examine(case)
    severity = checking.Severity
    return {
        "prescription": case.prescription,
        "lines": [_with_amounts(line, amounts) for line, amounts in case.reckoned],
        "approval": next((case.approval(product) for product in case.unapproved), None),
        **_indications(case),
        "valid_until_on": case.valid_until_on,
        "read": particulars.as_read(case),
        "wants_prescriber_there": states.wants_the_prescriber_there(case),
        "practises_in": case.practises_in or case.encounter.practitioner.state,
        "stops": [f for f in findings if f.stops and f.check.severity == severity.HARD],
        "reasons": [f for f in findings if f.stops and f.check.severity == severity.OVERRIDABLE],
        "warnings": [f for f in findings if not f.holds and f.check.severity == severity.WARN],
        "holding": [f for f in findings if f.holds],
    }


def _runs(script: Prescription, today: datetime.date) -> bool:
    lasts = script.valid_until_on is not None and script.valid_until_on >= today
    return script.status == Prescription.Status.ISSUED and lasts


def _with_amounts(line: PrescriptionLine, amounts: dosing.Reckoned) -> PrescriptionLine:
    line.amounts = amounts  # type: ignore[attr-defined]  # for the page alone
    return line


def _indications(case: gathering.Case) -> dict[str, Any]:
    """What the doctor's authorities let the medicine be for, and what is proposed before one is set."""
    found = {approval.indication for product in case.unapproved for approval in case.covering(product)}
    chosen = case.prescription.indication
    return {
        "indications": sorted(found | {chosen} - {""}),
        "proposed": next(iter(found)) if len(found) == 1 and not chosen else "",
    }


def _newest_of_each(confirmations: Iterable[Confirmation]) -> list[Confirmation]:
    """Of what was confirmed twice in a consultation, the later."""
    newest = {one.kind: one for one in sorted(confirmations, key=lambda one: one.recorded_at)}
    return [newest[kind] for kind in Confirmation.Kind if kind in newest]


def _timeline(
    rows: Mapping[str, Any], scripts: Sequence[Prescription], *, now: datetime.datetime
) -> drawing.Timeline:
    events = [
        *drawing.of_encounters(rows["encounters"]),
        *drawing.of_appointments(rows["appointments"]),
        *drawing.of_scripts(scripts[:EVENTS_SHOWN]),
        *drawing.of_documents(rows["documents"][:EVENTS_SHOWN]),
    ]
    return drawing.timeline(events, now=now)
