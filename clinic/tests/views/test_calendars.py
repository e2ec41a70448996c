import logging

import pytest
from django.conf import settings
from django.test import Client
from icalendar import Calendar

from clinic import subscribing
from clinic.models import AuditEvent, CalendarFeed

pytestmark = pytest.mark.django_db

PAGE, OPEN, CLOSE = "/accounts/calendar/", "/accounts/calendar/open/", "/accounts/calendar/close/"


def feed(token: str) -> str:
    return f"/calendar/{token}.ics"


@pytest.fixture
def browser(client, patient):
    client.force_login(patient.user)
    return client


class TestAppointmentFile:
    def test_is_for_its_patient_alone(self, browser, confirmed, make_patient):
        stranger = Client()
        stranger.force_login(make_patient("stranger").user)
        address = f"/portal/appointments/{confirmed.pk}/appointment.ics"

        answer = browser.get(address)

        assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
        assert [event["UID"] for event in Calendar.from_ical(answer.content).events] == [
            str(confirmed.order_id)
        ]
        assert stranger.get(address).status_code == 404
        assert AuditEvent.objects.filter(action="download", record_id=confirmed.pk).count() == 1

    def test_there_is_none_of_a_hold(self, browser, held):
        assert browser.get(f"/portal/appointments/{held.pk}/appointment.ics").status_code == 404


class TestCalendar:
    def test_shows_the_address_once(self, browser, confirmed):
        html = browser.post(OPEN).content.decode()

        token = html.partition("/calendar/")[2].partition(".ics")[0]
        assert html.count(f'value="{settings.BASE_URL}{feed(token)}"') == 1
        assert html.count(f'href="webcal://127.0.0.1:8000{feed(token)}"') == 1
        assert len(Calendar.from_ical(Client().get(feed(token)).content).events) == 1
        assert token not in browser.get(PAGE).content.decode()

    def test_turns_it_off(self, browser, patient):
        token = subscribing.open(patient.user)

        answer = browser.post(CLOSE, follow=True)

        assert answer.content.decode().count("The address is turned off.") == 1
        assert Client().get(feed(token)).status_code == 404

    def test_says_when_it_was_last_read(self, browser, patient):
        token = subscribing.open(patient.user)
        before = browser.get(PAGE).content.decode()
        Client().get(feed(token))

        assert (before.count("Not yet"), browser.get(PAGE).content.decode().count("Not yet")) == (1, 0)

    @pytest.mark.parametrize("address", [OPEN, CLOSE])
    def test_changes_nothing_by_looking(self, browser, address):
        assert browser.get(address).status_code == 405
        assert not CalendarFeed.objects.exists()

    def test_asks_staff_for_the_second_factor(self, staff_client, doctor, client):
        client.force_login(doctor.user)
        asked = client.post(OPEN)

        html = staff_client(doctor.user).post(OPEN).content.decode()

        assert (asked.status_code, asked.headers["Location"].partition("?")[0]) == (
            302,
            "/accounts/second-factor/verify/",
        )
        assert html.count("/calendar/") >= 1
        assert CalendarFeed.objects.get().user == doctor.user

    def test_is_not_for_staff_without_appointments(self, staff_client, manager):
        assert staff_client(manager).get(PAGE).status_code == 404

    def test_is_not_for_passers_by(self, client):
        assert client.get(PAGE).headers["Location"] == f"/accounts/login/?next={PAGE}"


class TestFeed:
    @pytest.fixture
    def address(self, patient, confirmed) -> str:
        return feed(subscribing.open(patient.user))

    def test_needs_no_sign_in_and_is_kept_nowhere(self, client, address):
        answer = client.get(address)

        assert answer.status_code == 200
        told = {name: answer.headers[name] for name in ("Cache-Control", "X-Robots-Tag", "Referrer-Policy")}
        assert told == {
            "Cache-Control": "private, no-store",
            "X-Robots-Tag": "noindex",
            "Referrer-Policy": "no-referrer",
        }
        assert "Set-Cookie" not in answer.headers

    def test_says_so_when_nothing_has_changed(self, client, address):
        etag = client.get(address).headers["ETag"]

        answer = client.get(address, headers={"If-None-Match": etag})

        assert (answer.status_code, answer.content) == (304, b"")

    def test_takes_no_post(self, client, address):
        assert client.post(address).status_code == 405

    @pytest.mark.parametrize("token", ["a", "a" * 43, "a" * 2000, "ä%00", "../x"])
    def test_a_wrong_address_is_not_found_and_not_logged(self, client, caplog, token):
        with caplog.at_level(logging.DEBUG, logger="django.request"):
            answer = client.get(feed(token))

        assert answer.status_code == 404
        assert [record for record in caplog.records if "a" * 43 in record.getMessage()] == []

    def test_a_greedy_calendar_is_told_and_its_address_is_not_logged(
        self, client, address, caplog, monkeypatch
    ):
        monkeypatch.setattr(subscribing, "MOST_READS", 0)

        with caplog.at_level(logging.DEBUG, logger="django.request"):
            assert client.get(address).status_code == 429

        assert [record for record in caplog.records if address in record.getMessage()] == []
