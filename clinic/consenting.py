"""What patients agree to, and the proof of which words they agreed to."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import TYPE_CHECKING

from django.template.loader import render_to_string

from clinic import dosing
from clinic.models import CancellationPolicy, Consent, Patient
from config.base import Refused

if TYPE_CHECKING:
    from catalog.models import Product
    from clinic.models import User


class NotGiven(Refused):
    def __init__(self) -> None:
        super().__init__("The patient has not agreed to this, so there is nothing to withdraw.")


# Raise the version whenever the words under templates/clinic/consent_<kind>.txt change.
VERSIONS = {
    Consent.Kind.TELEHEALTH: "2026-11",
    Consent.Kind.FEES: "2026-12",
    Consent.Kind.PRIVACY: "2026-11",
    Consent.Kind.UNAPPROVED_S4: "2026-12",
    Consent.Kind.UNAPPROVED_S4_INHALED: "2026-12",
    Consent.Kind.UNAPPROVED_S8: "2026-12",
    Consent.Kind.UNAPPROVED_S8_INHALED: "2026-12",
    Consent.Kind.SHARE_GP: "2026-11",
    Consent.Kind.MARKETING: "2026-12",
}
CLASSES = {
    ("S4", False): Consent.Kind.UNAPPROVED_S4,
    ("S4", True): Consent.Kind.UNAPPROVED_S4_INHALED,
    ("S8", False): Consent.Kind.UNAPPROVED_S8,
    ("S8", True): Consent.Kind.UNAPPROVED_S8_INHALED,
}
"""To what a patient agrees before an unapproved medicine of a schedule, inhaled or not: the risks differ."""
BEFORE_BOOKING = (Consent.Kind.TELEHEALTH, Consent.Kind.FEES, Consent.Kind.PRIVACY)


def text(kind: str, *, policy: CancellationPolicy | None = None) -> str:
    """The words of the version in force; those about fees tell of the cancellation policy."""
    kind = Consent.Kind(kind)
    told = {"policy": policy, "medicine": kind.label.lower().replace("schedule", "Schedule")}
    name = "unapproved" if kind in CLASSES.values() else kind
    return render_to_string(f"clinic/consent_{name}.txt", told).strip()


def version(kind: str, *, policy: CancellationPolicy | None) -> str:
    """What the words in force are called: ``2026-12+2026-07-01`` names the text and the policy in it."""
    words = VERSIONS[Consent.Kind(kind)]
    return f"{words}+{policy.version}" if policy and kind == Consent.Kind.FEES else words


def class_of(product: Product) -> tuple[str, bool]:
    """Tell the schedule of ``product``, and whether it is inhaled."""
    return product.schedule, product.dose_form in dosing.INHALED


def before_booking(*, policy: CancellationPolicy | None) -> list[tuple[str, str]]:
    """What somebody who books reads: each text with its title."""
    return words(BEFORE_BOOKING, policy=policy)


def words(kinds: Iterable[Consent.Kind], *, policy: CancellationPolicy | None) -> list[tuple[str, str]]:
    """Each text with its title."""
    return [(kind.label, text(kind, policy=policy)) for kind in kinds]


def lacking(patient: Patient, *, policy: CancellationPolicy | None) -> list[Consent.Kind]:
    """Of what somebody who books agrees to, that whose words in force they have not agreed to yet."""
    newest = patient.consents.newest()
    agreed = {(one.kind, one.version) for one in newest if one.answer == Consent.Answer.GIVEN}
    return [kind for kind in BEFORE_BOOKING if (kind, version(kind, policy=policy)) not in agreed]


def answer(patient: Patient, *, kind: str, answer: str, by: User | None, why: str = "") -> Consent:
    """Write down what ``patient`` says to the words in force; of a kind, the newest answer counts.

    :raises NotGiven: something is withdrawn that was not agreed to
    """
    before = patient.consents.filter(kind=kind).newest().first()
    if answer == Consent.Answer.WITHDRAWN and (not before or before.answer != Consent.Answer.GIVEN):
        raise NotGiven
    return Consent.objects.create(
        patient=patient,
        kind=Consent.Kind(kind),
        answer=Consent.Answer(answer),
        why=why.strip(),
        version=version(kind, policy=None),
        text_sha256=sha256(text(kind).encode()).hexdigest(),
        recorded_by=by,
    )


def agree(
    patient: Patient, *, kinds: Iterable[str], by: User | None, policy: CancellationPolicy | None = None
) -> None:
    """Write down that ``patient`` said yes to the words in force."""
    Consent.objects.bulk_create(
        Consent(
            patient=patient,
            kind=kind,
            version=version(kind, policy=policy),
            text_sha256=sha256(text(kind, policy=policy).encode()).hexdigest(),
            recorded_by=by,
        )
        for kind in kinds
    )
