"""Telling whoever holds a paper whether it is genuine and in force, and nothing of what stands on it."""

from __future__ import annotations

import secrets
from datetime import date, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from clinic import auditing
from clinic.models import AuditEvent, Document, Prescription
from config.base import Refused

SECRET_BYTES = 20
WITHIN = timedelta(days=1)
MOST_WRONG = 8
"""Wrong dates of birth for one paper within a day. All 30,000 that there are would take ten years."""


class NoSuchPaper(Refused):
    def __init__(self) -> None:
        super().__init__("There is no paper of ours at this address. Please ask the practice.")


class WrongDate(Refused):
    def __init__(self) -> None:
        super().__init__("This is not the patient’s date of birth on this paper. Please look again.")


class TooManyDates(Refused):
    def __init__(self) -> None:
        super().__init__("There were too many wrong dates for this paper today. Please ring the practice.")


class Confirmed(NamedTuple):
    """What anybody who holds a paper may know of it."""

    number: int
    issued_on: date
    valid_until_on: date
    status: str
    """In words: in force, void, or past its date."""
    is_good: bool
    sha256: str
    prescriber: str


def new_secret() -> str:
    """Make the part of an address that stands on one paper alone and follows from nothing."""
    return secrets.token_urlsafe(SECRET_BYTES)


def address(secret: str) -> str:
    """The address that the code on a paper leads to."""
    return settings.BASE_URL.rstrip("/") + reverse("verify", args=[secret])


def find(secret: str) -> Document:
    """Find the paper behind an address, without telling anything of it.

    :raises NoSuchPaper: no paper has this address
    """
    papers = Document.objects.exclude(secret="").exclude(prescription=None).select_related("prescription")
    document = papers.filter(secret=secret).first()
    if document is None:
        raise NoSuchPaper
    return document


def confirm(secret: str, *, born_on: date) -> Confirmed:
    """Tell about the paper to somebody who knows when its patient was born; every try is in the trail.

    :raises NoSuchPaper: no paper has this address
    :raises TooManyDates: wrong dates were tried too often today
    :raises WrongDate: the patient was born on another day
    """
    found = find(secret)
    prescription = found.prescription
    if prescription is None:
        raise NoSuchPaper
    with transaction.atomic():
        # One at a time: many tries at once would otherwise each be the first.
        Document.objects.select_for_update(of=("self",)).get(pk=found.pk)
        wrong = AuditEvent.objects.filter(
            record_id=found.pk,
            action=AuditEvent.Action.VERIFY,
            outcome="failed",
            at__gt=timezone.now() - WITHIN,
        )
        is_over = wrong.count() >= MOST_WRONG
        is_right = not is_over and prescription.content["patient"]["date_of_birth"] == born_on.isoformat()
        outcome = "done" if is_right else "refused" if is_over else "failed"
        auditing.note(AuditEvent.Action.VERIFY, by=None, record=found, outcome=outcome)
    if is_over:
        raise TooManyDates
    if not is_right:
        raise WrongDate
    return _told(prescription)


def _told(prescription: Prescription) -> Confirmed:
    content = prescription.content
    is_void = prescription.status != Prescription.Status.ISSUED
    valid_until_on = date.fromisoformat(content["valid_until_on"])
    is_late = timezone.localdate() > valid_until_on
    return Confirmed(
        number=content["number"],
        issued_on=date.fromisoformat(content["issued_on"]),
        valid_until_on=valid_until_on,
        status="Void" if is_void else "Past its date" if is_late else "In force",
        is_good=not (is_void or is_late),
        sha256=prescription.content_sha256,
        prescriber=content["prescriber"]["name"],
    )
