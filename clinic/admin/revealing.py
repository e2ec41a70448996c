"""A patient's numbers in full: for two minutes, to somebody who says why, and the trail keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from clinic import enrolling
from clinic.identifiers import IHI, MEDICARE

if TYPE_CHECKING:
    from django.http import HttpRequest

    from clinic.models import Patient
    from config.base import SignedInRequest

REVEALED_FOR = 120
"""Seconds for which a patient's numbers stay readable after somebody said why."""


def reveal(request: SignedInRequest, patient: Patient, *, why: str) -> str:
    """Let this session read the numbers for a while, and write down who does and why."""
    enrolling.reveal_identifiers(patient, by=request.user, why=why)
    request.session["revealed"] = {str(patient.pk): timezone.now().timestamp()}
    return "The numbers are readable for two minutes."


def is_revealed(request: HttpRequest, patient: Patient) -> bool:
    since = request.session.get("revealed", {}).get(str(patient.pk), 0)
    may = request.user.has_perm("clinic.view_patient_identifiers")
    return may and timezone.now().timestamp() - since < REVEALED_FOR


def numbers(request: HttpRequest, patient: Patient) -> dict[str, str]:
    """The numbers in full while they may be read, otherwise nothing."""
    if not is_revealed(request, patient):
        return {}
    return {
        "medicare": MEDICARE.show(patient.medicare_number + patient.medicare_irn),
        "ihi": IHI.show(patient.ihi),
    }
