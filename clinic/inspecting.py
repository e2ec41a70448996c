"""Asking whether all that must always be true is true, and writing down what came of it."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from clinic.models import Inspection
from config import invariants

if TYPE_CHECKING:
    from clinic.models import User

MISSED_AFTER = timedelta(hours=26)
"""There is an inspection each night; after so long one is missing."""


def inspect(*, by: User | None = None) -> Inspection:
    """Run every check now, and keep what was found."""
    began = time.perf_counter()
    found = invariants.examine()
    return Inspection.objects.create(
        recorded_by=by,
        failed=sum(finding.broken > 0 for finding in found),
        milliseconds=round((time.perf_counter() - began) * 1000),
        findings=[
            {
                "name": finding.check.name,
                "sentence": finding.check.sentence,
                "broken": finding.broken,
                "examples": finding.examples,
            }
            for finding in found
        ],
    )


def is_missing(latest: Inspection | None, *, now: datetime) -> bool:
    """Whether the nightly inspection did not take place."""
    return latest is None or latest.recorded_at < now - MISSED_AFTER
