"""A patient's receipts: in two taps, their own, and none of anybody else's."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing import receipting
from billing.models import Receipt
from clinic import booking
from clinic.models import AuditEvent
from config.base import work_off

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]


@pytest.fixture
def receipt(confirmed) -> Receipt:
    work_off()
    return Receipt.objects.get()


def links(page: str) -> list[str]:
    return re.findall(r'href="(/receipts/[^"]+)"', page)


class TestReceipts:
    def test_are_two_taps_away_from_the_first_page(self, client, receipt, patient):
        client.force_login(patient.user)

        home = client.get("/portal/").content.decode()
        page = client.get("/portal/receipts/").content.decode()

        assert 'href="/portal/receipts/"' in home
        assert links(page) == [reverse("receipt", args=[receipt.pk])]
        assert client.get(links(page)[0]).content.startswith(b"%PDF")

    def test_stand_on_the_page_of_their_appointment(self, client, receipt, confirmed, patient):
        client.force_login(patient.user)

        page = client.get(reverse("appointment", args=[confirmed.pk])).content.decode()

        assert links(page) == [reverse("receipt", args=[receipt.pk])]

    def test_say_which_are_replaced_and_which_are_not_ready(self, client, receipt, patient, manager):
        new = receipting.correct(receipt, by=manager, why="The name was wrong.")
        client.force_login(patient.user)

        page = client.get("/portal/receipts/").content.decode()

        assert "Replaced" in page
        assert page.count("It will be ready in a minute.") == 2
        assert new.number in page

    def test_are_nobody_elses(self, client, receipt, make_patient):
        client.force_login(make_patient("neighbour").user)

        page = client.get("/portal/receipts/").content.decode()

        assert "No receipts yet" in page
        assert links(page) == []
        assert client.get(reverse("receipt", args=[receipt.pk])).status_code == 404

    def test_ask_strangers_to_sign_in_and_send_staff_to_their_desk(self, client, manager):
        stranger = client.get("/portal/receipts/").url
        client.force_login(manager)

        assert stranger == "/accounts/login/?next=/portal/receipts/"
        assert client.get("/portal/receipts/").url == "/admin/"

    def test_ask_the_database_as_often_for_one_and_three(self, client, receipt, patient, make_slot, settle):
        client.force_login(patient.user)
        client.get("/portal/receipts/")
        with CaptureQueriesContext(connection) as one:
            client.get("/portal/receipts/")
        for hours in (48, 72):
            settle(booking.hold(make_slot(hours), patient=patient, by=None))
        work_off()

        with CaptureQueriesContext(connection) as three:
            page = client.get("/portal/receipts/").content.decode()

        assert len(links(page)) == 3
        assert len(one) == len(three)

    def test_leave_a_trace_when_they_are_downloaded(self, client, receipt, patient):
        client.force_login(patient.user)
        client.get(reverse("receipt", args=[receipt.pk]))

        events = AuditEvent.objects.filter(action="download", record_id=receipt.pk)
        assert [(event.by, event.record_type) for event in events] == [(patient.user, "billing.receipt")]
