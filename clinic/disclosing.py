"""Telling patients who opened their record: when, in which role, and for what (AUSTRALIA.md 5.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Max, QuerySet
from django.db.models.functions import TruncDate

from clinic.models import AuditEvent, Role

if TYPE_CHECKING:
    import datetime
    from uuid import UUID

    from clinic.models import Patient

DAYS = 30
"""Days of one page; only those on which somebody did something count."""
VERBS = {
    AuditEvent.Action.BREAK_GLASS: "opened your record from outside your care team, and had to say why",
    AuditEvent.Action.READ: "read",
    AuditEvent.Action.DOWNLOAD: "downloaded",
    AuditEvent.Action.PRINT: "printed",
    AuditEvent.Action.EXPORT: "took along",
    AuditEvent.Action.CREATE: "wrote",
    AuditEvent.Action.UPDATE: "changed",
    AuditEvent.Action.SIGN: "signed",
    AuditEvent.Action.APPROVE: "approved",
    AuditEvent.Action.VOID: "made void",
    AuditEvent.Action.EMAIL: "sent",
}
"""What is told, by the action of the event: each is something that a person did with the record."""
THINGS = {
    "clinic.patient": "your details",
    "clinic.user": "your account",
    "clinic.encounter": "a consultation",
    "clinic.segment": "the times of a consultation",
    "clinic.appointment": "an appointment",
    "clinic.alert": "an alert",
    "clinic.allergy": "an allergy",
    "clinic.condition": "a condition",
    "clinic.othermedicine": "another medicine of yours",
    "clinic.noneknown": "that there is nothing known",
    "clinic.note": "a note",
    "clinic.addendum": "an addition to a note",
    "clinic.prescription": "a prescription",
    "clinic.document": "a document",
    "clinic.original": "a paper to the pharmacy",
    "clinic.consent": "a consent",
    "clinic.approval": "an approval",
    "clinic.identitycheck": "a check of your identity",
    "clinic.adverseevent": "a report of an adverse event",
    "clinic.recordcopy": "a copy of your file",
    "clinic.privacyrequest": "your request about your data",
    "billing.order": "an order",
    "billing.receipt": "a receipt",
    "clinic.intake": "your answers before a visit",
    "clinic.answer": "your answers before a visit",
    "clinic.monitoringcheck": "a monitoring check",
    "clinic.prescriptionline": "a prescription",
    "clinic.clinicalletter": "a letter about you",
    "clinic.waitlistentry": "your place on the waiting list",
    "messaging.room": "a conversation",
    "messaging.message": "a message",
}
"""What it was done with. Nothing else is told: of an incident, say, they hear when it is decided."""


@dataclass
class Look:
    """What one person did on one day."""

    who: str
    role: str
    at: datetime.datetime
    """When they did the last of it."""
    did: list[str] = field(default_factory=list)


@dataclass
class Day:
    day: datetime.date
    looks: list[Look]


def days(patient: Patient, *, before: datetime.date | None = None) -> tuple[list[Day], datetime.date | None]:
    """The newest days on which somebody else was at the record, and the day from which older ones go on.

    Days are those of the patient's own clock. Two statements, however much there is.
    """
    zone = ZoneInfo(patient.user.time_zone)
    events = _of_others(patient.pk, patient.user_id).annotate(day=TruncDate("at", tzinfo=zone))
    if before:
        events = events.filter(day__lt=before)
    wanted = [*events.order_by("-day").values_list("day", flat=True).distinct()[: DAYS + 1]]
    shown = wanted[:DAYS]
    if not shown:
        return [], None
    rows = (
        events.filter(day__in=shown)
        .order_by()
        .values("day", "by", "by__given_name", "by__family_name", "role", "action", "record_type")
        .annotate(times=Count("pk"), last=Max("at"))
    )
    return [*_told(rows)], shown[-1] if len(wanted) > DAYS else None


def _of_others(patient: UUID, own: UUID) -> QuerySet[AuditEvent]:
    done = AuditEvent.objects.filter(
        patient_id=patient, action__in=VERBS, outcome="done", record_type__in=THINGS
    )
    return done.filter(by__isnull=False).exclude(by=own)


def _told(rows: Iterable[Any]) -> Iterator[Day]:
    newest_first = sorted(rows, key=lambda row: (row["day"], str(row["by"]), row["role"]), reverse=True)
    for day, of_day in groupby(newest_first, key=lambda row: row["day"]):
        looks = [_look([*own]) for _, own in groupby(of_day, key=lambda row: (row["by"], row["role"]))]
        yield Day(day, sorted(looks, key=lambda look: look.at, reverse=True))


def _look(rows: list[Any]) -> Look:
    first = rows[0]
    name = f"{first['by__given_name']} {first['by__family_name']}".strip()
    found: dict[str, int] = {}
    order = [*VERBS]
    for row in sorted(rows, key=lambda row: (order.index(row["action"]), row["record_type"])):
        words = VERBS[row["action"]]
        if row["action"] != AuditEvent.Action.BREAK_GLASS:  # that is the whole of it
            words += f" {THINGS[row['record_type']]}"
        found[words] = found.get(words, 0) + row["times"]
    did = [f"{words}, {times} times" if times > 1 else words for words, times in found.items()]
    role = Role(first["role"]).label if first["role"] in Role else ""
    return Look(name or "Somebody of the practice", role, max(row["last"] for row in rows), did)
