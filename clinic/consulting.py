"""Consultations: opening, calling, writing up and closing them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from clinic import announcing, attending, consenting, gathering
from clinic.models import (
    Appointment,
    Confirmation,
    Encounter,
    IdentityCheck,
    Note,
    Patient,
    Prescription,
    Segment,
    State,
)
from config.base import Refused
from messaging import calling

if TYPE_CHECKING:
    from catalog.models import Product
    from clinic.models import Practitioner, User


class NotTheirs(Refused):
    def __init__(self) -> None:
        super().__init__("Only the doctor of this appointment can do this.")


class Over(Refused):
    def __init__(self) -> None:
        super().__init__("This consultation is closed. Write an addendum or book a follow-up instead.")


class Unfinished(Refused):
    """Something is still to be written."""


class NotSighted(Refused):
    def __init__(self) -> None:
        super().__init__("Name the document that you have seen.")


class Expired(Refused):
    def __init__(self) -> None:
        super().__init__("This document is not valid any more. Ask for another one.")


class NotConfirmable(Refused):
    def __init__(self) -> None:
        super().__init__(
            "The record lacks a date of birth or an address to compare with. Ask for them first."
        )


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
    announcing.visit_changed(appointment)
    return encounter


def require_doctor(practitioner: Practitioner, *, by: User) -> None:
    """Let on only the one who works as ``practitioner``, and only while they still do.

    :raises NotTheirs: it is somebody else, or one whose account was closed or given another role
    """
    if practitioner.user_id != by.pk or not by.has_perm("clinic.conduct_appointment"):
        raise NotTheirs


def require_carer(patient: Patient, *, by: User) -> None:
    """Let on only a doctor who cares for ``patient``, and only while they still work as one.

    :raises NotTheirs: it is somebody else
    """
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
    """Note that the two now speak in ``modality``, as the doctor says; a stretch in another one ends.

    A call that runs in the room is hung up first: the telephone takes over from it.

    :raises NotTheirs: ``by`` is not its doctor
    :raises Over: the consultation is closed
    """
    require_doctor(encounter.practitioner, by=by)
    hang_up(encounter, by=by)
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

    A call that runs in the room is hung up: that is what ends its stretch.

    :raises NotTheirs: ``by`` is not its doctor
    """
    require_doctor(encounter.practitioner, by=by)
    hang_up(encounter, by=by)
    require_doctor(encounter.lock().practitioner, by=by)
    for running in encounter.segments.filter(ended_at__isnull=True):
        running.change(by=by, ended_at=timezone.now())


def hang_up(encounter: Encounter, *, by: User) -> None:
    """End the call of the room for ``by``, where there is one. Before the consultation is locked."""
    if room := encounter.appointment.room:
        room.lock()  # before the two are told of it, as whoever writes there does
        calling.leave(room, by=by)


@transaction.atomic
def confirm_location(encounter: Encounter, *, state: str, by: User, where: str = "") -> None:
    """Note in which state the patient is now: it decides whose law and whose ambulance.

    ``where`` says it more exactly: the address, or what an ambulance would need to find them.

    :raises NotTheirs: ``by`` is not its doctor
    :raises Over: the consultation is closed
    """
    here = State(state)
    take(encounter, by=by).change(by=by, why="The patient said where they are.", location_state=here)
    told = f"{where.strip()}, {here.label}" if where.strip() else here.label
    _confirm(encounter, {Confirmation.Kind.LOCATION: told}, by=by)


@transaction.atomic
def confirm_practising(encounter: Encounter, *, state: str, by: User) -> Confirmation:
    """Note that the doctor says: I am in ``state`` today, and practise there. Said anew, the last counts.

    Tasmania and the Northern Territory take Schedule 8 scripts of no other prescriber (AUSTRALIA.md 3.3).

    :raises NotTheirs: ``by`` is not its doctor
    :raises Over: the consultation is closed
    """
    here = State(state)
    return Confirmation.objects.create(
        encounter=take(encounter, by=by),
        kind=Confirmation.Kind.PRACTISING,
        words=here.label,
        state=here,
        recorded_by=by,
    )


