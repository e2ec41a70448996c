import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from billing import charging
from clinic import booking, consenting, rostering
from clinic.models import Appointment, Consent

NOBODY = "01a20000-0000-7000-8000-000000000000"

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client, patient, fees):
    client.force_login(patient.user)
    return client


def address(slot) -> str:
    return reverse("slot", args=[slot.pk])


def read(policy, fee) -> str:
    words = consenting.mark(consenting.in_force(consenting.BEFORE_BOOKING))
    return f"{booking.shown(policy, fee)}:{words}"


def yes(policy=None) -> dict[str, str]:
    """What the page of a time sends when somebody who has not been here agrees."""
    fee = charging.line_for("consultation.new", on=timezone.localdate())
    return {"agree": "on", "read": read(policy, fee)}


class TestBook:
    def test_names_the_zones_of_both(self, client, make_patient, make_doctor, make_slot, fees):
        make_slot(of=make_doctor("tom", zone="Australia/Perth"))
        client.force_login(make_patient("kim", zone="Australia/Darwin").user)

        page = client.get("/portal/book/").content.decode()

        assert "Times by your clock: ACST (UTC+09:30)." in page
        assert "in Perth, where the doctor is: AWST (UTC+08:00)." in page

    def test_tells_the_two_runs_of_an_hour_apart_when_clocks_go_back(self, client, patient, fees, make_slot):
        """In Sydney it is half past two twice on 4 April 2027."""
        night = datetime(2027, 4, 3, 15, 30, tzinfo=UTC)
        with time_machine.travel(night - timedelta(days=1), tick=False):
            for hours in (24, 25):
                make_slot(hours)
            client.force_login(patient.user)
            html = client.get("/portal/book/?day=2027-04-04").content.decode()

        times = re.findall(r'<a class="time"[^>]*>(.*?)</a>', html)
        assert html.count("Times by your clock: AEDT (UTC+11:00).") == 1
        assert times == ["2:30\xa0am", '2:30\xa0am <span class="zone">AEST (UTC+10:00)</span>']

    @pytest.mark.parametrize(
        "wish",
        [
            *("kind=nonsense", f"kind={NOBODY}", f"doctor={NOBODY}", "weeks=999"),
            *("day=nonsense", "day=9999-12-31", "day=0001-01-01"),
        ],
    )
    def test_says_what_is_not_offered(self, browser, slot, wish):
        answer = browser.get(f"/portal/book/?{wish}")

        assert answer.status_code == 400
        assert "notice bad" in answer.content.decode()

    def test_can_be_in_so_many_weeks(self, browser, make_slot):
        for days in (3, 26, 60):
            make_slot(24 * days)

        answer = browser.get("/portal/book/?weeks=4")

        due = timezone.localdate() + timedelta(days=26)
        assert answer.context["choice"].day == due
        assert '<option value="4" selected>In 4 weeks</option>' in answer.content.decode()
        assert f"weeks=4&amp;day={due}" in answer.content.decode()

    def test_says_when_nothing_is_free(self, browser, short_visit):
        assert "All times of this kind are taken." in browser.get("/portal/book/").content.decode()

    def test_says_when_nothing_is_offered(self, browser):
        assert "No appointments are offered at the moment." in browser.get("/portal/book/").content.decode()

    def test_asks_the_database_equally_often_for_one_and_three(self, browser, make_slot, make_doctor):
        make_slot()
        browser.get("/portal/book/")  # the session is awake: only once a minute it writes that
        with CaptureQueriesContext(connection) as one:
            browser.get("/portal/book/")
        for name in ("bob", "tom"):
            make_slot(of=make_doctor(name))

        with CaptureQueriesContext(connection) as three:
            browser.get("/portal/book/")

        assert len(one) == len(three)


