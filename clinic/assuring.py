"""The nightly walk through the whole trail, part by part, so that no task runs into its limit at any size."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from clinic import anchoring, demonstrating
from clinic.models import AuditSeal, TrailProof
from config import invariants
from config.base import enqueue, forbid_transaction

SECONDS = 45
"""How long one part goes on; the next is a task of its own."""
LATE = timedelta(hours=26)
"""There is a walk each night; after so long one is missing."""


def prove(*, begin: int = 0) -> TrailProof | None:
    """Walk on from link ``begin``; at the end keep what was found, before it ask a worker for the rest."""
    forbid_transaction()
    told, strange = anchoring.gather()
    outcome = demonstrating.verify(anchors=told, begin=begin, seconds=SECONDS)
    if not outcome.is_whole:
        enqueue("clinic.tasks.prove_trail", str(outcome.proved))
        return None
    faults = [f"{fault.kind}: {fault.row}" for fault in [*outcome.faults, *strange]]
    proof: TrailProof = TrailProof.objects.create(events=outcome.events, faults=faults[:100])
    return proof


def finding(*, now: datetime) -> dict[str, Any]:
    """What the last walk found, as any check of the records tells it."""
    newest = TrailProof.objects.order_by("-recorded_at").first()
    faults = newest.faults if newest else []
    is_late = newest is None or newest.recorded_at < now - LATE
    if is_late and AuditSeal.objects.filter(recorded_at__lt=now - LATE).exists():
        faults = [*faults, "The trail was not walked through last night. Is a worker running?"]
    return {
        "name": "trail_is_proved",
        "sentence": "The audit trail is as it was sealed, and as its anchors say.",
        "broken": len(faults),
        "examples": faults[: invariants.EXAMPLES],
    }
