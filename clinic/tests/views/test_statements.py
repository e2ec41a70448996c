"""A patient's statement: in two taps, their own, and none of anybody else's."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing import rendering
from clinic import booking, itemising
from clinic.models import AuditEvent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]
PAGE = "/portal/statement/"


def links(page: str) -> list[str]:
    return [link.replace("&amp;", "&") for link in re.findall(r'href="(/statement\.[^"]+)"', page)]


class TestStatement:
    def test_is_two_taps_away_from_the_first_page(self, client, confirmed, patient):
        client.force_login(patient.user)

        assert f'href="{PAGE}"' in client.get("/portal/").content.decode()
        assert f'href="{PAGE}"' in client.get("/portal/receipts/").content.decode()
        page = client.get(PAGE).content.decode()
        assert "Nothing to be paid" in page
        pdf, csv = (client.get(link) for link in links(page))
        assert pdf.content.startswith(b"%PDF")
        assert b"Payment" in csv.content

    def test_names_no_service(self, client, confirmed, patient):
        client.force_login(patient.user)

        page = client.get(PAGE).content.decode()

        assert "Consultation" in page
        assert confirmed.slot.appointment_type.name not in page

    def test_is_nobody_elses(self, client, confirmed, make_patient):
        client.force_login(make_patient("neighbour").user)

        page = client.get(PAGE).content.decode()

        assert "Nothing in this time" in page
        assert links(page) == []
        assert b"Payment" not in client.get("/statement.csv").content

    def test_asks_strangers_to_sign_in_and_sends_staff_to_their_desk(self, client, manager):
        strangers = [client.get(address).url for address in (PAGE, "/statement.pdf")]
        client.force_login(manager)

        assert strangers == [
            "/accounts/login/?next=/portal/statement/",
            "/accounts/login/?next=/statement.pdf",
        ]
        assert client.get(PAGE).url == "/admin/"

    @pytest.mark.parametrize("address", [PAGE, "/statement.csv"])
    def test_takes_only_days_that_follow_each_other(self, client, patient, address):
        client.force_login(patient.user)

        answer = client.get(address, {"first": "2026-07-02", "last": "2026-07-01"})

        assert answer.status_code == 400
        assert "Please choose a last day that is not before the first." in answer.content.decode()

    def test_asks_the_database_as_often_for_one_and_three(
        self, client, confirmed, patient, make_slot, settle
    ):
        client.force_login(patient.user)
        client.get(PAGE)
        with CaptureQueriesContext(connection) as one:
            client.get(PAGE)
        for hours in (48, 72):
            settle(booking.hold(make_slot(hours), patient=patient, by=None))

        with CaptureQueriesContext(connection) as three:
            page = client.get(PAGE).content.decode()

        assert page.count(">Consultation<") == 3
        assert len(one) == len(three)

    def test_leaves_a_trace(self, client, confirmed, patient):
        client.force_login(patient.user)
        client.get(PAGE)
        client.get("/statement.pdf")

        events = AuditEvent.objects.filter(record_id=patient.user.pk, action__in=["read", "download"])
        assert sorted((event.action, event.by) for event in events) == [
            ("download", patient.user),
            ("read", patient.user),
        ]


def test_its_paper_is_the_practices(db):
    assert rendering.issuer() == itemising.issuer()
