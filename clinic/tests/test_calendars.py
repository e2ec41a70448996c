"""Calendar files: the same event through every change, right on every clock, silent about health."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from clinic import calendars, cancelling, moving
from clinic.models import Appointment
from messaging import clocks
from messaging.models import Letter

pytestmark = pytest.mark.django_db


def events(text: str) -> list:
    return Calendar.from_ical(text).events


def calendar_in(letter: Letter) -> Calendar:
    [enclosure] = letter.enclosures
    return Calendar.from_ical(enclosure["text"])


@pytest.fixture
def letters():
    """The letters of one kind, oldest first."""
    return lambda kind: [*Letter.objects.filter(template=f"clinic/mail/{kind}").order_by("created_at")]


class TestEnclosures:
    def test_the_confirmation_puts_the_appointment_into_the_calendar(self, confirmed, practice, letters):
        [letter] = letters("appointment_confirmed")
        calendar = calendar_in(letter)
        [event] = calendar.events

        assert (calendar["METHOD"], event["STATUS"], event["SEQUENCE"]) == ("REQUEST", "CONFIRMED", 0)
        assert event["UID"] == str(confirmed.order_id)
        assert (event.start, event.end) == tuple(
            at.replace(microsecond=0) for at in (confirmed.starts_at, confirmed.ends_at)
        )
        assert event["ORGANIZER"] == "mailto:hello@promedicine.example"
        assert event["ATTENDEE"] == f"mailto:{confirmed.patient.user.email}"

    def test_a_cancellation_takes_the_same_one_out_again(self, confirmed, manager, letters):
        cancelling.cancel(confirmed, by=manager, why="The doctor is ill.")

        [letter] = letters("appointment_cancelled")
        calendar = calendar_in(letter)
        [event] = calendar.events
        assert (calendar["METHOD"], event["STATUS"], event["SEQUENCE"]) == ("CANCEL", "CANCELLED", 1)
        assert event["UID"] == str(confirmed.order_id)

    def test_what_was_never_confirmed_stands_in_no_calendar(self, held, letters):
        cancelling.cancel(held, by=held.patient.user, why="")

        [letter] = letters("appointment_cancelled")
        assert letter.enclosures == []

    def test_the_doctor_has_a_feed_and_gets_no_file(self, confirmed, letters):
        cancelling.cancel(confirmed, by=confirmed.patient.user, why="")

        [letter] = letters("appointment_cancelled_doctor")
        assert letter.enclosures == []

    def test_a_moved_one_keeps_its_place(self, confirmed, make_slot, letters):
        once = moving.move(confirmed, to=make_slot(48), by=None, why="The doctor is away.")
        moving.move(once, to=make_slot(72), by=None, why="The doctor is away.")

        told = [calendar_in(letter) for letter in letters("appointment_moved")]
        assert [calendar["METHOD"] for calendar in told] == ["REQUEST", "REQUEST"]
        assert [calendar.events[0]["SEQUENCE"] for calendar in told] == [1, 2]
        assert {calendar.events[0]["UID"] for calendar in told} == {str(confirmed.order_id)}
        assert [letter.enclosures for letter in letters("appointment_moved_doctor")] == [[], []]

    def test_a_moved_one_is_cancelled_in_its_turn(self, confirmed, make_slot, manager, letters):
        moved = moving.move(confirmed, to=make_slot(48), by=None, why="The doctor is away.")
        cancelling.cancel(moved, by=manager, why="The doctor is ill.")

        [event] = calendar_in(letters("appointment_cancelled")[0]).events
        assert (event["UID"], event["SEQUENCE"]) == (str(confirmed.order_id), 2)

    def test_says_nothing_of_health(self, confirmed, practice):
        [enclosure] = calendars.enclosures(confirmed)

        [event] = events(enclosure.text)
        link = f"http://127.0.0.1:8000/portal/appointments/{confirmed.pk}/"
        assert event["SUMMARY"] == "Appointment with Example Clinic"
        assert event["DESCRIPTION"].splitlines()[1:] == ["Sign in to see more:", link]
        assert {*event} == {
            "UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION", "URL", "STATUS",
            "CLASS", "TRANSP", "ORGANIZER", "ATTENDEE",
        }  # fmt: skip


# Around the changes of the clocks in Sydney and Lord Howe, and a plain winter's day.
INSTANTS = [
    datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
    datetime(2026, 10, 3, 16, 0, tzinfo=UTC),
    datetime(2027, 4, 3, 15, 0, tzinfo=UTC),
    datetime(2027, 4, 3, 16, 0, tzinfo=UTC),
    datetime(2026, 7, 5, 23, 0, tzinfo=UTC),
]
ZONES = ["Australia/Sydney", "Australia/Brisbane", "Australia/Perth", "Australia/Lord_Howe"]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("at", INSTANTS, ids=str)
def test_times_are_right_on_every_clock_and_day(confirmed, at, zone, timed):
    timed(confirmed, at)
    confirmed.patient.user.time_zone = zone
    confirmed.patient.user.save()

    [event] = events(calendars.file(confirmed))

    words = event["DESCRIPTION"].splitlines()[0]
    offset = words.partition("UTC")[2]
    assert (event.start, event.end) == (confirmed.starts_at, confirmed.ends_at)
    assert f"{at.astimezone(ZoneInfo(zone)):%z}" == offset.strip(")").replace(":", "")
    assert words == clocks.in_words(at, zone=zone)


def test_the_two_runs_of_a_double_hour_are_told_apart(confirmed, timed):
    told = []
    for at in (datetime(2027, 4, 3, 15, 30, tzinfo=UTC), datetime(2027, 4, 3, 16, 30, tzinfo=UTC)):
        timed(confirmed, at)
        told.append(events(calendars.file(confirmed))[0]["DESCRIPTION"].splitlines()[0])

    assert told == [
        "Sunday 4 April 2027, 2:30 am AEDT (UTC+11:00)",
        "Sunday 4 April 2027, 2:30 am AEST (UTC+10:00)",
    ]


@pytest.fixture
def listed(confirmed, practice):
    return Appointment.objects.with_times_moved().filter(pk=confirmed.pk)


class TestFeeds:
    def test_a_practitioner_s_feed_names_nobody(self, confirmed, listed):
        text = calendars.feed_of_practitioner(listed)

        [event] = events(text)
        assert (event["SUMMARY"], event["UID"]) == ("Appointment", str(confirmed.order_id))
        assert [name for name in ("Patient", "@", "ATTENDEE") if name in text] == []
        assert text.count("Example") == text.count("Example Clinic")

    def test_says_the_same_until_something_changes(self, listed):
        assert calendars.feed_of_patient(listed) == calendars.feed_of_patient(listed)

    def test_has_the_number_of_the_last_letter(self, confirmed, make_slot):
        moving.move(confirmed, to=make_slot(48), by=None, why="The doctor is away.")

        [event] = events(calendars.feed_of_patient(Appointment.objects.live().with_times_moved()))

        assert event["SEQUENCE"] == 1
