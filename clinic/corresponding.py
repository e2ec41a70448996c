"""Letters about a consultation: begun from the practice's texts, filled with facts, signed by the doctor."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from clinic import consulting, gathering
from clinic.models import ClinicalLetter, Consent, Encounter, LetterKind, LetterText, Practice, Prescription
from clinic.models.letters import FACTS, NAMED
from config import hashing
from config.base import Refused, enqueue

if TYPE_CHECKING:
    from clinic.models import Patient, User

FORMAT = 1


class NoConsent(Refused):
    def __init__(self) -> None:
        super().__init__("The patient has not agreed to letters to their GP. Ask them first, then record it.")


class StillBraces(Refused):
    def __init__(self, name: str) -> None:
        super().__init__(f"Nothing is known for {{{name}}}. Write it yourself, or take it out.")


class NothingWritten(Refused):
    def __init__(self) -> None:
        super().__init__("Write a heading and a text before you sign.")


class NoReason(Refused):
    def __init__(self) -> None:
        super().__init__("Write why this letter is void.")


def begin(encounter: Encounter, *, text: LetterText, by: User) -> ClinicalLetter:
    """Draft a letter from ``text`` with the facts of ``encounter``; a closed one may be written about too.

    :raises NotTheirs: ``by`` is not the doctor of the consultation
    :raises NoConsent: it would go to the GP, and the patient did not agree
    """
    consulting.require_doctor(encounter.practitioner, by=by)
    _require_consent(encounter.patient, kind=text.kind)
    known = facts(encounter)
    letter: ClinicalLetter = ClinicalLetter.objects.add(
        by=by,
        encounter=encounter,
        patient=encounter.patient,
        practitioner=encounter.practitioner,
        kind=text.kind,
        addressee=_addressee(encounter.patient) if text.kind == LetterKind.GP_LETTER else "",
        title=fill(text.title, known),
        body=fill(text.body, known),
    )
    return letter


def fill(text: str, known: dict[str, str]) -> str:
    """Put what is known in place of what ``text`` names in braces; what is not known stays as it is."""
    return NAMED.sub(lambda named: known.get(named[1]) or named[0], text)


def facts(encounter: Encounter) -> dict[str, str]:
    """What the texts of letters may name, in words."""
    patient, practitioner, note = encounter.patient, encounter.practitioner, encounter.note
    today = gathering.date_where(practitioner, at=timezone.now())
    found = {
        "patient": str(patient),
        "date_of_birth": _day(patient.date_of_birth),
        "address": patient.address,
        "gp": patient.gp_name,
        "doctor": str(practitioner),
        "practice": Practice.objects.current().name,
        "today": _day(today),
        "seen_on": _day(gathering.date_where(practitioner, at=encounter.created_at)),
        "review_on": _day(note.review_on),
        "medicines": _medicines(encounter),
    }
    found |= {
        name: getattr(note, name).strip() for name in ("presenting", "examination", "assessment", "plan")
    }
    return {name: found[name] for name in FACTS}


def _medicines(encounter: Encounter) -> str:
    issued = encounter.prescriptions.filter(status=Prescription.Status.ISSUED).order_by("number")
    lines = [line for script in issued for line in script.content["lines"]]
    told = [f"{line['name']}, {line['strength']}: {line['directions']}" for line in lines]
    return "\n".join(told) or "Nothing was prescribed."


def _addressee(patient: Patient) -> str:
    return "\n".join(filter(None, [patient.gp_name, patient.gp_practice, patient.gp_address]))


def _day(day: datetime.date | None) -> str:
    return f"{day.day} {day:%B %Y}" if day else ""


def _require_consent(patient: Patient, *, kind: str) -> None:
    if kind != LetterKind.GP_LETTER:
        return
    newest = patient.consents.filter(kind=Consent.Kind.SHARE_GP).newest().first()
    if newest is None or newest.answer != Consent.Answer.GIVEN:
        raise NoConsent


@transaction.atomic
def sign(letter: ClinicalLetter, *, by: User) -> None:
    """Sign the letter as it stands; its paper is then made once, and the patient told that there is one.

    :raises NotTheirs: ``by`` is not the doctor of the consultation
    :raises NoConsent: it goes to the GP, and the patient does not, or no longer, agree
    :raises NothingWritten: heading or text is empty
    :raises StillBraces: something in braces was not filled
    :raises IllegalMove: it is signed, or void
    """
    consulting.require_doctor(letter.lock().practitioner, by=by)
    _require_consent(letter.patient, kind=letter.kind)
    if not (letter.title.strip() and letter.body.strip()):
        raise NothingWritten
    if left := NAMED.search(f"{letter.title} {letter.body}"):
        raise StillBraces(left[1])
    now = timezone.now()
    content = describe(letter, at=now)
    letter.move_to(
        ClinicalLetter.Status.SIGNED,
        by=by,
        why="Signed.",
        content=content,
        content_sha256=hashing.fingerprint(content),
        signed_at=now,
        signed_by=by,
    )
    enqueue("clinic.tasks.render_letter", letter.pk)


def describe(letter: ClinicalLetter, *, at: datetime.datetime) -> dict[str, Any]:
    """Write down the whole letter: what is printed, hashed and shown years later."""
    practice, practitioner = Practice.objects.current(), letter.practitioner
    return {
        "format": FORMAT,
        "kind": letter.kind,
        "written_on": gathering.date_where(practitioner, at=at).isoformat(),
        "signed_at": at.astimezone(datetime.UTC).isoformat(),
        "practice": {"name": practice.name, "address": practice.address, "phone": practice.phone},
        "doctor": {
            "name": str(practitioner),
            "qualifications": practitioner.qualifications,
            "ahpra_number": practitioner.ahpra_number,
            "provider_number": practitioner.provider_number,
        },
        "patient": {
            "name": str(letter.patient),
            "address": letter.patient.address,
            "date_of_birth": letter.patient.date_of_birth.isoformat()
            if letter.patient.date_of_birth
            else None,
        },
        "addressee": letter.addressee.strip(),
        "title": letter.title.strip(),
        "body": letter.body.strip(),
    }


@transaction.atomic
def cancel(letter: ClinicalLetter, *, why: str, by: User) -> None:
    """Make a letter void, or discard a draft.

    :raises NotTheirs: ``by`` is not the doctor of the consultation
    :raises NoReason: ``why`` is empty
    :raises IllegalMove: it is void already
    """
    consulting.require_doctor(letter.practitioner, by=by)
    if not why.strip():
        raise NoReason
    letter.move_to(ClinicalLetter.Status.CANCELLED, by=by, why=why.strip())