@transaction.atomic
def confirm(encounter: Encounter, *, by: User, present: str = "", **contact: str) -> None:
    """Note that the patient told name, date of birth and address, and whom to call in an emergency.

    ``present`` says who else is there. ``contact`` is ``emergency_name`` and ``emergency_phone`` as
    the patient says them now; where they differ, the patient's record follows.

    :raises NotTheirs: ``by`` is not its doctor
    :raises Over: the consultation is closed
    :raises NotConfirmable: the record has no date of birth or no address to compare with
    """
    patient = take(encounter, by=by).patient.lock()
    if patient.date_of_birth is None or not patient.street:
        raise NotConfirmable
    told = {name: value.strip() for name, value in contact.items()}
    if any(getattr(patient, name) != value for name, value in told.items()):
        patient.change(by=by, why="The emergency contact, as the patient says.", **told)
    words = {
        Confirmation.Kind.IDENTITY: f"{patient}, born {patient.date_of_birth:%-d %B %Y}, {patient.address}",
        Confirmation.Kind.AGE: f"{gathering.age(patient, now=timezone.now())} years",
        Confirmation.Kind.EMERGENCY: f"{patient.emergency_name} {patient.emergency_phone}".strip(),
        Confirmation.Kind.PRESENT: present.strip(),
    }
    _confirm(encounter, words, by=by)


def _confirm(encounter: Encounter, words: Mapping[Any, str], *, by: User) -> None:
    Confirmation.objects.bulk_create(
        Confirmation(encounter=encounter, kind=kind, words=told[:300], recorded_by=by)
        for kind, told in words.items()
        if told
    )


@transaction.atomic
def identify(
    patient: Patient, *, document: str, by: User, encounter: Encounter | None = None, **read: Any
) -> IdentityCheck:
    """Record which identity document was sighted, never a copy of it.

    ``read`` is what was read from it: ``issuer``, its last three characters as ``ending``, and the
    day until which it is valid as ``expires_on``.

    :raises NotTheirs: the patient is not in the care of ``by``
    :raises NotSighted: no document is named
    :raises Expired: it is not valid any more
    """
    require_carer(patient, by=by)
    if not document.strip():
        raise NotSighted
    expires_on = read.get("expires_on")
    if expires_on and expires_on < timezone.localdate():
        raise Expired
    check = IdentityCheck.objects.create(
        patient=patient, encounter=encounter, document=document.strip(), recorded_by=by, **read
    )
    patient.lock().change(
        by=by,
        why="An identity document was sighted.",
        identity_document=str(check)[:100],
        identified_at=check.recorded_at,
        identified_by=by,
    )
    return check


def record_consent(patient: Patient, *, product: Product, by: User) -> None:
    """Record that the patient, told of it by their doctor, agrees to unapproved medicines like ``product``.

    :raises NotTheirs: the patient is not in the care of ``by``
    """
    require_carer(patient, by=by)
    consenting.agree(patient, kinds=[consenting.CLASSES[consenting.class_of(product)]], by=by)


@transaction.atomic
def close(encounter: Encounter, *, by: User) -> None:
    """End the consultation; the room stays open for questions, as long as the practice says.

    :raises NotTheirs: ``by`` is not its doctor
    :raises Over: it is closed already
    :raises Unfinished: the note is not signed, or a draft prescription is neither issued nor discarded
    """
    appointment = encounter.appointment.lock()
    require_doctor(encounter.practitioner, by=by)
    hang_up(encounter, by=by)  # a refusal below takes it back
    take(encounter, by=by)
    if encounter.note.status != Note.Status.SIGNED:
        raise Unfinished("Sign the note before you close the consultation.")
    if encounter.prescriptions.filter(status=Prescription.Status.DRAFT).exists():
        raise Unfinished("Issue or discard the draft prescriptions before you close the consultation.")
    stop_segment(encounter, by=by)
    encounter.move_to(Encounter.Status.CLOSED, by=by, why="The consultation ended.", closed_at=timezone.now())
    appointment.move_to(Appointment.Status.COMPLETED, by=by, why="The consultation ended.")
    attending.leave_room_open(appointment, by=by)
    announcing.visit_changed(appointment)
