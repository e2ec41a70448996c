"""What the checks of a prescription ask for as a number or a date, in one statement."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, OuterRef, Q, Subquery

from clinic.models import ApprovalReport, Encounter, Note, Patient, Practitioner, Prescription

if TYPE_CHECKING:
    from django.db.models import QuerySet


class Counted(NamedTuple):
    """What is only counted, or known by its date."""

    scripts_today: int = 0
    """That the doctor issued, by their calendar."""
    reported_until: datetime.date | None = None
    """The end of the last period of which the TGA had the doctor's report."""
    review_on: datetime.date | None = None
    """The review that the patient's last signed note plans."""
    has_double: bool = False
    """Whether somebody else has the same name and birthday, Medicare number or telephone."""


def counts(encounter: Encounter, *, day: datetime.date, now: datetime.datetime) -> QuerySet:
    """The statement that counts and dates it, not asked yet; ``day`` is the doctor's date of ``now``."""
    midnight = datetime.datetime.combine(
        day, datetime.time(), tzinfo=ZoneInfo(encounter.practitioner.time_zone)
    )
    own = {"practitioner": OuterRef("pk")}
    signed = Note.objects.filter(encounter__patient=encounter.patient_id, status=Note.Status.SIGNED)
    scripts = Prescription.objects.filter(**own, issued_at__gte=midnight, issued_at__lte=now)
    return (
        Practitioner.objects.filter(pk=encounter.practitioner_id)
        .annotate(
            scripts_today=Subquery(
                scripts.order_by().values("practitioner").annotate(n=Count("pk")).values("n")
            ),
            reported_until=Subquery(
                ApprovalReport.objects.filter(**own).order_by("-until_on").values("until_on")[:1]
            ),
            review_on=Subquery(signed.order_by("-signed_at").values("review_on")[:1]),
            has_double=Exists(_doubles(encounter.patient)),
        )
        .values(*Counted._fields)
    )


def told(row: Mapping[str, Any]) -> Counted:
    """What the row of ``counts`` says."""
    return Counted(**{**row, "scripts_today": row["scripts_today"] or 0})


def _doubles(patient: Patient) -> Any:
    """Others who may be the same person."""
    user = patient.user
    same = Q(pk=None)
    if patient.date_of_birth and user.family_name:
        same |= Q(
            date_of_birth=patient.date_of_birth,
            user__family_name__iexact=user.family_name,
            user__given_name__iexact=user.given_name,
        )
    if patient.medicare_number and patient.medicare_irn:
        same |= Q(medicare_number=patient.medicare_number, medicare_irn=patient.medicare_irn)
    if patient.phone:
        same |= Q(phone=patient.phone)
    return Patient.objects.exclude(pk=patient.pk).filter(same)
