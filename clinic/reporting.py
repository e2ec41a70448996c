"""Adverse events: telling the regulator in time, or saying why not."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, NamedTuple

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from clinic.models import AdverseEvent, Patient, Practitioner
from config.base import Refused

if TYPE_CHECKING:
    from clinic.models import User


class NotACarer(Refused):
    def __init__(self) -> None:
        super().__init__("Only a doctor who cares for this patient can do this.")


class NoReference(Refused):
    def __init__(self) -> None:
        super().__init__("Write the reference that the TGA gave to your report.")


class NoReason(Refused):
    def __init__(self) -> None:
        super().__init__("Write why it is not reported.")


@transaction.atomic
def report(
    event: AdverseEvent, *, reference: str, by: User, sponsor_told_on: datetime.date | None = None
) -> None:
    """Note that the TGA has the report; from now on the record stays as it is.

    :raises NotACarer: the patient is not in the care of ``by``
    :raises NoReference: ``reference`` is empty
    :raises IllegalMove: it was reported, or dismissed, before
    """
    _require_carer(event, by=by)
    if not reference.strip():
        raise NoReference
    event.move_to(
        AdverseEvent.Status.REPORTED,
        by=by,
        why="Reported to the TGA.",
        tga_reference=reference.strip(),
        sponsor_told_on=sponsor_told_on,
        reported_at=timezone.now(),
        reported_by=by,
    )


@transaction.atomic
def dismiss(event: AdverseEvent, *, why: str, by: User) -> None:
    """Say that it is not to be reported, and why: it was no effect of the medicine, say.

    :raises NotACarer: the patient is not in the care of ``by``
    :raises NoReason: ``why`` is empty
    :raises IllegalMove: it was reported, or dismissed, before
    """
    _require_carer(event, by=by)
    if not why.strip():
        raise NoReason
    event.move_to(AdverseEvent.Status.DISMISSED, by=by, why=why.strip())


class Clock(NamedTuple):
    """That the TGA is to be told of a serious event: until when, and by whom. Nothing of whose it was."""

    due_on: datetime.date
    doctor: str


def clocks(*, by: User, most: int) -> list[Clock]:
    """The reports that are due in the practice, the first to be due first; for those who oversee it."""
    if not by.has_perm("clinic.watch_adverseevent"):
        return []
    first = AdverseEvent.history.filter(id=OuterRef("pk")).order_by("history_date", "history_id")
    waiting = AdverseEvent.objects.waiting().annotate(writer=Subquery(first.values("history_user")[:1]))
    events = [*waiting[:most]]
    writers = Practitioner.objects.filter(user__in={event.writer for event in events})
    named = {doctor.user_id: str(doctor) for doctor in writers.select_related("user")}
    return [Clock(event.due_on, named.get(event.writer, "")) for event in events if event.due_on]


def _require_carer(event: AdverseEvent, *, by: User) -> None:
    in_care = Patient.objects.in_care_of(by).filter(pk=event.patient_id)
    if not by.has_perm("clinic.change_adverseevent") or not in_care.exists():
        raise NotACarer
