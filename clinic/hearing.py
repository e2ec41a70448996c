"""What a patient told of risks, as the checks of a prescription ask about it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Value

from clinic import answering
from clinic.models import Allergy, Condition, NoneKnown, OtherMedicine

if TYPE_CHECKING:
    from uuid import UUID

    from django.db.models import QuerySet

KINDS: dict[str, type[Allergy | Condition | OtherMedicine]] = {
    NoneKnown.Kind.ALLERGIES: Allergy,
    NoneKnown.Kind.CONDITIONS: Condition,
    NoneKnown.Kind.MEDICINES: OtherMedicine,
}


@dataclass(frozen=True)
class Heard:
    """What counts of it today."""

    risks: frozenset[str]
    """Which risks the patient's illnesses and other medicines are: "psychosis", "opioid" …"""
    kinds: frozenset[str]
    """Of what the record knows something that holds, or that there is none: "conditions" …"""
    none_at: Mapping[str, datetime.datetime]
    """When it was last said that there is none, by kind, where nothing was written down since."""
    flags: Sequence[answering.Raised]
    """Red flags of what was answered before visits, as long as these answers count."""
    answered_at: datetime.datetime | None
    """When the patient last answered such a question, as long as that counts."""


def rows(patient: UUID) -> dict[str, QuerySet]:
    """What there is of it, not read yet."""
    facts: dict[str, Any] = {
        kind: model.objects.filter(patient=patient)
        .order_by()
        .values_list("risk" if hasattr(model, "Risk") else Value(""), "created_at", "ended_at")
        for kind, model in KINDS.items()
    }
    none = NoneKnown.objects.filter(patient=patient).order_by("kind", "-recorded_at").distinct("kind")
    return {
        **facts,
        "none": none.values_list("kind", "recorded_at"),
        **answering.of_patient(patient),
    }


def heard(read: Mapping[str, Any], *, after: datetime.datetime) -> Heard:
    """What ``rows`` say. Answers before a visit count only if they were given ``after`` that."""
    standing = {kind: [risk for risk, _, ended_at in read[kind] if ended_at is None] for kind in KINDS}
    # Whatever was written down after it, a mistake too, asks for the question again.
    none_at = {
        kind: at for kind, at in read["none"] if all(created_at < at for _, created_at, _ in read[kind])
    }
    said = answering.last_said(read, after=after)
    asked = [one.answers[-1].said_at for one in said if one.question.flags and one.value]
    return Heard(
        risks=frozenset(risk for risks in standing.values() for risk in risks if risk),
        kinds=frozenset([*none_at, *(kind for kind, there in standing.items() if there)]),
        none_at=none_at,
        flags=answering.raised(said),
        answered_at=max(asked, default=None),
    )
