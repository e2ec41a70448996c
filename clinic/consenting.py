"""What patients agree to, and the proof of which words they agreed to."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import TYPE_CHECKING

from django.template.loader import render_to_string

from clinic.models import Consent, Patient

if TYPE_CHECKING:
    from clinic.models import User

# Raise the version whenever the words under templates/clinic/consent_<kind>.txt change.
VERSIONS = {
    Consent.Kind.TELEHEALTH: "2026-11",
    Consent.Kind.FEES: "2026-11",
    Consent.Kind.PRIVACY: "2026-11",
    Consent.Kind.UNAPPROVED: "2026-11",
}
BEFORE_BOOKING = (Consent.Kind.TELEHEALTH, Consent.Kind.FEES, Consent.Kind.PRIVACY)


def text(kind: str) -> str:
    """The words of the version in force."""
    return render_to_string(f"clinic/consent_{kind}.txt").strip()


def lacking(patient: Patient) -> list[Consent.Kind]:
    """Of what somebody who books agrees to, that whose words in force they have not agreed to yet."""
    agreed = set(patient.consents.values_list("kind", "version"))
    return [kind for kind in BEFORE_BOOKING if (kind, VERSIONS[kind]) not in agreed]


def agree(patient: Patient, *, kinds: Iterable[str], by: User | None) -> None:
    """Write down that ``patient`` said yes to the words in force."""
    Consent.objects.bulk_create(
        Consent(
            patient=patient,
            kind=kind,
            version=VERSIONS[Consent.Kind(kind)],
            text_sha256=sha256(text(kind).encode()).hexdigest(),
            recorded_by=by,
        )
        for kind in kinds
    )
