"""Public holidays of the states, as rows that managers may change: the rows count, not the calendar."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import TYPE_CHECKING

import holidays
from django.db import transaction
from django.utils import timezone

from clinic import rostering
from clinic.models import RosterException
from clinic.slotting import Offered
from config.base import Refused

if TYPE_CHECKING:
    from clinic.models import User

HOLIDAY = RosterException.Kind.HOLIDAY


class NothingNew(Refused):
    def __init__(self) -> None:
        super().__init__("All public holidays of these states still to come in that year are there already.")


def public_holidays(state: str, year: int) -> dict[date, str]:
    """The public holidays of ``state`` in ``year``, spelled as in Australia."""
    calendar = holidays.country_holidays("AU", subdiv=state, years=year)
    return {
        day: name.replace("Labor", "Labour").replace("; ", ", ") for day, name in sorted(calendar.items())
    }


@transaction.atomic
def fill(states: Collection[str], *, year: int, by: User) -> tuple[int, Offered]:
    """Add the public holidays of ``states`` that are still to come and not there yet; tell how many.

    One that a manager withdrew stays withdrawn.

    :raises NothingNew: all of them are there
    """
    there = set(
        RosterException.objects.filter(kind=HOLIDAY, practitioner=None, from_on__year=year).values_list(
            "state", "from_on"
        )
    )
    today = timezone.localdate()
    wanted = [
        RosterException(kind=HOLIDAY, state=state, from_on=day, until_on=day, name=name)
        for state in states
        for day, name in public_holidays(state, year).items()
        if day >= today and (state, day) not in there
    ]
    if not wanted:
        raise NothingNew
    return len(wanted), rostering.set_exceptions(wanted, by=by, why="From the calendar of public holidays.")
