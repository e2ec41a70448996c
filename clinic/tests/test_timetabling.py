"""What hours promise, by the clocks of Australia: the instants are those of the IANA database."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from clinic import timetabling
from clinic.models import AppointmentType, Practitioner, Roster, RosterException
from clinic.timetabling import Session, Timetable

SPRING, AUTUMN = date(2026, 10, 4), date(2027, 4, 4)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def kind(minutes: int = 30, before: int = 0, after: int = 0, modality: str = "video") -> AppointmentType:
    return AppointmentType(
        name="Any", minutes=minutes, buffer_before=before, buffer_after=after, modality=modality
    )


def session(zone: str, day: date, starts: time, ends: time, of: AppointmentType | None = None) -> Session:
    return Session(day, starts, ends, ZoneInfo(zone), of or kind())


def starts_of(expanded) -> list[datetime]:
    return [starts_at for starts_at, *_ in expanded]


class TestInstant:
    @pytest.mark.parametrize(
        ("zone", "day", "wall", "expected"),
        [
            # Monday 09:00 in Sydney, in winter and in summer, on the clocks elsewhere.
            ("Australia/Sydney", "2026-07-06", "09:00", "2026-07-05T23:00"),
            ("Australia/Brisbane", "2026-07-06", "09:00", "2026-07-05T23:00"),
            ("Australia/Adelaide", "2026-07-06", "08:30", "2026-07-05T23:00"),
            ("Australia/Darwin", "2026-07-06", "08:30", "2026-07-05T23:00"),
            ("Australia/Perth", "2026-07-06", "07:00", "2026-07-05T23:00"),
            ("Australia/Sydney", "2026-12-07", "09:00", "2026-12-06T22:00"),
            ("Australia/Brisbane", "2026-12-07", "08:00", "2026-12-06T22:00"),
            ("Australia/Adelaide", "2026-12-07", "08:30", "2026-12-06T22:00"),
            ("Australia/Darwin", "2026-12-07", "07:30", "2026-12-06T22:00"),
            ("Australia/Perth", "2026-12-07", "06:00", "2026-12-06T22:00"),
            # Zones with odd offsets, in summer.
            ("Australia/Eucla", "2026-12-07", "08:45", "2026-12-07T00:00"),
            ("Australia/Broken_Hill", "2026-12-07", "10:30", "2026-12-07T00:00"),
            ("Pacific/Norfolk", "2026-12-07", "12:00", "2026-12-07T00:00"),
            ("Indian/Christmas", "2026-12-07", "07:00", "2026-12-07T00:00"),
            ("Indian/Cocos", "2026-12-07", "06:30", "2026-12-07T00:00"),
            # Spring skips 02:00 to 03:00, on Lord Howe Island 02:00 to 02:30.
            ("Australia/Sydney", "2026-10-04", "01:59", "2026-10-03T15:59"),
            ("Australia/Sydney", "2026-10-04", "02:00", None),
            ("Australia/Sydney", "2026-10-04", "02:30", None),
            ("Australia/Sydney", "2026-10-04", "03:00", "2026-10-03T16:00"),
            ("Australia/Sydney", "2027-10-03", "02:30", None),
            ("Australia/Sydney", "2027-10-03", "03:00", "2027-10-02T16:00"),
            ("Australia/Melbourne", "2026-10-04", "02:30", None),
            ("Australia/Hobart", "2026-10-04", "02:30", None),
            ("Australia/Adelaide", "2026-10-04", "02:30", None),
            ("Australia/Adelaide", "2026-10-04", "03:00", "2026-10-03T16:30"),
            ("Australia/Broken_Hill", "2026-10-04", "03:00", "2026-10-03T16:30"),
            ("Australia/Lord_Howe", "2026-10-04", "02:15", None),
            ("Australia/Lord_Howe", "2026-10-04", "02:30", "2026-10-03T15:30"),
            ("Australia/Brisbane", "2026-10-04", "02:30", "2026-10-03T16:30"),
            ("Australia/Darwin", "2026-10-04", "02:30", "2026-10-03T17:00"),
            ("Australia/Perth", "2026-10-04", "02:30", "2026-10-03T18:30"),
            # Autumn shows 02:00 to 03:00 twice, on Lord Howe Island 01:30 to 02:00: the first counts.
            ("Australia/Sydney", "2027-04-04", "01:59", "2027-04-03T14:59"),
            ("Australia/Sydney", "2027-04-04", "02:30", "2027-04-03T15:30"),
            ("Australia/Sydney", "2027-04-04", "03:00", "2027-04-03T17:00"),
            ("Australia/Adelaide", "2027-04-04", "02:30", "2027-04-03T16:00"),
            ("Australia/Adelaide", "2027-04-04", "03:00", "2027-04-03T17:30"),
            ("Australia/Lord_Howe", "2027-04-04", "01:45", "2027-04-03T14:45"),
            ("Australia/Lord_Howe", "2027-04-04", "02:00", "2027-04-03T15:30"),
            ("Australia/Brisbane", "2027-04-04", "02:30", "2027-04-03T16:30"),
        ],
    )
    def test_follows_the_wall_clock_of_its_zone(self, zone, day, wall, expected):
        at = timetabling.instant(date.fromisoformat(day), time.fromisoformat(wall), zone=ZoneInfo(zone))

        assert at == (utc(expected) if expected else None)


class TestExpand:
    @pytest.mark.parametrize(
        ("zone", "day", "expected"),
        [
            ("Australia/Sydney", SPRING, ["15:00", "15:30", "16:00", "16:30"]),
            ("Australia/Sydney", AUTUMN, ["14:00", "14:30", "15:00", "15:30", "17:00", "17:30"]),
            ("Australia/Adelaide", SPRING, ["15:30", "16:00", "16:30", "17:00"]),
            ("Australia/Adelaide", AUTUMN, ["14:30", "15:00", "15:30", "16:00", "17:30", "18:00"]),
            ("Australia/Lord_Howe", SPRING, ["14:30", "15:00", "15:30", "16:00", "16:30"]),
            ("Australia/Lord_Howe", AUTUMN, ["14:00", "14:30", "15:30", "16:00", "16:30", "17:00"]),
            ("Australia/Brisbane", SPRING, ["15:00", "15:30", "16:00", "16:30", "17:00", "17:30"]),
        ],
    )
    def test_skips_what_spring_skips_and_offers_once_what_autumn_repeats(self, zone, day, expected):
        found = timetabling.expand(session(zone, day, time(1), time(4)))

        the_day_before = day - timedelta(days=1)  # in UTC it is still Saturday
        assert starts_of(found) == [utc(f"{the_day_before}T{clock}") for clock in expected]

    @pytest.mark.parametrize("day", [SPRING, AUTUMN])
    @pytest.mark.parametrize("buffer", [0, 5])
    @pytest.mark.parametrize("minutes", [15, 20, 45, 50, 60, 90])
    @pytest.mark.parametrize("zone", ["Australia/Sydney", "Australia/Adelaide", "Australia/Lord_Howe"])
    def test_never_overlaps_itself_nor_the_closing_time(self, zone, minutes, buffer, day):
        found = list(
            timetabling.expand(session(zone, day, time(0, 30), time(5), kind(minutes, after=buffer)))
        )

        closing = datetime.combine(day, time(5), ZoneInfo(zone))
        gap = timedelta(minutes=buffer)
        assert all(end + gap <= start for (_, end), (start, _) in pairwise(found))
        assert max(end for _, end in found) <= closing
        assert {end - start for start, end in found} == {timedelta(minutes=minutes)}

    def test_keeps_both_buffers_between_two(self):
        of = kind(minutes=15, before=5, after=10)

        found = timetabling.expand(session("Australia/Brisbane", SPRING, time(9), time(10), of))

        assert starts_of(found) == [utc("2026-10-03T23:00"), utc("2026-10-03T23:30")]


@pytest.fixture
def practitioner():
    return Practitioner(time_zone="Australia/Sydney", state="NSW")


def weekly(weekday: int = 0, **fields) -> Roster:
    hours = {
        "starts": time(9),
        "ends": time(10),
        "time_zone": "Australia/Sydney",
        "from_on": date(2026, 1, 1),
        "appointment_type": kind(),
    }
    return Roster(weekday=weekday, **hours | fields)


@pytest.fixture
def make_exception(practitioner):
    """Something different on one date, of the practitioner unless said."""

    def make(kind_of: str, first: date, last: date | None = None, **fields) -> RosterException:
        whose = {"practitioner": practitioner, "time_zone": "Australia/Sydney"}
        return RosterException(kind=kind_of, from_on=first, until_on=last or first, **whose | fields)

    return make


MONDAY = date(2026, 3, 2)  # 09:00 in Sydney is 22:00 UTC on Sunday
NINE, HALF_PAST = utc("2026-03-01T22:00"), utc("2026-03-01T22:30")
EVERYBODY = {"practitioner": None, "time_zone": ""}


class TestTimetable:
    @pytest.fixture
    def promised(self, practitioner):
        """The starts that are promised on Monday the 2nd of March, or on other dates."""

        def tell(*exceptions, rosters=None, first=MONDAY, last=None) -> list[datetime]:
            table = Timetable(practitioner, rosters or [weekly()], exceptions)
            return starts_of(table.promises(first, last or first))

        return tell

    def test_keeps_the_wall_time_over_the_change(self, promised):
        found = promised(rosters=[weekly(ends=time(9, 30))], first=date(2026, 9, 28), last=date(2026, 10, 11))

        assert found == [utc("2026-09-27T23:00"), utc("2026-10-04T22:00")]

    def test_stays_within_its_dates(self, promised):
        perth = weekly(
            ends=time(9, 30),
            time_zone="Australia/Perth",
            from_on=date(2026, 3, 9),
            until_on=date(2026, 3, 16),
        )

        found = promised(rosters=[perth], last=date(2026, 3, 30))

        assert found == [utc("2026-03-09T01:00"), utc("2026-03-16T01:00")]

    def test_is_the_weekly_hours_where_nothing_is_different(self, promised, make_exception):
        other_day = make_exception("leave", date(2026, 3, 3))

        assert promised(other_day) == [NINE, HALF_PAST]

    def test_is_empty_on_leave(self, promised, make_exception):
        fortnight = make_exception("leave", date(2026, 2, 20), date(2026, 3, 5))

        assert promised(fortnight) == []

    def test_is_shorter_on_a_morning_off(self, promised, make_exception):
        until_ten_past = make_exception("leave", MONDAY, starts=time(8), ends=time(9, 10))

        assert promised(until_ten_past) == [HALF_PAST]

    @pytest.mark.parametrize(("state", "expected"), [("", []), ("NSW", []), ("QLD", [NINE, HALF_PAST])])
    def test_is_empty_on_a_holiday_of_everybody_or_the_state(self, promised, make_exception, state, expected):
        assert promised(make_exception("holiday", MONDAY, state=state, **EVERYBODY)) == expected

    def test_is_empty_on_a_holiday_of_the_practitioner(self, promised, make_exception):
        assert promised(make_exception("holiday", MONDAY)) == []

    def test_is_not_concerned_by_the_leave_of_another(self, promised, make_exception):
        assert promised(make_exception("leave", MONDAY, practitioner=Practitioner())) == [NINE, HALF_PAST]

    def test_a_holiday_goes_by_the_clock_of_the_practitioner(self, make_exception):
        perth = Practitioner(time_zone="Australia/Perth", state="WA")
        hours = weekly(time_zone="Australia/Perth", starts=time(0), ends=time(1))
        monday = make_exception("holiday", MONDAY, **EVERYBODY)

        found = Timetable(perth, [hours], [monday]).promises(date(2026, 3, 1), date(2026, 3, 9))

        assert starts_of(found) == [utc("2026-03-08T16:00"), utc("2026-03-08T16:30")]

    def test_has_an_extra_session_beside_the_weekly_hours(self, promised, make_exception):
        evening = make_exception("extra", MONDAY, starts=time(18), ends=time(18, 30), appointment_type=kind())

        assert promised(evening) == [NINE, HALF_PAST, utc("2026-03-02T07:00")]

    def test_has_other_hours_in_place_of_the_weekly_ones(self, promised, make_exception):
        afternoon = make_exception(
            "changed", MONDAY, starts=time(14), ends=time(14, 30), appointment_type=kind()
        )

        assert promised(afternoon) == [utc("2026-03-02T03:00")]

    def test_is_open_on_a_holiday_for_hours_made_for_that_date(self, promised, make_exception):
        holiday = make_exception("holiday", MONDAY, **EVERYBODY)
        evening = make_exception("extra", MONDAY, starts=time(18), ends=time(18, 30), appointment_type=kind())

        assert promised(holiday, evening) == [utc("2026-03-02T07:00")]

    def test_is_empty_on_leave_even_where_hours_were_made_for_it(self, promised, make_exception):
        evening = make_exception("extra", MONDAY, starts=time(18), ends=time(18, 30), appointment_type=kind())

        assert promised(evening, make_exception("leave", MONDAY)) == []

    def test_leave_of_a_whole_day_lasts_as_long_as_the_day_does(self, practitioner, make_exception):
        table = Timetable(practitioner, [], [make_exception("leave", SPRING)])

        (closed,) = table.closed(SPRING, SPRING)

        assert closed == (utc("2026-10-03T14:00"), utc("2026-10-04T13:00"))
