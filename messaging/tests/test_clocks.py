from datetime import UTC, datetime, timedelta

import pytest

from messaging import clocks

WINTER = datetime(2026, 7, 5, 23, 0, tzinfo=UTC)
SUMMER = datetime(2026, 12, 6, 22, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "zone", "words"),
    [
        (WINTER, "Australia/Sydney", "Monday 6 July 2026, 9:00 am AEST (UTC+10:00)"),
        (WINTER, "Australia/Perth", "Monday 6 July 2026, 7:00 am AWST (UTC+08:00)"),
        (SUMMER, "Australia/Sydney", "Monday 7 December 2026, 9:00 am AEDT (UTC+11:00)"),
        (SUMMER, "Australia/Brisbane", "Monday 7 December 2026, 8:00 am AEST (UTC+10:00)"),
        (SUMMER, "Australia/Adelaide", "Monday 7 December 2026, 8:30 am ACDT (UTC+10:30)"),
        (SUMMER, "Australia/Eucla", "Monday 7 December 2026, 6:45 am UTC+08:45"),
        (SUMMER, "Australia/Lord_Howe", "Monday 7 December 2026, 9:00 am UTC+11:00"),
        (SUMMER, "Asia/Singapore", "Monday 7 December 2026, 6:00 am UTC+08:00"),
        (SUMMER, "America/New_York", "Sunday 6 December 2026, 5:00 pm EST (UTC-05:00)"),
        (
            datetime(2026, 12, 6, 13, 5, tzinfo=UTC),
            "Australia/Sydney",
            "Monday 7 December 2026, 12:05 am AEDT (UTC+11:00)",
        ),
        (
            datetime(2026, 12, 6, 1, 5, tzinfo=UTC),
            "Australia/Sydney",
            "Sunday 6 December 2026, 12:05 pm AEDT (UTC+11:00)",
        ),
    ],
)
def test_in_words_names_day_clock_and_zone(at, zone, words):
    assert clocks.in_words(at, zone=zone) == words


AUTUMN = datetime(2027, 4, 3, 15, 30, tzinfo=UTC)  # half an hour before Sydney's clocks go back
SPRING = datetime(2026, 10, 3, 16, 0, tzinfo=UTC)  # they go from two to three in the morning
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("at", "zone", "words"),
    [
        (AUTUMN, "Australia/Sydney", "Sun 4 Apr 2027, 2:30 am AEDT (UTC+11:00)"),
        (AUTUMN + HOUR, "Australia/Sydney", "Sun 4 Apr 2027, 2:30 am AEST (UTC+10:00)"),
        (AUTUMN, "Australia/Brisbane", "Sun 4 Apr 2027, 1:30 am AEST (UTC+10:00)"),
        (AUTUMN, "Australia/Perth", "Sat 3 Apr 2027, 11:30 pm AWST (UTC+08:00)"),
        (AUTUMN - HOUR, "Australia/Lord_Howe", "Sun 4 Apr 2027, 1:30 am UTC+11:00"),
        (AUTUMN, "Australia/Lord_Howe", "Sun 4 Apr 2027, 2:00 am UTC+10:30"),
        (SPRING - HOUR, "Australia/Sydney", "Sun 4 Oct 2026, 1:00 am AEST (UTC+10:00)"),
        (SPRING, "Australia/Sydney", "Sun 4 Oct 2026, 3:00 am AEDT (UTC+11:00)"),
        (SPRING, "Australia/Brisbane", "Sun 4 Oct 2026, 2:00 am AEST (UTC+10:00)"),
        (SPRING - HOUR, "Australia/Lord_Howe", "Sun 4 Oct 2026, 1:30 am UTC+10:30"),
        (SPRING - HOUR / 2, "Australia/Lord_Howe", "Sun 4 Oct 2026, 2:30 am UTC+11:00"),
    ],
)
def test_in_short_tells_hours_apart_when_clocks_change(at, zone, words):
    assert clocks.in_short(at, zone=zone) == words


def test_a_day_s_heading_names_the_zone():
    named = "Sunday 4 April 2027, AEDT (UTC+11:00)"
    assert clocks.day_and_zone(AUTUMN, zone="Australia/Sydney") == named


def test_briefly_leaves_the_zone_to_the_page():
    assert clocks.briefly(SUMMER, zone="Australia/Sydney") == "Mon 7 Dec 2026, 9:00 am"


@pytest.mark.parametrize(("at", "same"), [(WINTER, True), (SUMMER, False)])
def test_same_clock_knows_summer(at, same):
    assert clocks.same_clock(at, zone="Australia/Sydney", other="Australia/Brisbane") is same


def test_place_is_what_people_call_it():
    assert clocks.place("Australia/Broken_Hill") == "Broken Hill"
