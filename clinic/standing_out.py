"""What in the trail is out of the ordinary: an auditor looks at it first."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import ExtractHour
from django.utils import timezone

from clinic.models import BOOKED, Appointment

NIGHT = (22, 6)  # from, until: hours by the practice's clock


def outside_care(events: Any) -> Any:
    """What doctors did with records of patients with whom they never had an appointment."""
    booked = Appointment.objects.filter(
        patient_id=OuterRef("patient_id"),
        slot__practitioner_id=OuterRef("practitioner_id"),
        status__in=BOOKED,
    )
    by_doctors = Q(practitioner_id__isnull=False, patient_id__isnull=False)
    return events.filter(by_doctors & ~Exists(booked))


def at_night(events: Any) -> Any:
    """From ten in the evening until six, by the practice's clock."""
    hour = ExtractHour("at", tzinfo=timezone.get_current_timezone())
    late, early = NIGHT
    return events.alias(hour=hour).filter(Q(hour__gte=late) | Q(hour__lt=early))
