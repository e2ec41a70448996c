"""What is known about a patient's health and care: writing it down, ending it, saying there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from clinic import consenting, consulting, identifiers
from clinic.models import Alert, Allergy, Condition, Consent, NoneKnown, OtherMedicine, Patient
from config.base import Refused
from messaging.models import Room

if TYPE_CHECKING:
    from clinic.models import User
    from clinic.models.care import CareFact

KINDS: dict[str, type[CareFact]] = {
    NoneKnown.Kind.ALLERGIES: Allergy,
    NoneKnown.Kind.CONDITIONS: Condition,
    NoneKnown.Kind.MEDICINES: OtherMedicine,
}
"""Of what one may say that there is none."""


class Untold(Refused):
    def __init__(self) -> None:
        super().__init__("Write what it is.")


class ThereAlready(Refused):
    def __init__(self, words: str) -> None:
        super().__init__(f"{words} is on record already.")


class ThereAreSome(Refused):
    def __init__(self, kind: str) -> None:
        super().__init__(f"There are {kind} on record. End each that no longer holds first.")


class NoSuchCode(Refused):
    """The code cannot be one of SNOMED CT."""


class EndedBefore(Refused):
    def __init__(self) -> None:
        super().__init__("This was ended before. Please reload the page to see what changed.")


class NoReason(Refused):
    def __init__(self) -> None:
        super().__init__("Write why: it is over, say, or it was a mistake.")


def conversations_in_care(user: User) -> Q:
    """Which rooms somebody reads besides their own: what is said about a visit belongs to the record.

    DESIGN.md 5: the clinical record, rooms included, is read by the doctors in whose care the patient is, and
    for half an hour by who opened it for a reason: managers join a conversation in no other way.
    """
    return Q(kind=Room.Kind.VISIT, patient__patient__in=Patient.objects.readable_by(user))


def add_condition(patient: Patient, *, name: str, by: User, code: str = "", **more: str) -> Condition:
    """Write down an illness or state of health; ``more`` is its ``risk`` and ``since`` when it is there.

    :raises NotTheirs: the patient is not in the care of ``by``
    :raises NoSuchCode: ``code`` has not the form or the check digit (Verhoeff) of SNOMED CT
    :raises ThereAlready: it is on record
    """
    code = identifiers.SCTID.parse(code)
    finding = identifiers.SCTID.check(code) if code else identifiers.FINE
    if finding.severity == identifiers.Severity.ERROR:
        raise NoSuchCode(finding.sentence)
    return _add(Condition, patient, by=by, name=name, code=code, **more)


def add_allergy(
    patient: Patient, *, substance: str, by: User, reaction: str = "", severity: str = ""
) -> Allergy:
    """Write down what the patient must not be given; what was said about none being known is over then.

    :raises NotTheirs: the patient is not in the care of ``by``
    :raises ThereAlready: it is on record
    """
    return _add(Allergy, patient, by=by, substance=substance, reaction=reaction, severity=severity)


def add_medicine(patient: Patient, *, name: str, by: User, dose: str = "", risk: str = "") -> OtherMedicine:
    """Write down a medicine that the patient has from elsewhere.

    :raises NotTheirs: the patient is not in the care of ``by``
    :raises ThereAlready: it is on record
    """
    return _add(OtherMedicine, patient, by=by, name=name, dose=dose, risk=risk)


def raise_alert(patient: Patient, *, text: str, by: User) -> Alert:
    """Put what everybody should see first on top of the patient's record.

    :raises NotTheirs: the patient is not in the care of ``by``
    :raises ThereAlready: it stands there
    """
    return _add(Alert, patient, by=by, text=text)


@transaction.atomic
def _add(model: type[Any], patient: Patient, *, by: User, **words: str) -> Any:
    consulting.require_carer(patient, by=by)
    words = {name: value.strip() for name, value in words.items()}
    first = next(iter(words.values()))
    if not first:
        raise Untold
    patient.lock()
    try:
        with transaction.atomic():
            return model.objects.add(by=by, patient=patient, **words)
    except IntegrityError:
        if not _standing(model, patient).exists():
            raise
        raise ThereAlready(first) from None


@transaction.atomic
def end(fact: CareFact, *, by: User, why: str) -> None:
    """Note that ``fact`` no longer holds or never did; it stays, with who ended it and why.

    :raises NotTheirs: the patient is not in the care of ``by``
    :raises NoReason: ``why`` is empty
    :raises EndedBefore: somebody ended it
    """
    consulting.require_carer(fact.patient, by=by)
    if not why.strip():
        raise NoReason
    if fact.lock().ended_at:
        raise EndedBefore
    fact.change(by=by, why=why.strip(), ended_at=timezone.now(), ended_by=by)


@transaction.atomic
def state_none_known(patient: Patient, *, kind: str, by: User) -> NoneKnown:
    """Write down that ``by`` asked and was told that there is nothing of this ``kind``.

    :raises NotTheirs: the patient is not in the care of ``by``
    :raises ThereAreSome: some are on record
    """
    consulting.require_carer(patient, by=by)
    kind = NoneKnown.Kind(kind)
    patient.lock()
    if _standing(KINDS[kind], patient).exists():
        raise ThereAreSome(kind.label.lower())
    return NoneKnown.objects.create(patient=patient, kind=kind, recorded_by=by)


def _standing(model: Any, patient: Patient) -> Any:
    return model.objects.standing().filter(patient=patient)


@transaction.atomic
def note_gp(patient: Patient, *, by: User, **gp: str) -> None:
    """Keep who the patient's usual GP is: ``gp_name``, ``gp_practice``, ``gp_address``, ``gp_phone``.

    :raises NotTheirs: the patient is not in the care of ``by``
    """
    consulting.require_carer(patient, by=by)
    patient.lock().change(by=by, why="The usual GP, as the patient says.", **gp)


@transaction.atomic
def answer(patient: Patient, *, kind: str, answer: str, by: User, why: str = "") -> Consent:
    """Write down what the patient says to the words in force: yes, no, or no longer.

    :raises NotTheirs: the patient is not in the care of ``by``
    :raises NotGiven: something is withdrawn that was not agreed to
    """
    consulting.require_carer(patient, by=by)
    patient.lock()
    return consenting.answer(patient, kind=kind, answer=answer, by=by, why=why)
