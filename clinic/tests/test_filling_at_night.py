"""Until when a freed time is kept: nobody has to answer at night, by their own clock."""

from datetime import UTC, datetime, timedelta

import pytest

from clinic import filling
from clinic.models import Practice, Slot

NOON = datetime(2027, 3, 2, 1, 0, tzinfo=UTC)  # by Sydney's clock


class TestAnswerBy:
    @pytest.mark.parametrize(
        ("now", "starts", "until"),
        [
            ((12, 0), (3, 9, 0), (2, 12, 30)),
            ((20, 59), (3, 9, 0), (2, 21, 29)),
            ((21, 0), (3, 9, 0), (3, 8, 30)),
            ((2, 0), (3, 9, 0), (2, 8, 30)),
            ((7, 59), (3, 9, 0), (2, 8, 30)),
            ((8, 0), (3, 9, 0), (2, 8, 30)),
            # It begins before anybody is up: who is awake may have it.
            ((23, 0), (3, 8, 0), (2, 23, 30)),
        ],
    )
    def test_the_clock_stands_still_at_night(self, db, now, starts, until):
        zone = "Australia/Sydney"
        day, *wall = starts
        slot = Slot(starts_at=at(day, *wall, zone=zone))

        assert filling.answer_by(slot, zone=zone, now=at(2, *now, zone=zone)) == at(*until, zone=zone)

    def test_refuses_what_begins_before_anybody_could_answer(self, db):
        slot = Slot(starts_at=NOON + timedelta(minutes=29))

        with pytest.raises(filling.TooSoon):
            filling.answer_by(slot, zone="Australia/Sydney", now=NOON)

    def test_goes_by_the_practice_s_minutes(self, db):
        Practice.objects.add(by=None, offer_minutes=45)
        slot = Slot(starts_at=NOON + timedelta(days=1))

        until = filling.answer_by(slot, zone="Australia/Sydney", now=NOON)

        assert until == NOON + timedelta(minutes=45)


def at(day: int, hour: int, minute: int, *, zone: str) -> datetime:
    return datetime(2027, 3, day, hour, minute, tzinfo=filling.ZoneInfo(zone))
