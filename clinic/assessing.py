"""Incidents with personal information: assessing them in time, deciding, and saying so to the regulator."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from clinic import affecting, roles
from clinic.models import Incident, Practice
from config.base import Refused
from messaging import mailing
from messaging.models import Letter

if TYPE_CHECKING:
    from clinic.models import User

REMINDED_ON = (20, 27, Incident.DAYS + 1)
"""Days after awareness on which the managers get a letter; the last is the first day too late."""
TEMPLATE = "clinic/mail/incident_due"
READ = frozenset({"notice", "advice", "information"})
"""What the people affected read, so that it stays once it is approved."""


class NotYours(Refused):
    def __init__(self) -> None:
        super().__init__("This is a practice manager's to do. Please ask one.")


class NotYet(Refused):
    def __init__(self) -> None:
        super().__init__("Nobody knew before it happened to be known: the day cannot be in the future.")


class NoReason(Refused):
    def __init__(self) -> None:
        super().__init__("Write the reasons for the decision.")


class IsClosed(Refused):
    def __init__(self) -> None:
        super().__init__("Somebody closed this incident meanwhile, so it stays as it is.")


class Approved(Refused):
    def __init__(self) -> None:
        super().__init__("What the people read is approved, so its words stay. Reload the page to see them.")


class Untold(Refused):
    def __init__(self, number: int) -> None:
        people = "One person" if number == 1 else f"{number} people"
        super().__init__(f"{people} affected by it can still be told here. Tell them before you close it.")


class ClockRuns(Refused):
    def __init__(self) -> None:
        super().__init__("The decision is made, so the day of awareness stays as it is.")


def check_day(aware_on: datetime.date) -> None:
    """Let ``aware_on`` be the day of awareness.

    :raises NotYet: it is still to come by the practice's clock
    """
    if aware_on > Practice.objects.current().today():
        raise NotYet


@transaction.atomic
def record(incident: Incident, *, by: User) -> None:
    """Begin a register entry; its clock counts from the day of awareness.

    :raises NotYours: ``by`` may not
    :raises NotYet: the day is in the future
    """
    _require(by)
    check_day(incident.aware_on)
    incident.sign_with(by=by).save()


@transaction.atomic
def rewrite(incident: Incident, *, changed: Collection[str], by: User) -> None:
    """Keep what ``by`` changed, and nothing else: a move or another's words made meanwhile stay.

    :raises NotYours: ``by`` may not
    :raises NotYet: the day is in the future
    :raises IsClosed: it was closed meanwhile
    :raises Approved: the people's words were approved meanwhile
    :raises ClockRuns: the day of awareness is to change after the decision
    """
    _require(by)
    changes: dict[str, Any] = {name: getattr(incident, name) for name in changed}
    incident.lock()
    if incident.status == Incident.Status.CLOSED:
        raise IsClosed
    if READ & changes.keys() and incident.approved_at:
        raise Approved
    if "aware_on" in changes:
        if incident.status not in Incident.RUNNING:
            raise ClockRuns
        check_day(changes["aware_on"])
        changes["reminded_day"] = 0  # the clock begins anew, and so do the letters
    if changes:
        incident.change(by=by, **changes)


@transaction.atomic
def assess(incident: Incident, *, by: User) -> None:
    """Begin to assess, or begin again where something new is known.

    :raises IllegalMove: it is being assessed, or decided
    """
    _require(by)
    incident.move_to(Incident.Status.ASSESSING, by=by, why="Being assessed.")


@transaction.atomic
def decide(incident: Incident, *, is_eligible: bool, reasons: str, by: User) -> None:
    """Decide, with reasons and a name, whether people and the OAIC must be told (s 26WE).

    :raises NoReason: ``reasons`` are empty
    :raises IllegalMove: it is not being assessed
    """
    _require(by)
    if not reasons.strip():
        raise NoReason
    status = Incident.Status.ELIGIBLE if is_eligible else Incident.Status.NOT_ELIGIBLE
    incident.move_to(
        status,
        by=by,
        why="Decided.",
        reasons=reasons.strip(),
        decided_at=timezone.now(),
        decided_by=by,
    )


@transaction.atomic
def draft_statement(incident: Incident, *, by: User) -> None:
    """Write the four parts that the OAIC asks for (s 26WK) from the practice and from what is known.

    :raises IsClosed: it is closed
    """
    _require(by)
    if incident.lock().status == Incident.Status.CLOSED:
        raise IsClosed
    practice = Practice.objects.current()
    text = render_to_string(
        "clinic/incident_statement.txt", {"incident": incident, "practice": practice, "contact": by}
    )
    incident.change(by=by, why="Statement drafted.", statement=text.strip() + "\n")


@transaction.atomic
def lodge(incident: Incident, *, lodged_on: datetime.date, reference: str, by: User) -> None:
    """Note that the OAIC has the statement.

    :raises NotYet: the day is in the future
    :raises IllegalMove: it was not decided that people are told
    """
    _require(by)
    check_day(lodged_on)
    incident.move_to(
        Incident.Status.NOTIFIED,
        by=by,
        why="The OAIC was told.",
        lodged_on=lodged_on,
        oaic_reference=reference.strip(),
    )


@transaction.atomic
def close(incident: Incident, *, why: str, by: User) -> None:
    """Close the entry; from now on the database keeps it as it is.

    :raises IllegalMove: it is not decided, or the OAIC was not told
    :raises Untold: it had to be told, and some whom a search found were not
    """
    _require(by)
    if incident.status == Incident.Status.NOTIFIED and (number := affecting.to_tell(incident).count()):
        raise Untold(number)
    incident.move_to(Incident.Status.CLOSED, by=by, why=why)


def remind(*, today: datetime.date) -> int:
    """Owe managers a letter on day 20, day 27 and when it is too late; tells about how many incidents."""
    first = today - datetime.timedelta(days=REMINDED_ON[0])
    due = Incident.objects.running().filter(aware_on__lte=first)
    return sum(_remind(incident, today=today) for incident in due)


@transaction.atomic
def _remind(incident: Incident, *, today: datetime.date) -> bool:
    incident.lock()  # of two workers, the second finds it told
    days = (today - incident.aware_on).days
    day = max((one for one in REMINDED_ON if one <= days), default=0)
    if incident.status not in Incident.RUNNING or day <= incident.reminded_day:
        return False
    path = reverse("admin:clinic_incident_change", args=[incident.pk])
    left = Incident.DAYS - days
    mailing.queue_all(
        [
            Letter(
                template=TEMPLATE,
                recipient=person,
                to=person.email,
                context={"name": person.get_short_name(), "path": path, "left": left},
                next_attempt_at=timezone.now(),
            )
            for person in roles.who_may("clinic.change_incident")
        ]
    )
    incident.change(by=None, why=f"Managers reminded on day {days}.", reminded_day=day)
    return True


def _require(by: User) -> None:
    if not by.has_perm("clinic.change_incident"):
        raise NotYours
