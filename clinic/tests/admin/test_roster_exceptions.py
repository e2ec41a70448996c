"""The manager's screens of what is different on single dates: leave, holidays, other hours."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic.models import RosterException, Slot
from clinic.tests.admin.conftest import press, said

pytestmark = pytest.mark.django_db

ADD, ADD_EXCEPTION = "/admin/clinic/roster/add/", "/admin/clinic/rosterexception/add/"


@pytest.fixture
def next_monday() -> date:
    today = timezone.localdate()
    return today + timedelta(days=7 - today.weekday())


@pytest.fixture
def leave(doctor, next_monday) -> dict:
    """What a manager types for leave on the next Monday."""
    return {
        "kind": "leave", "practitioner": doctor.pk, "state": "", "name": "Conference",
        "from_on": next_monday.isoformat(), "until_on": "", "other_dates": "", "starts": "", "ends": "",
        "appointment_type": "",
    }  # fmt: skip


class TestException:
    @pytest.fixture(autouse=True)
    def mondays(self, boss, hours):
        boss.post(ADD, hours)

    def test_takes_back_the_times_of_leave_at_once(self, boss, leave, doctor, next_monday):
        answer = boss.post(ADD_EXCEPTION, leave, follow=True)

        assert "0 times are offered, 4 withdrawn." in said(answer)
        kept = RosterException.objects.get()
        assert (kept.from_on, kept.until_on, kept.time_zone) == (next_monday, next_monday, doctor.time_zone)

    def test_is_made_on_several_dates_at_once(self, boss, leave, next_monday):
        more = [next_monday + timedelta(weeks=weeks) for weeks in (1, 3)]
        typed = f"{more[0]:%d/%m/%Y}\n{more[1]:%Y-%m-%d}, {more[0]:%d/%m/%Y}"

        answer = boss.post(ADD_EXCEPTION, leave | {"other_dates": typed}, follow=True)

        assert "0 times are offered, 12 withdrawn." in said(answer)
        dates = RosterException.objects.order_by("from_on").values_list("from_on", "until_on")
        assert list(dates) == [(day, day) for day in (next_monday, *more)]
        assert {row.history.get().history_user for row in RosterException.objects.all()} != {None}

    def test_adds_other_hours_on_several_dates(self, boss, leave, next_monday, long_visit):
        changed = leave | {
            "kind": "changed", "starts": "13:00", "ends": "15:00", "appointment_type": long_visit.pk,
            "other_dates": f"{next_monday + timedelta(weeks=2):%d/%m/%Y}",
        }  # fmt: skip

        answer = boss.post(ADD_EXCEPTION, changed, follow=True)

        assert "8 times are offered, 8 withdrawn." in said(answer)

    def test_is_a_holiday_of_everybody(self, boss, leave):
        boss.post(ADD_EXCEPTION, leave | {"kind": "holiday", "practitioner": "", "name": "Founders’ Day"})

        holiday = RosterException.objects.get()
        assert (str(holiday).split(", ")[:2], holiday.time_zone) == (["Founders’ Day", "Everybody"], "")

    @pytest.mark.parametrize(
        ("wrong", "sentence"),
        [
            ({"until_on": "2020-01-01"}, "These dates have passed. Choose dates from today on."),
            ({"from_on": "2020-01-01"}, "These dates have passed. Choose dates from today on."),
            (
                {"from_on": "2999-01-02", "until_on": "2999-01-01"},
                "The last date must not lie before the first",
            ),
            ({"other_dates": "1/1/2020"}, "These dates have passed. Choose dates from today on."),
            ({"other_dates": "Christmas"}, "“Christmas” is not a date. Write it such as 24/12/2026."),
            ({"other_dates": "31/2/2030"}, "“31/2/2030” is not a date."),
            ({"starts": "10:00", "ends": "09:00"}, "The hours must end after they begin."),
            ({"starts": "10:00"}, "The hours must end after they begin."),
            ({"practitioner": ""}, "Say whose leave this is."),
            ({"state": "NSW"}, "A state is for public holidays"),
            ({"kind": "extra"}, "Say whose hours these are"),
            (
                {"kind": "holiday", "state": "XX", "practitioner": ""},
                "XX is not one of the available choices",
            ),
        ],
    )
    def test_says_what_is_wrong(self, boss, leave, wrong, sentence):
        answer = boss.post(ADD_EXCEPTION, leave | wrong)

        assert answer.status_code == 400
        assert sentence in answer.content.decode()
        assert not RosterException.objects.exists()

    def test_says_which_of_several_dates_is_in_the_way(self, boss, leave, next_monday, long_visit):
        session = leave | {
            "kind": "extra", "starts": "18:00", "ends": "19:00", "appointment_type": long_visit.pk
        }  # fmt: skip
        boss.post(ADD_EXCEPTION, session)
        first, again = next_monday + timedelta(days=1), next_monday

        answer = boss.post(
            ADD_EXCEPTION,
            session | {"from_on": first.isoformat(), "other_dates": f"{again:%d/%m/%Y}", "ends": "20:00"},
        )

        sentence = f"{again:%d/%m/%Y}: The practitioner already has hours then."
        assert sentence in answer.content.decode()
        assert RosterException.objects.count() == 1

    def test_can_be_changed(self, boss, leave, next_monday):
        boss.post(ADD_EXCEPTION, leave)
        kept = RosterException.objects.get()
        later = (next_monday + timedelta(weeks=1)).isoformat()

        answer = boss.post(
            reverse("admin:clinic_rosterexception_change", args=[kept.pk]),
            leave | {"from_on": later},
            follow=True,
        )

        assert "4 times are offered, 4 withdrawn." in said(answer)
        assert RosterException.objects.get().from_on.isoformat() == later

    def test_can_be_withdrawn_for_a_reason(self, boss, leave, manager):
        boss.post(ADD_EXCEPTION, leave)
        kept = RosterException.objects.get()

        press(boss, kept, "withdraw", why="Stays here.")

        kept.refresh_from_db()
        assert kept.withdrawn_by == manager
        assert Slot.objects.free(timezone.now()).filter(withdrawn_at=None).count() >= 28

    def test_of_a_colleague_is_not_there_for_a_doctor_but_holidays_are(
        self, boss, leave, make_doctor, staff_client
    ):
        boss.post(ADD_EXCEPTION, leave)
        boss.post(ADD_EXCEPTION, leave | {"kind": "holiday", "practitioner": "", "name": "Founders’ Day"})
        stranger = staff_client(make_doctor("other").user)

        listed = stranger.get("/admin/clinic/rosterexception/").context["cl"].queryset

        assert [row.name for row in listed] == ["Founders’ Day"]
        assert stranger.post(ADD_EXCEPTION, leave).status_code == 403

    def test_list_asks_the_database_equally_often_for_one_and_three(self, boss, leave, next_monday):
        boss.post(ADD_EXCEPTION, leave)
        boss.get("/admin/clinic/rosterexception/")
        with CaptureQueriesContext(connection) as one:
            boss.get("/admin/clinic/rosterexception/")
        more = [f"{next_monday + timedelta(weeks=weeks):%d/%m/%Y}" for weeks in (1, 2)]
        later = (next_monday + timedelta(weeks=3)).isoformat()
        boss.post(ADD_EXCEPTION, leave | {"from_on": later, "other_dates": ",".join(more)})
        boss.get("/admin/clinic/rosterexception/")

        with CaptureQueriesContext(connection) as three:
            boss.get("/admin/clinic/rosterexception/")

        assert len(one) == len(three)


class TestPublicHolidays:
    @pytest.fixture
    def next_year(self) -> int:
        return timezone.localdate().year + 1

    def fill(self, client, **typed):
        address = reverse("admin:clinic_rosterexception_fill_holidays")
        return client.post(address, {"_form_submitted": "True", **typed})

    def test_are_filled_in_by_a_button(self, boss, next_year, manager):
        answer = self.fill(boss, states=["NSW", "WA"], year=next_year)

        assert answer.headers["HX-Redirect"] == "/admin/clinic/rosterexception/"
        christmas = RosterException.objects.filter(name="Christmas Day", from_on__year=next_year)
        assert {row.state for row in christmas} == {"NSW", "WA"}
        assert christmas[0].history.get().history_user == manager

    def test_are_not_filled_in_twice(self, boss, next_year):
        self.fill(boss, states=["NSW"], year=next_year)
        count = RosterException.objects.count()

        self.fill(boss, states=["NSW"], year=next_year)

        assert "are there already" in str(said(boss.get("/admin/clinic/rosterexception/")))
        assert RosterException.objects.count() == count

    def test_need_a_state(self, boss, next_year):
        answer = self.fill(boss, year=next_year)

        assert "Tick the states in which your doctors work." in answer.content.decode()
        assert not RosterException.objects.exists()

    def test_are_filled_in_by_managers_only(self, reception, staff_client, next_year):
        answer = self.fill(staff_client(reception), states=["NSW"], year=next_year)

        assert (answer.status_code, RosterException.objects.count()) == (403, 0)
