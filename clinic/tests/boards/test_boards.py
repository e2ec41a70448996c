"""The first page of the staff site, as each role opens it."""

import re
from itertools import count

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing.models import StripeEvent
from clinic import booking, consulting
from clinic.models import Appointment, AuditEvent, Practice, Prescription, Role
from messaging import chatting
from messaging.models import Letter

STAFF = [Role.MANAGER, Role.RECEPTION, Role.DOCTOR, Role.AUDITOR]


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel("2026-03-03T01:00Z", tick=False):  # in Sydney
        yield


@pytest.fixture
def busy(doctor, make_patient, make_slot, settle, fees):
    """Fill today with one more patient, and with one more of everything that a dashboard shows."""
    numbers = count(1)

    def visit(patient, quarter: int) -> Appointment:
        return booking.hold(make_slot(hours=quarter / 4), patient=patient, by=None)

    def add() -> None:
        number, now = next(numbers), timezone.now()
        patient = make_patient(f"patient{number}")
        seen, waiting = (settle(visit(patient, number * 3 + quarter)) for quarter in range(2))
        visit(patient, number * 3 + 2)
        encounter = consulting.open(seen, by=doctor.user)
        Prescription.objects.add(by=None, encounter=encounter, patient=patient, practitioner=doctor)
        waiting.move_to(Appointment.Status.ARRIVED, by=None)
        waiting.refresh_from_db()
        chatting.post(waiting.room, text="Hello.", by=patient.user)
        to = {"recipient": patient.user, "to": patient.user.email, "template": "t", "subject": "A letter"}
        Letter.objects.add(by=None, **to, status="failed", next_attempt_at=now)
        event = {"kind": "k", "about": "a", "livemode": False, "received_at": now}
        StripeEvent.objects.add(by=None, event_id=f"evt_{number}", **event)
        for action in ["read", "sign_in_failed", "download"]:
            AuditEvent.objects.create(action=action)

    return add


@pytest.fixture
def open_desk(make_user, doctor, staff_client):
    """Open the first page as somebody in a role; the doctor is the one whom patients booked."""

    def visit(role: str):
        user = doctor.user if role == Role.DOCTOR else make_user(role, f"another-{role}")
        client = staff_client(user)
        client.page = client.get("/admin/")
        return client

    return visit


def listed(context) -> int:
    """How many rows a list has in all: one of the admin's, or a screen of its own with a page of them."""
    return context["cl"].queryset.count() if "cl" in context else context["page"].paginator.count


class TestFill:
    @pytest.mark.parametrize("role", STAFF)
    def test_shows_each_role_its_own_board(self, open_desk, role):
        page = open_desk(role).page

        shown = {template.name for template in page.templates}
        assert {name for name in shown if name in {f"admin/dashboard/{other}.html" for other in STAFF}} == {
            f"admin/dashboard/{role}.html"
        }

    @pytest.mark.parametrize("role", STAFF)
    def test_has_words_where_there_is_nothing_yet(self, open_desk, role):
        empty = {
            Role.MANAGER: "No appointments ahead.",
            Role.RECEPTION: "Nobody else is expected today.",
            Role.DOCTOR: "Nobody is booked with you.",
            Role.AUDITOR: "No record was opened yet.",
        }

        assert empty[role] in open_desk(role).page.content.decode()

    def test_names_the_clock_that_its_times_follow(self, open_desk):
        Practice.objects.add(by=None, time_zone="Australia/Perth")

        assert "Times are Perth time, AWST (UTC+08:00)." in open_desk(Role.MANAGER).page.content.decode()

    @pytest.mark.parametrize("role", STAFF)
    def test_every_number_is_what_its_list_counts(self, open_desk, busy, role):
        busy()
        busy()
        client = open_desk(role)
        figures = [
            figure
            for name in ("numbers", "statuses", "queues", "schedules")
            for figure in client.page.context.get(name) or []
            if isinstance(figure.value, int) and figure.label != "Unread messages"
        ]

        counted = {figure.label: listed(client.get(figure.link).context) for figure in figures}

        assert counted == {figure.label: figure.value for figure in figures}
        assert sum(counted.values()) > 0

    @pytest.mark.parametrize("role", STAFF)
    def test_every_link_opens(self, open_desk, busy, role):
        busy()
        client = open_desk(role)
        links = set(re.findall(r'href="(/admin/[^"]*)"', client.page.content.decode().replace("&amp;", "&")))

        answers = {link: client.get(link).status_code for link in links}

        assert answers == dict.fromkeys(links, 200)

    @pytest.mark.parametrize("role", STAFF)
    def test_asks_the_database_as_often_for_three_rows_as_for_one(self, open_desk, busy, role):
        busy()
        client = open_desk(role)
        cache.clear()
        with CaptureQueriesContext(
            connection,
        ) as one:
            client.get("/admin/")
        busy()
        busy()
        cache.clear()

        with CaptureQueriesContext(connection) as three:
            client.get("/admin/")

        assert len(three) == len(one)

    def test_begins_the_next_consultation_by_one_button(
        self, open_desk, doctor, patient, make_slot, settle, fees
    ):
        visit = settle(booking.hold(make_slot(hours=1), patient=patient, by=None))
        client = open_desk(Role.DOCTOR)
        [address] = re.findall(r'hx-post="([^"]*)"', client.page.content.decode())

        answer = client.post(address, {"_form_submitted": "on"})

        visit.refresh_from_db()
        assert answer.headers["HX-Redirect"] == f"/admin/clinic/encounter/{visit.encounter.pk}/change/"
        assert f'href="{answer.headers["HX-Redirect"]}"' in client.get("/admin/").content.decode()


class TestDoor:
    def test_is_closed_to_patients(self, patient):
        client = Client()
        client.force_login(patient.user)

        assert client.get("/admin/", follow=True).status_code == 404

    @pytest.mark.parametrize("role", STAFF)
    def test_asks_staff_for_their_second_factor(self, make_user, role):
        client = Client()
        client.force_login(make_user(role))

        answer = client.get("/admin/", follow=True)

        assert answer.redirect_chain == [
            ("/admin/login/?next=/admin/", 302),
            ("/accounts/second-factor/set-up/?next=/admin/", 302),
        ]

    def test_asks_strangers_to_sign_in(self, db):
        answer = Client().get("/admin/", follow=True)

        assert answer.redirect_chain[-1] == ("/accounts/login/?next=/admin/", 302)

    @pytest.mark.parametrize(
        "address", ["/admin/search/?s=ex", "/admin/clinic/patient/", "/admin/django_q/failure/"]
    )
    def test_is_the_same_for_every_page_behind_it(self, manager, address):
        client = Client()
        client.force_login(manager)

        assert client.get(address).status_code == 302
