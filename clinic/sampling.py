"""A random sample of scripts to look into: the same seed draws the same ones, today and in a year."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from django.db.models import F, Func, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat

from clinic.models import Note, Prescription, Segment

if TYPE_CHECKING:
    from clinic.models import User

MOST = 200


class Drawn(NamedTuple):
    """One script of a sample with what an auditor asks first."""

    script: Prescription
    issued_at: datetime.datetime
    note: Note | None
    approval: str
    monitoring: str
    minutes: int
    """Minutes of real-time contact in its consultation, whole ones."""
    overrides: int


def draw(
    user: User, *, number: int, seed: str, first: datetime.datetime, last: datetime.datetime
) -> list[Drawn]:
    """``number`` scripts that were issued from ``first`` until before ``last``; four statements."""
    chosen = [*_chosen(user, number=number, seed=seed, first=first, last=last)]
    encounters = [script.encounter_id for script in chosen]
    notes = {
        note.encounter_id: note for note in Note.objects.visible_to(user).filter(encounter__in=encounters)
    }
    minutes = _minutes(user, encounters)
    return [
        Drawn(
            script,
            cast(datetime.datetime, script.issued_at),
            notes.get(script.encounter_id),
            _approval(script.content),
            "looked at" if script.content["evidence"]["monitoring"] else "",
            minutes.get(script.encounter_id, 0),
            len(script.overrides.all()),
        )
        for script in chosen
    ]


def _chosen(user: User, *, number: int, seed: str, **period: datetime.datetime) -> QuerySet[Prescription]:
    issued = Prescription.objects.visible_to(user).filter(
        issued_at__gte=period["first"], issued_at__lt=period["last"], number__isnull=False
    )
    # The key decides together with the seed: who knows neither beforehand can place nothing outside.
    ticket = Concat(Cast(F("pk"), TextField()), Value(seed), output_field=TextField())
    drawn = issued.annotate(ticket=Func(ticket, function="md5", output_field=TextField()))
    related = drawn.select_related("encounter__patient__user", "practitioner__user")
    return related.prefetch_related("overrides").order_by("ticket")[:number]


def _minutes(user: User, encounters: list[Any]) -> dict[Any, int]:
    spoken = Segment.objects.visible_to(user).filter(
        encounter__in=encounters, modality__in=Segment.SYNCHRONOUS, ended_at__isnull=False
    )
    found: dict[Any, float] = {}
    rows: Any = spoken.values_list("encounter_id", "started_at", "ended_at")
    for encounter, begun, ended in rows:
        found[encounter] = found.get(encounter, 0) + (ended - begun).total_seconds() / 60
    return {encounter: int(lasted) for encounter, lasted in found.items()}


def _approval(content: dict[str, Any]) -> str:
    authority = content.get("authority") or {}
    return f"{authority['pathway']} {authority['reference']}".strip() if authority else ""
