"""What a patient looks after alone: to what they agreed, in which words, and taking it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.db import transaction

from clinic import consenting, reckoning
from clinic.models import Consent, ConsentText, Patient
from clinic.models.consents import ConsentKind, fingerprint
from config.base import Refused

if TYPE_CHECKING:
    from clinic.models import CancellationPolicy, User

Kind = Consent.Kind
NO_SCRIPT = (
    "Without it, no doctor here can prescribe you such a medicine. Scripts that you hold already stay valid;"
    " please speak with your doctor before you stop taking anything."
)
CONSEQUENCES = {
    Kind.PRIVACY: "Before your next booking we ask you again. Your record is kept as the law asks of us.",
    Kind.TELEHEALTH: "Before your next booking we ask you again, because we see patients by telephone and"
    " video only. Visits you have booked stay booked: cancel them under “Visits”.",
    Kind.FEES: "Before your next booking we ask you again. What you agreed to for a visit that is booked"
    " already still holds for it.",
    Kind.UNAPPROVED: NO_SCRIPT,
    **dict.fromkeys(consenting.CLASSES.values(), NO_SCRIPT),
    Kind.SHARE_GP: "We write no more letters to your usual GP. Those already sent stay there.",
    Kind.MARKETING: "You get no more offers. It changes nothing in your care.",
}
"""What it means to take a yes back, in a sentence or two."""
WITH_DOCTOR = frozenset(consenting.CLASSES.values())
"""To new words of these a patient agrees with their doctor, who explains them."""


class AskDoctor(Refused):
    def __init__(self) -> None:
        super().__init__("Your doctor explains this first. Please book a visit and talk about it there.")


class Standing(NamedTuple):
    """One kind of text: what the patient last said, in which words, and which words count now."""

    kind: ConsentKind
    consent: Consent | None
    text: ConsentText | None
    now: str
    """The words in force."""

    @property
    def is_given(self) -> bool:
        return self.consent is not None and self.consent.answer == Consent.Answer.GIVEN

    @property
    def holds(self) -> bool:
        """Whether it is a yes to the words in force."""
        return consenting.holds(self.consent, words_sha256=fingerprint(self.now))

    @property
    def words(self) -> str:
        """What the answer was given to; of before words were kept, those of now if they are the same."""
        kept = self.consent.words if self.consent else ""
        same = self.consent is not None and self.consent.text_sha256 == fingerprint(self.now)
        return kept or (self.now if same else "")

    @property
    def consequence(self) -> str:
        return CONSEQUENCES[self.kind]

    @property
    def read(self) -> str:
        """What the page sends along with a yes."""
        return consenting.mark({self.kind: self.text}) if self.text else ""

    @property
    def may_agree(self) -> bool:
        """Whether the patient says yes alone: to what a doctor explains, only if it is what they heard."""
        if self.text is None or self.holds:
            return False
        return self.kind not in WITH_DOCTOR or self.words == self.now


def standings(patient: Patient) -> list[Standing]:
    """All that the patient was ever asked, and what anybody is asked before booking."""
    texts, policy = consenting.in_force(), reckoning.policy_now()
    newest = {one.kind: one for one in patient.consents.select_related("text").newest()}
    # Of medicines read only those whose doctor spoke of them: nothing is advertised to the others.
    asked = [kind for kind in Kind if kind in newest or kind not in {*WITH_DOCTOR, Kind.UNAPPROVED}]
    return [_standing(kind, newest.get(kind), texts.get(kind), policy=policy) for kind in asked]


def _standing(
    kind: ConsentKind,
    consent: Consent | None,
    text: ConsentText | None,
    *,
    policy: CancellationPolicy | None,
) -> Standing:
    return Standing(kind, consent, text, consenting.read_out(text, policy=policy) if text else "")


@transaction.atomic
def withdraw(patient: Patient, *, kind: str, by: User) -> None:
    """Take a yes back, at any time and without a reason.

    :raises consenting.NotGiven: there is none
    """
    patient.lock()  # two browsers, one after the other
    consenting.answer(patient, kind=kind, answer=Consent.Answer.WITHDRAWN, by=by, why="By the patient.")


@transaction.atomic
def agree_again(patient: Patient, *, kind: str, read: str, by: User) -> None:
    """Say yes to the words in force, which the page showed as ``read``; the same yes twice changes nothing.

    :raises AskDoctor: a doctor explains these words first
    :raises consenting.WordsChanged: the words are others by now
    """
    patient.lock()
    standing = next((one for one in standings(patient) if one.kind == kind), None)
    if standing and standing.holds:
        return
    if standing is None or not standing.may_agree:
        raise AskDoctor
    consenting.agree(patient, kinds=[kind], by=by, policy=reckoning.policy_now(), read=read)
