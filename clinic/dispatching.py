"""The paper way of a prescription: signed in ink, sent to a pharmacy, dispensed there."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from clinic import consulting
from clinic.models import DispenseNote, Document, Original, Prescription
from config.base import Refused
from messaging import mailing

if TYPE_CHECKING:
    from clinic.models import Pharmacy, User


class Void(Refused):
    def __init__(self) -> None:
        super().__init__("This prescription is void: its original must not be signed or sent.")


class NotPrinted(Refused):
    def __init__(self) -> None:
        super().__init__("The form is still being made. Print it, sign it, then come back.")


class NotASender(Refused):
    def __init__(self) -> None:
        super().__init__("Originals are sent by the prescriber or the practice’s desk.")


class NotInUse(Refused):
    def __init__(self) -> None:
        super().__init__("This pharmacy is no longer in use. Please choose another.")


class WrittenForElsewhere(Refused):
    """The rules of one state let it be written; those of another were never asked."""

    def __init__(self, prescription: Prescription, pharmacy: Pharmacy) -> None:
        here, there = prescription.get_dispense_state_display(), pharmacy.get_state_display()
        super().__init__(
            f"This prescription was written to be dispensed in {here}, and {pharmacy} is in {there}."
            f" Choose another pharmacy, or have it replaced by one for {there}."
        )


class NothingSaid(Refused):
    def __init__(self) -> None:
        super().__init__("Write who rang and what they said.")


class NotDispensedYet(Refused):
    def __init__(self) -> None:
        super().__init__("A medicine is not dispensed before the script is written, nor in the future.")


class AlreadySent(Refused):
    def __init__(self) -> None:
        super().__init__("The original is with a pharmacy already.")


class NotSent(Refused):
    def __init__(self) -> None:
        super().__init__("This original has not been sent, so no pharmacy has it.")


def begin(prescription: Prescription, *, by: User) -> None:
    """Put the original of a script that was just issued on the list of papers to sign."""
    Original.objects.add(by=by, prescription=prescription)


@transaction.atomic
def sign(original: Original, *, by: User) -> None:
    """Note that the prescriber has signed the printed form in ink.

    :raises NotTheirs: ``by`` is not the prescriber
    :raises Void: the prescription was cancelled
    :raises NotPrinted: there is no form yet
    :raises IllegalMove: it is signed already
    """
    prescription = _valid(original)
    consulting.require_doctor(prescription.practitioner, by=by)
    if not prescription.documents.filter(kind=Document.Kind.PRINT_AND_SIGN).exists():
        raise NotPrinted
    original.move_to(
        Original.Status.TO_SEND, by=by, why="Signed in ink.", signed_at=timezone.now(), signed_by=by
    )


@transaction.atomic
def send(original: Original, *, pharmacy: Pharmacy, way: str, by: User, tracking: str = "") -> None:
    """Note that the signed original went to ``pharmacy``; the patient is told that there is news.

    :raises NotASender: ``by`` is neither the prescriber nor of the desk
    :raises Void: the prescription was cancelled
    :raises NotInUse: nothing is sent to this pharmacy
    :raises WrittenForElsewhere: the pharmacy is in another state than the script was written for
    :raises IllegalMove: it is not signed, or was sent before
    """
    prescription = _valid(original)
    _require_sender(prescription, by=by)
    _require_fitting(pharmacy, prescription)
    original.move_to(
        Original.Status.SENT,
        by=by,
        why="Sent to the pharmacy.",
        pharmacy=pharmacy,
        way=Original.Way(way),
        tracking=tracking.strip(),
        sent_at=timezone.now(),
        sent_by=by,
    )
    _tell_patient(prescription)


@transaction.atomic
def choose(original: Original, *, pharmacy: Pharmacy, by: User) -> None:
    """Note to which pharmacy the patient wants it to go.

    :raises NotASender: ``by`` is neither the prescriber nor of the desk
    :raises NotInUse: nothing is sent to this pharmacy
    :raises WrittenForElsewhere: the pharmacy is in another state than the script was written for
    :raises Void: the prescription was cancelled
    :raises AlreadySent: its original is with a pharmacy
    """
    prescription = _valid(original)
    _require_sender(prescription, by=by)
    _require_fitting(pharmacy, prescription)
    if original.status == Original.Status.SENT:
        raise AlreadySent
    original.change(by=by, why="The patient’s choice.", pharmacy=pharmacy)


@transaction.atomic
def tell_pharmacy(original: Original, *, by: User) -> None:
    """Note that the pharmacy which holds a void original was told so.

    :raises NotASender: ``by`` is neither the prescriber nor of the desk
    :raises NotSent: no pharmacy has it
    """
    _require_sender(original.lock().prescription, by=by)
    if original.status != Original.Status.SENT:
        raise NotSent
    original.change(
        by=by,
        why="The pharmacy was told that it is void.",
        pharmacy_told_at=timezone.now(),
        pharmacy_told_by=by,
    )


@transaction.atomic
def note(
    original: Original,
    *,
    caller: str,
    text: str,
    by: User,
    dispensed_on: datetime.date | None = None,
) -> DispenseNote:
    """Write down what the pharmacy told about a script.

    :raises NotASender: ``by`` is neither the prescriber nor of the desk
    :raises NotSent: no pharmacy has it
    :raises NothingSaid: who rang or what they said is missing
    :raises NotDispensedYet: ``dispensed_on`` cannot be
    """
    prescription = original.lock().prescription
    _require_sender(prescription, by=by)
    if original.status != Original.Status.SENT or original.pharmacy is None:
        raise NotSent
    if not (caller.strip() and text.strip()):
        raise NothingSaid
    issued_on = datetime.date.fromisoformat(prescription.content["issued_on"])
    if dispensed_on and not issued_on <= dispensed_on <= timezone.localdate():
        raise NotDispensedYet
    return DispenseNote.objects.create(
        original=original,
        pharmacy=original.pharmacy,
        caller=caller.strip(),
        text=text.strip(),
        dispensed_on=dispensed_on,
        recorded_by=by,
    )


def _valid(original: Original) -> Prescription:
    """Hold the original and its prescription, which must be in force."""
    prescription = original.prescription.lock()  # in the order in which a script is cancelled
    original.lock()
    if prescription.status != Prescription.Status.ISSUED:
        raise Void
    return prescription


def _require_sender(prescription: Prescription, *, by: User) -> None:
    if not by.has_perm("clinic.send_original"):
        if prescription.practitioner.user_id != by.pk:
            raise NotASender
        consulting.require_doctor(prescription.practitioner, by=by)


def _require_fitting(pharmacy: Pharmacy, prescription: Prescription) -> None:
    if not pharmacy.is_offered:
        raise NotInUse
    if pharmacy.state != prescription.dispense_state:
        raise WrittenForElsewhere(prescription, pharmacy)


def _tell_patient(prescription: Prescription) -> None:
    person = prescription.patient.user
    mailing.queue(
        "clinic/mail/document_news",
        recipient=person,
        to=person.email,
        context={"name": person.get_short_name(), "path": "/portal/documents/"},
    )
