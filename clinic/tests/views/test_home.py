import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic import booking

pytestmark = pytest.mark.django_db

FORBIDDEN = ["cannabis", "thc", "cbd", "marijuana", "hemp", "dispense", "product"]


class TestHome:
    def test_shows_doctors_and_fees(self, client, make_doctor, short_visit, fees):
        make_doctor("ada", qualifications="MBBS, FRACGP")
        make_doctor("away", accepts_patients=False)

        page = client.get("/").content.decode()

        assert "Dr Ada Example" in page
        assert "MBBS, FRACGP" in page
        assert "Dr Away Example" not in page
        assert "A$80.00" in page
        assert "A$50.00" in page

    def test_speaks_of_no_medicine(self, client, doctor, short_visit, fees):
        page = client.get("/").content.decode().lower()

        assert [word for word in FORBIDDEN if word in page] == []

    def test_stands_before_anything_is_set_up(self, client, db):
        assert client.get("/").status_code == 200


class TestPortal:
    def test_begins_with_the_next_appointment(self, client, patient, make_slot, fees, settle):
        client.force_login(patient.user)
        later, sooner = (booking.hold(make_slot(hours), patient=patient, by=None) for hours in (48, 24))
        settle(sooner)

        context = client.get("/portal/").context

        assert (context["next"], context["later"]) == (sooner, [later])

    def test_leaves_out_what_is_over(self, client, confirmed, patient, shifted):
        shifted(days=10)
        client.force_login(patient.user)

        assert client.get("/portal/").context["next"] is None

    def test_sends_staff_to_their_desk(self, client, manager):
        client.force_login(manager)

        assert client.get("/portal/").url == "/admin/"

    def test_asks_strangers_to_sign_in(self, client, db):
        assert client.get("/portal/").url == "/accounts/login/?next=/portal/"

    def test_asks_the_database_as_often_for_one_and_three(self, client, patient, make_slot, fees, settle):
        client.force_login(patient.user)
        settle(booking.hold(make_slot(24), patient=patient, by=None))
        client.get("/portal/")  # the session is awake: only once a minute it writes that
        with CaptureQueriesContext(connection) as one:
            client.get("/portal/")
        for hours in (48, 72):
            settle(booking.hold(make_slot(hours), patient=patient, by=None))

        with CaptureQueriesContext(connection) as three:
            client.get("/portal/")

        assert len(one) == len(three)
