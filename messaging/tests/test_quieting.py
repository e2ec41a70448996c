"""The quiet hours, by the reader's clock, also on the nights when it changes."""

from datetime import UTC, datetime

import pytest
import time_machine

from messaging import kinds, mailing, quieting
from messaging.models import Letter
from messaging.quieting import Hours

NIGHT = Hours(21, 7)
SYDNEY, PERTH = "Australia/Sydney", "Australia/Perth"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "now", "zone", "over"),
    [
        # Sydney in winter is ten hours ahead, Perth always eight.
        (NIGHT, "2026-07-06 10:59", SYDNEY, None),
        (NIGHT, "2026-07-06 11:00", SYDNEY, "2026-07-06 21:00"),
        (NIGHT, "2026-07-06 20:59", SYDNEY, "2026-07-06 21:00"),
        (NIGHT, "2026-07-06 21:00", SYDNEY, None),
        (NIGHT, "2026-07-06 11:00", PERTH, None),
        (NIGHT, "2026-07-06 22:00", PERTH, "2026-07-06 23:00"),
        # Clocks go forward on 4 October 2026 at 2 am: the night is an hour shorter.
        (NIGHT, "2026-10-03 11:30", SYDNEY, "2026-10-03 20:00"),
        (NIGHT, "2026-10-03 16:30", SYDNEY, "2026-10-03 20:00"),
        (NIGHT, "2026-10-03 19:59", SYDNEY, "2026-10-03 20:00"),
        (NIGHT, "2026-10-03 20:00", SYDNEY, None),
        # An end that the clock jumps over: they end with the jump.
        (Hours(21, 2), "2026-10-03 15:59", SYDNEY, "2026-10-03 16:00"),
        (Hours(21, 2), "2026-10-03 16:00", SYDNEY, None),
        # Clocks go back on 4 April 2027 at 3 am: an hour longer, and 2 am comes twice.
        (NIGHT, "2027-04-03 10:30", SYDNEY, "2027-04-03 21:00"),
        (NIGHT, "2027-04-03 15:30", SYDNEY, "2027-04-03 21:00"),
        (NIGHT, "2027-04-03 16:30", SYDNEY, "2027-04-03 21:00"),
        (Hours(21, 3), "2027-04-03 15:30", SYDNEY, "2027-04-03 17:00"),
        (Hours(21, 3), "2027-04-03 16:30", SYDNEY, "2027-04-03 17:00"),
        (Hours(21, 2), "2027-04-03 14:59", SYDNEY, "2027-04-03 15:00"),
        (Hours(21, 2), "2027-04-03 16:30", SYDNEY, None),
        # Half an hour, on Lord Howe Island.
        (NIGHT, "2027-04-03 14:45", "Australia/Lord_Howe", "2027-04-03 20:30"),
        (Hours(21, 0), "2026-07-06 13:59", SYDNEY, "2026-07-06 14:00"),
        (Hours(21, 0), "2026-07-06 14:00", SYDNEY, None),
        (Hours(1, 5), "2026-07-06 16:00", SYDNEY, "2026-07-06 19:00"),
        (Hours(7, 7), "2026-07-06 16:00", SYDNEY, None),
    ],
)
def test_they_end_by_the_wall_clock(hours, now, zone, over):
    assert quieting.over_at(hours, now=utc(now), zone=zone) == (over and utc(over))


@pytest.fixture
def at_night(monkeypatch):
    monkeypatch.setattr(quieting, "HOURS", [lambda: NIGHT])
    with time_machine.travel(utc("2026-07-06 15:30"), tick=False):  # half past eleven at night in Perth
        yield


@pytest.mark.django_db
class TestSending:
    def queue(self, reader, template: str) -> Letter:
        return mailing.queue(template, recipient=reader, to=reader.email, context={})

    def test_what_may_wait_comes_in_the_morning_and_costs_no_attempt(self, at_night, patient):
        letter = self.queue(patient, "billing/mail/receipt_ready")

        mailing.send(letter)
        waiting = (letter.status, letter.attempts, letter.next_attempt_at)
        with time_machine.travel(utc("2026-07-06 23:00"), tick=False):
            mailing.send(letter)

        assert waiting == (Letter.Status.OWED, 0, utc("2026-07-06 23:00"))
        assert (letter.status, letter.attempts) == (Letter.Status.SENT, 1)

    def test_it_is_the_readers_night_that_counts(self, at_night, make_user):
        traveller = make_user("patient", "traveller", time_zone="Europe/London")
        letter = self.queue(traveller, "billing/mail/receipt_ready")

        mailing.send(letter)

        assert letter.status == Letter.Status.SENT

    @pytest.mark.parametrize(
        "template",
        sorted(name for name, kind in kinds.KINDS.items() if not kind.waits),
    )
    def test_what_cannot_wait_is_not_held_back(self, at_night, patient, template, monkeypatch):
        monkeypatch.setattr(mailing, "STILL_WANTED", {})
        letter = self.queue(patient, template)

        mailing.send(letter)

        assert letter.attempts == 1

    def test_a_practice_without_quiet_hours_writes_at_night(self, at_night, patient, monkeypatch):
        monkeypatch.setattr(quieting, "HOURS", [])
        letter = self.queue(patient, "billing/mail/receipt_ready")

        mailing.send(letter)

        assert letter.status == Letter.Status.SENT
