"""Public holidays come from a calendar, once, and are rows from then on."""

from datetime import UTC, date, datetime, time

import pytest
import time_machine

from clinic import observing, rostering
from clinic.models import Roster, RosterException, Slot

NOON = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)  # Wednesday, noon in Sydney

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def november():
    with time_machine.travel(NOON, tick=False):
        yield


class TestPublicHolidays:
    @pytest.mark.parametrize(
        ("state", "day", "name"),
        [
            ("NSW", date(2026, 10, 5), "Labour Day"),
            ("NSW", date(2026, 12, 25), "Christmas Day"),
            ("NSW", date(2026, 12, 28), "Boxing Day (observed)"),
            ("VIC", date(2026, 11, 3), "Melbourne Cup Day"),
            ("QLD", date(2026, 10, 5), "King's Birthday"),
            ("WA", date(2026, 3, 2), "Labour Day"),
            ("ACT", date(2026, 3, 9), "Canberra Day"),
            ("NT", date(2026, 8, 3), "Picnic Day"),
            ("TAS", date(2026, 3, 9), "Eight Hours Day"),
            ("SA", date(2026, 12, 28), "Proclamation Day (observed)"),
        ],
    )
    def test_are_those_of_the_state(self, state, day, name):
        assert observing.public_holidays(state, 2026)[day] == name


class TestFill:
    def test_adds_those_still_to_come(self, manager):
        added, _ = observing.fill(["NSW", "QLD"], year=2026, by=manager)

        rows = RosterException.objects.order_by("state", "from_on").values_list("state", "from_on")
        december = [date(2026, 12, day) for day in (25, 26, 28)]
        assert list(rows) == [(state, day) for state in ("NSW", "QLD") for day in december]
        assert added == 6

    def test_takes_back_the_times_of_those_who_work_there(self, manager, make_doctor, short_visit):
        for name, state in [("nina", "NSW"), ("wes", "WA")]:
            fridays = Roster(
                practitioner=make_doctor(name, state=state), appointment_type=short_visit, weekday=4,
                starts=time(9), ends=time(10), time_zone="Australia/Sydney", from_on=date(2026, 1, 1),
            )  # fmt: skip
            rostering.set_hours(fridays, by=manager)

        _, done = observing.fill(["NSW"], year=2026, by=manager)

        assert done == (0, 4, 0)
        assert {slot.practitioner.state for slot in Slot.objects.exclude(withdrawn_at=None)} == {"NSW"}

    def test_adds_nothing_the_second_time(self, manager):
        observing.fill(["NSW"], year=2027, by=manager)

        with pytest.raises(observing.NothingNew, match="are there already"):
            observing.fill(["NSW"], year=2027, by=manager)

    def test_leaves_one_withdrawn_that_a_manager_withdrew(self, manager):
        observing.fill(["NSW"], year=2026, by=manager)
        for row in RosterException.objects.all():
            rostering.withdraw_exception(row, by=manager, why="We are open.")

        with pytest.raises(observing.NothingNew):
            observing.fill(["NSW"], year=2026, by=manager)
