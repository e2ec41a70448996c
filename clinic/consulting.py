"""Consultations: opening, calling, writing up and closing them."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from clinic import consenting
from clinic.models import Appointment, Consent, Encounter, Note, Patient, Prescription, Segment, State
from config import hashing
from config.base import Refused

if TYPE_CHECKING:
    from clinic.models import Practitioner, User

NOTE_FIELDS = ("presenting", "examination", "assessment", "plan", "review_on")


class NotTheirs(Refused):
    def __init__(self) -> None:
        super().__init__("Only the doctor of this appointment can do this.")


class Over(Refused):
    def __init__(self) -> None:
        super().__init__("This consultation is closed. Write an addendum or book a follow-up instead.")


class Unfinished(Refused):
    """Something is still to be written."""


class Signed(Refused):
    def __init__(self) -> None:
        super().__init__("This note is signed and kept as it is.")


class NotSighted(Refused):
    def __init__(self) -> None:
        super().__init__("Name the document that you have seen.")


@transaction.atomic
def open(appointment: Appointment, *, by: User) -> Encounter:  # noqa: A001  called as consulting.open
    """Begin the consultation, or come back to it.

    :raises NotTheirs: ``by`` is not the doctor of the appointment
    :raises IllegalMove: the appointment is not paid for, or is over without a consultation
    """
    appointment.lock()
    practitioner = appointment.slot.practitioner
    require_doctor(practitioner, by=by)
    if encounter := Encounter.objects.filter(appointment=appointment).first():
        return encounter
    appointment.move_to(Appointment.Status.IN_CONSULTATION, by=by, why="The consultation began.")
    encounter = Encounter.objects.add(
        by=by, appointment=appointment, patient=appointment.patient, practitioner=practitioner
    )
    Note.objects.add(by=by, encounter=encounter)
    return encounter


def require_doctor(practitioner: Practitioner, *, by: User) -> None:
    """Let on only the one who works as ``practitioner``, and only while they still do.

    :raises NotTheirs: it is somebody else, or one whose account was closed or given another role
    """
    if practitioner.user_id != by.pk or not by.has_perm("clinic.conduct_appointment"):
        raise NotTheirs


def _require_carer(patient: Patient, *, by: User) -> None:
    in_care = Patient.objects.in_care_of(by).filter(pk=patient.pk)
    if not by.has_perm("clinic.conduct_appointment") or not in_care.exists():
        raise NotTheirs


def take(encounter: Encounter, *, by: User) -> Encounter:
    """Hold the open consultation of ``by`` until the transaction ends.

    :raises NotTheirs: ``by`` is not its doctor
    :raises Over: it is closed
    """
    require_doctor(encounter.lock().practitioner, by=by)
    if encounter.status != Encounter.Status.OPEN:
        raise Over
    return encounter


@transaction.atomic
def start_segment(encounter: Encounter, *, modality: str, by: User) -> Segment:
    """Note that the two now speak in ``modality``; a stretch in another one ends.

    :raises NotTheirs: ``by`` is not its doctor
    :raises Over: the consultation is closed
    """
    take(encounter, by=by)
    now = timezone.now()
    running = encounter.segments.filter(ended_at__isnull=True).first()
    if running and running.modality == modality:
        return running
    if running:
        running.change(by=by, ended_at=now)
    return Segment.objects.add(
        by=by, encounter=encounter, modality=Segment.Modality(modality), started_at=now
    )


@transaction.atomic
def stop_segment(encounter: Encounter, *, by: User) -> None:
    """Note that the stretch that is running has ended; nothing happens when none is.

    :raises NotTheirs: ``by`` is not its doctor
    """
    require_doctor(encounter.lock().practitioner, by=by)
    for running in encounter.segments.filter(ended_at__isnull=True):
        running.change(by=by, ended_at=timezone.now())


@transaction.atomic
def confirm_location(encounter: Encounter, *, state: str, by: User) -> None:
    """Note in which state the patient is now: it decides whose law and whose ambulance.

    :raises NotTheirs: ``by`` is not its doctor
    :raises Over: the consultation is closed
    """
    take(encounter, by=by).change(by=by, why="The patient said where they are.", location_state=State(state))


@transaction.atomic
def identify(patient: Patient, *, document: str, by: User) -> None:
    """Record which identity document was sighted, never a copy of it.

    :raises NotTheirs: the patient is not in the care of ``by``
    :raises NotSighted: no document is named
    """
    _require_carer(patient, by=by)
    if not document.strip():
        raise NotSighted
    patient.lock().change(
        by=by,
        why="An identity document was sighted.",
        identity_document=document.strip(),
        identified_at=timezone.now(),
        identified_by=by,
    )


def record_consent(patient: Patient, *, by: User) -> None:
    """Record that the patient, told of it by their doctor, agrees to an unapproved therapeutic good.

    :raises NotTheirs: the patient is not in the care of ``by``
    """
    _require_carer(patient, by=by)
    consenting.agree(patient, kinds=[Consent.Kind.UNAPPROVED], by=by)


def save_note(note: Note, *, by: User, **written: Any) -> datetime.datetime:
    """Keep a draft as it is being typed, and tell when it was kept.

    Drafts change every few seconds and are nobody's record yet, so this is the one place that saves
    without a version; ``sign_note`` writes the version that counts.

    :raises NotTheirs: ``by`` is not the doctor of the consultation
    :raises Signed: the note is signed
    """
    require_doctor(note.encounter.practitioner, by=by)
    if unknown := set(written) - {*NOTE_FIELDS}:
        raise ValueError(f"A note has no {unknown}.")
    drafts = Note.objects.filter(pk=note.pk, status=Note.Status.DRAFT)
    if not drafts.update(**written):
        raise Signed
    return timezone.now()


@transaction.atomic
def sign_note(note: Note, *, by: User, **written: Any) -> None:
    """Sign the note as it stands, or as it was ``written`` last; from now on nobody can change it.

    :raises NotTheirs: ``by`` is not the doctor of the consultation
    :raises Unfinished: assessment or plan is empty
    :raises IllegalMove: it is signed already
    """
    require_doctor(note.lock().encounter.practitioner, by=by)
    for name in NOTE_FIELDS:
        setattr(note, name, written.get(name, getattr(note, name)))
    if not (note.assessment.strip() and note.plan.strip()):
        raise Unfinished("Write at least an assessment and a plan before you sign.")
    now = timezone.now()
    note.move_to(
        Note.Status.SIGNED,
        by=by,
        why="Signed.",
        **{name: getattr(note, name) for name in NOTE_FIELDS},
        signed_at=now,
        signed_by=by,
        content_sha256=hashing.fingerprint(note_content(note, signed_at=now, signed_by=by)),
    )


def note_content(note: Note, *, signed_at: datetime.datetime, signed_by: User) -> dict[str, Any]:
    """What the signature stands for."""
    words = {name: getattr(note, name) for name in NOTE_FIELDS if name != "review_on"}
    return words | {
        "encounter": str(note.encounter_id),
        "review_on": note.review_on.isoformat() if note.review_on else None,
        "signed_at": signed_at.astimezone(datetime.UTC).isoformat(),
        "signed_by": str(signed_by.pk),
    }


@transaction.atomic
def close(encounter: Encounter, *, by: User) -> None:
    """End the consultation; the room stays open for questions.

    :raises NotTheirs: ``by`` is not its doctor
    :raises Over: it is closed already
    :raises Unfinished: the note is not signed, or a draft prescription is neither issued nor discarded
    """
    appointment = encounter.appointment.lock()
    take(encounter, by=by)
    if encounter.note.status != Note.Status.SIGNED:
        raise Unfinished("Sign the note before you close the consultation.")
    if encounter.prescriptions.filter(status=Prescription.Status.DRAFT).exists():
        raise Unfinished("Issue or discard the draft prescriptions before you close the consultation.")
    stop_segment(encounter, by=by)
    encounter.move_to(Encounter.Status.CLOSED, by=by, why="The consultation ended.", closed_at=timezone.now())
    appointment.move_to(Appointment.Status.COMPLETED, by=by, why="The consultation ended.")
