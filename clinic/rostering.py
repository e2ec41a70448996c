"""Doctors' hours: the weekly ones, what is different on single dates, and single times."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from clinic import slotting
from clinic.models import Practice, Practitioner, Roster, RosterException, Slot
from clinic.slotting import Offered
from config.base import Refused

if TYPE_CHECKING:
    from datetime import date

    from clinic.models import AppointmentType, User


class SlotClaimed(Refused):
    def __init__(self) -> None:
        super().__init__(
            "Someone has this time. Cancel or move their appointment first, then withdraw the time."
        )


class SlotGone(Refused):
    def __init__(self) -> None:
        super().__init__(
            "This time is withdrawn already. The list of times shows those that are still offered."
        )


class AlreadyWithdrawn(Refused):
    def __init__(self) -> None:
        super().__init__("These hours are withdrawn already. Please reload the page.")


class TimePassed(Refused):
    def __init__(self) -> None:
        super().__init__("This time has passed. Choose one ahead.")


class DatesPassed(Refused):
    def __init__(self) -> None:
        super().__init__("These dates have passed. Choose dates from today on.")


class TimeOverlaps(Refused):
    def __init__(self) -> None:
        super().__init__("The practitioner already has a time here. Choose another, or withdraw that one.")


def offer(*, now: datetime, by: User | None = None) -> int:
    """Offer what all the hours promise up to the horizon, and tell how many times are new."""
    return slotting.bring_in_step(None, now=now, by=by).offered


@transaction.atomic
def set_hours(roster: Roster, *, by: User) -> Offered:
    """Keep weekly hours as they stand on ``roster``, new or changed, and bring the times ahead in step.

    Times outside the hours are withdrawn, but never one that somebody has claimed.

    :raises AlreadyWithdrawn: they were withdrawn meanwhile
    """
    if not roster._state.adding and Roster.objects.get(pk=roster.pk).withdrawn_at:
        raise AlreadyWithdrawn
    roster.sign_with(by=by).save()
    return slotting.bring_in_step([roster.practitioner_id], now=timezone.now(), by=by)


@transaction.atomic
def withdraw_hours(roster: Roster, *, by: User, why: str) -> Offered:
    """End weekly hours from now on; what took place in them stays as it was.

    :raises AlreadyWithdrawn: somebody did so already
    """
    now = timezone.now()
    if roster.lock().withdrawn_at:
        raise AlreadyWithdrawn
    roster.change(withdrawn_at=now, withdrawn_by=by, by=by, why=why)
    return slotting.bring_in_step([roster.practitioner_id], now=now, by=by)


def refuse_past(last: date, *, zone: str) -> None:
    """:raises DatesPassed: ``last`` is over where the practitioner is, or the practice where none is named"""
    there = ZoneInfo(zone or Practice.objects.current().time_zone)
    if last < timezone.now().astimezone(there).date():
        raise DatesPassed


@transaction.atomic
def set_exceptions(exceptions: Sequence[RosterException], *, by: User, why: str = "") -> Offered:
    """Keep exceptions as they stand, new or changed, and bring the times ahead in step, once for all.

    :raises DatesPassed: one of them is over
    """
    concerned = []
    for exception in exceptions:
        refuse_past(exception.until_on, zone=exception.time_zone)
        if not exception._state.adding:
            before = RosterException.objects.select_for_update().get(pk=exception.pk)
            if before.withdrawn_at:
                raise AlreadyWithdrawn
            concerned.append(before)
        exception.sign_with(by=by, why=why).save()
        concerned.append(exception)
    return slotting.bring_in_step(_concerned(concerned), now=timezone.now(), by=by)


@transaction.atomic
def withdraw_exception(exception: RosterException, *, by: User, why: str) -> Offered:
    """Let the weekly hours hold again.

    :raises AlreadyWithdrawn: somebody did so already
    """
    now = timezone.now()
    if exception.lock().withdrawn_at:
        raise AlreadyWithdrawn
    exception.change(withdrawn_at=now, withdrawn_by=by, by=by, why=why)
    return slotting.bring_in_step(_concerned([exception]), now=now, by=by)


def _concerned(exceptions: Iterable[RosterException]) -> set[UUID]:
    """The practitioners whose hours they change, found in one statement."""
    named = {exception.practitioner_id for exception in exceptions}
    states = {exception.state for exception in exceptions if exception.practitioner_id is None}
    some = Q(pk__in=named - {None}) | Q(state__in=states)
    found = Practitioner.objects.all() if "" in states else Practitioner.objects.filter(some)
    return set(found.values_list("pk", flat=True))


@transaction.atomic
def set_kind(kind: AppointmentType, *, by: User) -> Offered:
    """Keep a kind of appointment as it stands; free times follow its length and buffers at once."""
    kind.sign_with(by=by).save()
    weekly = Q(rosters__appointment_type=kind)
    single = Q(exceptions__appointment_type=kind)
    practitioners = Practitioner.objects.filter(weekly | single).distinct().values_list("pk", flat=True)
    return slotting.bring_in_step(practitioners, now=timezone.now(), by=by)


def planned_end(starts_at: datetime, *, kind: AppointmentType) -> datetime:
    """Tell when a time of that kind would end.

    :raises TimePassed: it would begin in the past
    """
    if starts_at <= timezone.now():
        raise TimePassed
    return starts_at + timedelta(minutes=kind.minutes)


@transaction.atomic
def add_time(slot: Slot, *, by: User) -> None:
    """Offer one more time beside the hours; how long it takes, its kind says.

    :raises TimePassed: it would begin in the past
    :raises TimeOverlaps: the practitioner has another time there
    """
    kind = slot.appointment_type
    slot.ends_at = planned_end(slot.starts_at, kind=kind)
    slot.buffer_before, slot.buffer_after = kind.buffer_before, kind.buffer_after
    try:
        with transaction.atomic():
            slot.sign_with(by=by).save(force_insert=True)
    except IntegrityError:
        raise TimeOverlaps from None


@transaction.atomic
def withdraw(slot: Slot, *, by: User, why: str) -> None:
    """Stop offering one time.

    :raises SlotClaimed: somebody has it
    :raises SlotGone: it is withdrawn already
    """
    if slot.lock().withdrawn_at:
        raise SlotGone
    if slot.appointments.live().exists():
        raise SlotClaimed
    slot.change(withdrawn_at=timezone.now(), withdrawn_by=by, by=by, why=why)
