"""Offers of the practice: only to patients who said yes, and whoever says no is heard at once."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import Exists, OuterRef, Subquery
from django.urls import reverse

from clinic import consenting
from clinic.models import Consent, Patient
from config.base import Refused
from messaging import delivering

if TYPE_CHECKING:
    from clinic.models import User
    from messaging.models import Letter

SALT = "clinic.opting"
BY_LINK = "By the link in a letter."


class NoSuchLink(Refused):
    def __init__(self) -> None:
        super().__init__("This link does not end anything. Copy the whole of it from the letter.")


def is_wanted_by(patient: Patient) -> bool:
    """Whether ``patient`` said yes to offers, and not no since."""
    newest = Consent.objects.filter(patient=patient, kind=Consent.Kind.MARKETING).newest().first()
    return newest is not None and newest.answer == Consent.Answer.GIVEN


def said_yes() -> Exists:
    """For a query of patients: whether the newest of their answers is yes."""
    answers = Consent.objects.filter(patient=OuterRef("patient"), kind=Consent.Kind.MARKETING)
    newest = answers.order_by("-recorded_at", "-pk").values("pk")[:1]
    yes = Consent.objects.filter(patient=OuterRef("pk"), answer=Consent.Answer.GIVEN)
    return Exists(yes.filter(pk=Subquery(newest)))


@transaction.atomic
def choose(patient: Patient, *, wanted: bool, by: User | None, why: str = "") -> None:
    """Write down a yes or a no to the words in force; the same answer again changes nothing."""
    patient.lock()  # two browsers, one after the other
    if is_wanted_by(patient) == wanted:
        return
    answer = Consent.Answer.GIVEN if wanted else Consent.Answer.WITHDRAWN
    consenting.answer(patient, kind=Consent.Kind.MARKETING, answer=answer, by=by, why=why)


def end(patient: Patient, *, by: User) -> None:
    """No more offers: the account is closed."""
    choose(patient, wanted=False, by=by, why="The account was closed.")


def token(patient: Patient) -> str:
    """What ends the offers for ``patient`` without signing in. It does nothing else, and does not run out."""
    return signing.Signer(salt=SALT).sign(str(patient.pk))


def address(patient: Patient) -> str:
    return settings.BASE_URL.rstrip("/") + reverse("offers-end", args=[token(patient)])


def patient_of(secret: str) -> Patient:
    """Whom a link is for.

    :raises NoSuchLink: we did not make it
    """
    try:
        key = UUID(signing.Signer(salt=SALT).unsign(secret))
        return Patient.objects.get(pk=key)
    except (signing.BadSignature, ValueError, Patient.DoesNotExist):
        raise NoSuchLink from None


def secrets(letter: Letter) -> dict[str, str]:
    """What an offer says below: the link that ends them."""
    patient = Patient.objects.filter(user=letter.recipient).first()
    return {"end_url": address(patient)} if patient else {}


def headers(letter: Letter) -> dict[str, str]:
    """How a mail program offers to end them with one click (RFC 8058)."""
    patient = Patient.objects.filter(user=letter.recipient).first()
    if patient is None:
        return {}
    return {
        "List-Unsubscribe": f"<{address(patient)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def is_wanted(letter: Letter) -> bool:
    """Whether an offer that waits in the outbox is still to go."""
    patient = Patient.objects.filter(user=letter.recipient, user__is_active=True).first()
    return patient is not None and is_wanted_by(patient) and not delivering.against(letter.to)