class TestSlot:
    def test_tells_fee_policy_and_rebate(self, browser, slot):
        page = browser.get(address(slot)).content.decode()

        assert "A$80.00" in page
        assert "There is no Medicare rebate." in page
        assert "Cancel at any time before the start" in page

    def test_holds_the_time_with_the_patients_yes(self, browser, slot, patient):
        answer = browser.post(address(slot), yes())

        held = Appointment.objects.get()
        assert answer.url == reverse("appointment", args=[held.pk])
        assert (held.slot, held.patient, held.status) == (slot, patient, "held")
        assert set(Consent.objects.values_list("kind", flat=True)) == {"telehealth", "fees", "privacy"}

    def test_holds_nothing_without_it(self, browser, slot):
        answer = browser.post(address(slot), {})

        assert answer.status_code == 400
        assert "Please read the three points" in answer.content.decode()
        assert not Appointment.objects.exists()

    @pytest.mark.parametrize("sent", [{}, {"read": ""}])
    def test_holds_nothing_for_whom_nobody_can_tell_what_they_saw(self, browser, slot, sent):
        answer = browser.post(address(slot), {"agree": "on", **sent})

        assert answer.status_code == 400
        assert "Please read on this page what the visit costs" in answer.content.decode()
        assert (Appointment.objects.count(), Consent.objects.count()) == (0, 0)

    def test_is_shown_again_with_the_terms_of_now(self, browser, slot, make_policy):
        """Who forgot the tick agrees on the second page to what that one shows, not to what the first did."""
        earlier, now = yes(), yes(make_policy())

        page = browser.post(address(slot), {"read": earlier["read"]}).content.decode()

        assert re.search(r'name="read" value="([^"]+)"', page)[1] == now["read"] != earlier["read"]

    @pytest.mark.parametrize(("field", "was"), [("keep_percent", 40), ("amount", Decimal("70.00"))])
    def test_holds_nothing_on_other_terms_than_were_shown(self, browser, slot, make_policy, field, was):
        policy = make_policy()
        fee = charging.line_for("consultation.new", on=timezone.localdate())
        earlier = {"keep_percent": make_policy(from_on=date(2019, 1, 1), keep_percent=40), "amount": policy}[
            field
        ]
        charged = fee._replace(amount=was) if field == "amount" else fee

        answer = browser.post(address(slot), {"agree": "on", "read": read(earlier, charged)})

        assert answer.status_code == 409
        assert "have changed since you opened this page" in answer.content.decode()
        assert (Appointment.objects.count(), Consent.objects.count()) == (0, 0)

    def test_holds_on_the_terms_that_were_shown(self, browser, slot, make_policy):
        policy = make_policy()
        page = browser.get(address(slot)).content.decode()
        read = re.search(r'name="read" value="([^"]+)"', page)[1]

        browser.post(address(slot), {"agree": "on", "read": read})

        assert Appointment.objects.get().policy == policy

    def test_tells_those_who_are_late(self, browser, slot, make_patient):
        faster = make_patient("faster")
        booking.hold(slot, patient=faster, by=faster.user)
        here = address(slot)

        answer = browser.post(here, yes(), headers={"Referer": f"http://testserver{here}"}, follow=True)

        assert "This time has just been taken. Please choose another." in answer.content.decode()
        assert Appointment.objects.get().patient == faster

    def test_refuses_a_time_that_has_passed(self, browser, slot, patient):
        with time_machine.travel(slot.starts_at, tick=False):
            browser.force_login(patient.user)
            answer = browser.post(address(slot), yes())

        assert answer.status_code == 409
        assert "This time has passed. Please choose another." in answer.content.decode()
        assert (Appointment.objects.count(), Consent.objects.count()) == (0, 0)

    def test_refuses_a_time_that_was_withdrawn(self, browser, slot, manager):
        rostering.withdraw(slot, by=manager, why="Training.")

        answer = browser.post(address(slot), yes())

        assert answer.status_code == 409
        assert "This time is no longer offered. Please choose another." in answer.content.decode()
        assert (Appointment.objects.count(), Consent.objects.count()) == (0, 0)

    @pytest.mark.parametrize("key", ["nonsense", NOBODY])
    def test_is_not_there_for_a_wrong_address(self, browser, key):
        answers = [browser.get(f"/portal/book/{key}/"), browser.post(f"/portal/book/{key}/", yes())]

        assert [answer.status_code for answer in answers] == [404, 404]
        assert "<h1>" in answers[1].content.decode()
        assert not Appointment.objects.exists()

    def test_is_for_those_who_are_signed_in(self, client, slot, fees):
        assert client.post(address(slot), yes()).url.startswith("/accounts/login/")
        assert not Appointment.objects.exists()


def test_holding_a_time_asks_thirteen_statements(browser, slot, practice, make_policy):
    agreed = yes(make_policy())
    browser.get("/portal/visits/")  # the session is awake

    with CaptureQueriesContext(connection) as asked:
        answer = browser.post(address(slot), agreed)

    statements = [query["sql"] for query in asked if "SAVEPOINT" not in query["sql"]]
    assert (answer.status_code, len(statements)) == (302, 13)
