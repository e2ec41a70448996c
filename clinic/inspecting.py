"""Asking whether all that must always be true is true, and writing down what came of it."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from clinic import assuring, roles
from clinic.models import Inspection
from config import invariants
from messaging import mailing
from messaging.models import Letter

if TYPE_CHECKING:
    from clinic.models import User

MISSED_AFTER = timedelta(hours=26)
"""There is an inspection each night; after so long one is missing."""


def inspect(*, by: User | None = None) -> Inspection:
    """Run every check now, and keep what was found."""
    return _examine(by, trail=None)


def _examine(by: User | None, *, trail: dict[str, Any] | None) -> Inspection:
    began = time.perf_counter()
    found = invariants.examine()
    findings = [_told(finding) for finding in found] + ([trail] if trail else [])
    return Inspection.objects.create(
        recorded_by=by,
        failed=sum(finding["broken"] > 0 for finding in findings),
        milliseconds=round((time.perf_counter() - began) * 1000),
        findings=findings,
    )


def _told(finding: invariants.Finding) -> dict[str, Any]:
    return {
        "name": finding.check.name,
        "sentence": finding.check.sentence,
        "broken": finding.broken,
        "examples": finding.examples,
    }


def inspect_by_night() -> Inspection:
    """Run every check as the schedule does, and tell what the night's walk through the trail found.

    Where one fails, the managers get a letter that says no more.
    """
    found = _examine(None, trail=assuring.finding(now=timezone.now()))
    if found.failed:
        _tell_managers(found)
    return found


@transaction.atomic
def _tell_managers(found: Inspection) -> None:
    path = reverse("admin:clinic_inspection_change", args=[found.pk])
    mailing.queue_all(
        [
            Letter(
                template="clinic/mail/inspection_failed",
                recipient=person,
                to=person.email,
                context={"name": person.get_short_name(), "path": path},
                next_attempt_at=timezone.now(),
            )
            for person in roles.who_may("clinic.view_inspection", "clinic.change_practice")
        ]
    )


def is_missing(latest: Inspection | None, *, now: datetime) -> bool:
    """Whether the nightly inspection did not take place."""
    return latest is None or latest.recorded_at < now - MISSED_AFTER
