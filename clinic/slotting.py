"""Bringing the times that patients can book in step with the hours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from clinic.models import Practice, Practitioner, Roster, RosterException, Slot
from clinic.timetabling import DAY, Busy, Promise, Timetable

if TYPE_CHECKING:
    from clinic.models import User

OFFERED, CHANGED, BACK = "Offered by the hours.", "The hours changed.", "The hours hold it again."


class Offered(NamedTuple):
    """What a look through the hours did to the times that patients can book."""

    offered: int
    withdrawn: int
    kept: int
    """Claimed times that lie outside the hours now; somebody has to say what becomes of each."""


class Row(NamedTuple):
    """What is to be known of a time that is there; whole records are read of the few that change."""

    pk: UUID
    practitioner_id: UUID
    starts_at: datetime
    ends_at: datetime
    appointment_type_id: UUID
    buffer_before: int
    buffer_after: int
    roster_id: UUID | None
    exception_id: UUID | None
    outside_at: datetime | None
    withdrawn_at: datetime | None

    @property
    def key(self) -> tuple:
        """What makes it the time that hours promise; which hours, is of no matter."""
        return self[1:7]

    @property
    def busy(self) -> tuple[datetime, datetime]:
        return _busy(self.starts_at, self.ends_at, self.buffer_before, self.buffer_after)


class Plan(NamedTuple):
    """The hours of some practitioners, and the times they promise ahead."""

    timetables: dict[UUID, Timetable]
    promised: dict[tuple, Promise]
    leave: dict[UUID, list]


def bring_in_step(practitioners: Iterable[UUID] | None, *, now: datetime, by: User | None) -> Offered:
    """Offer what the hours promise up to the horizon, and withdraw what they no longer hold.

    All practitioners who accept patients, unless some are named. The number of statements does not
    depend on how many they are, nor on how many times there are. A claimed time stays and is noted as
    outside the hours; one that somebody withdrew by hand is not offered again.
    """
    with transaction.atomic():
        doctors = _lock(practitioners)
        until = now + timedelta(weeks=Practice.objects.current().horizon_weeks)
        rows = list(_rows(doctors, now))
        last = max([until, *(row.starts_at for row in rows)])
        plan = _plan(doctors, now, last)
        changed = [row for row in rows if row.withdrawn_at is None and not _stays(row, plan)]
        gone, kept = _sort_out(changed, plan, now=now, by=by)
        wanted = _wanted(doctors, [row for row in rows if row.pk not in gone], plan, until)
        return Offered(_insert(wanted, by=by), len(gone), kept)


def _lock(practitioners: Iterable[UUID] | None) -> list[Practitioner]:
    """Read the practitioners; one run at a time for each, so that none is offered the same time twice."""
    named = Q(accepts_patients=True) if practitioners is None else Q(pk__in=list(practitioners))
    return list(Practitioner.objects.select_for_update(no_key=True).filter(named).order_by("pk"))


def _rows(doctors: list[Practitioner], now: datetime) -> Iterable[Row]:
    """The times ahead, and those ahead that somebody withdrew by hand: they still come of hours."""
    by_hand = Q(roster__isnull=False) | Q(exception__isnull=False)
    there = Slot.objects.filter(Q(withdrawn_at=None) | by_hand, practitioner__in=doctors, ends_at__gt=now)
    return map(Row._make, there.order_by("starts_at").values_list(*Row._fields))


def _plan(doctors: list[Practitioner], now: datetime, last: datetime) -> Plan:
    # A day more at both ends: the clocks of the doctors are up to half a day from UTC.
    first_day, last_day = now.astimezone(UTC).date() - DAY, last.astimezone(UTC).date() + DAY
    rosters = defaultdict(list)
    for roster in (
        Roster.objects.in_force().filter(practitioner__in=doctors).select_related("appointment_type")
    ):
        rosters[roster.practitioner_id].append(roster)
    exceptions = list(
        RosterException.objects.in_force()
        .touching(first_day, last_day)
        .filter(Q(practitioner__in=doctors) | Q(practitioner=None))
        .select_related("appointment_type")
        .order_by("from_on", "pk")
    )
    timetables = {doctor.pk: Timetable(doctor, rosters[doctor.pk], exceptions) for doctor in doctors}
    promised: dict[tuple, Promise] = {}
    for pk, timetable in timetables.items():
        for promise in timetable.promises(first_day, last_day):
            if now < promise.starts_at:
                promised.setdefault(_key(pk, promise), promise)
    leave = {pk: table.closed(first_day, last_day, only_leave=True) for pk, table in timetables.items()}
    return Plan(timetables, promised, leave)


def _key(practitioner: UUID, promise: Promise) -> tuple:
    kind = promise.session.kind
    when = (promise.starts_at, promise.ends_at)
    return (practitioner, *when, kind.pk, kind.buffer_before, kind.buffer_after)


def _busy(starts_at: datetime, ends_at: datetime, before: int, after: int) -> tuple[datetime, datetime]:
    return starts_at - timedelta(minutes=before), ends_at + timedelta(minutes=after)


def _is_promised(row: Row, plan: Plan) -> bool:
    """Whether the hours hold that very time; an extra time holds as long as nobody takes leave."""
    if row.roster_id or row.exception_id:
        return row.key in plan.promised
    return not any(away.overlaps(row.starts_at, row.ends_at) for away in plan.leave[row.practitioner_id])


def _stays(row: Row, plan: Plan) -> bool:
    return row.outside_at is None and _is_promised(row, plan)


def _sort_out(rows: list[Row], plan: Plan, *, now: datetime, by: User | None) -> tuple[set[UUID], int]:
    """Withdraw those that are nobody's, note those that are somebody's; tell which, and how many."""
    ahead = {row.pk: row for row in rows if row.starts_at > now}
    if not ahead:
        return set(), 0
    # Locked before they are looked at: a hold waits, or is seen.
    slots = list(
        Slot.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=ahead)
        .select_related("appointment_type")
        .order_by("pk")
    )
    claimed = set(Slot.objects.filter(pk__in=ahead).claimed().values_list("pk", flat=True))
    gone, outside, back = [], [], []
    for slot in slots:
        promised = _is_promised(ahead[slot.pk], plan)
        if promised or (slot.pk in claimed and plan.timetables[slot.practitioner_id].holds(slot)):
            back.append(slot)
        elif slot.pk in claimed or by is None:
            outside.append(slot)
        else:
            gone.append(slot)
    _change(gone, by=by, why=CHANGED, withdrawn_at=now, withdrawn_by=by, roster=None, exception=None)
    _change([slot for slot in outside if not slot.outside_at], by=by, why=CHANGED, outside_at=now)
    again = [slot for slot in back if slot.outside_at]
    _change(again, by=by, why=BACK, outside_at=None, kept_at=None, kept_by=None)
    undecided = [slot for slot in outside if slot.pk in claimed and slot.kept_at is None]
    return {slot.pk for slot in gone}, len(undecided)


def _change(slots: list[Slot], *, by: User | None, why: str, **changes: object) -> None:
    """Change many times alike: one statement, and one for their history."""
    if not slots:
        return
    for slot in slots:
        for name, value in changes.items():
            setattr(slot, name, value)
    Slot.objects.filter(pk__in=[slot.pk for slot in slots]).update(**changes)
    Slot.history.bulk_history_create(slots, update=True, default_user=by, default_change_reason=why)


def _wanted(doctors: list[Practitioner], rows: list[Row], plan: Plan, until: datetime) -> list[Slot]:
    """What is promised up to the horizon and fits between the times that are there."""
    busy: defaultdict[UUID, Busy] = defaultdict(Busy)
    for row in rows:
        busy[row.practitioner_id].take(*row.busy)
    accepting = {doctor.pk for doctor in doctors if doctor.accepts_patients}
    wanted = []
    for (pk, *_, before, after), (starts_at, ends_at, session) in plan.promised.items():
        if pk not in accepting or starts_at > until or not session.kind.is_offered:
            continue
        if busy[pk].take(*_busy(starts_at, ends_at, before, after)):
            wanted.append(
                Slot(
                    practitioner_id=pk, appointment_type=session.kind, roster=session.roster,
                    exception=session.exception, starts_at=starts_at, ends_at=ends_at,
                    buffer_before=before, buffer_after=after,
                )
            )  # fmt: skip
    return wanted


def _insert(wanted: list[Slot], *, by: User | None) -> int:
    """Add the slots and their history; one that the database refuses as overlapping is left out."""
    if not wanted:
        return 0
    Slot.objects.bulk_create(wanted, ignore_conflicts=True)
    there = set(Slot.objects.filter(pk__in=[slot.pk for slot in wanted]).values_list("pk", flat=True))
    new = [slot for slot in wanted if slot.pk in there]
    Slot.history.bulk_history_create(new, default_user=by, default_change_reason=OFFERED)
    return len(new)
