"""Patients see who opened their record: when, in which role, and for what; nobody sees another's."""

import datetime

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic import auditing, disclosing
from clinic.models import AuditEvent

pytestmark = pytest.mark.django_db
PAGE = "/portal/my-data/opened/"
NOON = datetime.datetime(2026, 11, 20, 1, 30, tzinfo=datetime.UTC)  # half past twelve in Sydney
ACTION = AuditEvent.Action


@pytest.fixture
def own(client, patient):
    client.force_login(patient.user)
    return client


@pytest.fixture
def note(patient):
    """Write down that somebody did something with the patient's record."""

    def do(action, *, by, record=None, at=NOON, why="", outcome="done"):
        with time_machine.travel(at, tick=False):
            return auditing.note(action, by=by, record=record or patient, why=why, outcome=outcome)

    return do


def told(patient, **more):
    days, _ = disclosing.days(patient, **more)
    return {
        day.day.isoformat(): {(look.who, look.role): look.did for look in day.looks}
        for day in days
        if day.day.isoformat().startswith("2026-11-2") and day.day < datetime.date(2026, 11, 22)
    }


class TestDays:
    def test_tell_who_in_which_role_and_for_what(self, patient, doctor, reception, encounter, note):
        for _ in range(3):
            note(ACTION.READ, by=doctor.user, record=encounter)
        note(ACTION.READ, by=doctor.user)
        note(ACTION.UPDATE, by=reception)

        assert told(patient) == {
            "2026-11-20": {
                ("Doctor Example", "Doctor"): ["read a consultation, 3 times", "read your details"],
                ("Reception Example", "Reception"): ["changed your details"],
            }
        }

    def test_are_those_of_the_patients_own_clock(self, make_patient, doctor, note):
        patient = make_patient("perth", zone="Australia/Perth")
        late = datetime.datetime(2026, 11, 20, 15, 30, tzinfo=datetime.UTC)  # there it is 11.30 pm
        note(ACTION.READ, by=doctor.user, record=patient, at=late)

        assert [*told(patient)] == ["2026-11-20"]

    def test_leave_out_ones_own_looks_the_systems_work_and_what_was_refused(self, patient, doctor, note):
        note(ACTION.READ, by=patient.user)
        note(ACTION.READ, by=None)
        note(ACTION.READ, by=doctor.user, outcome="failed")
        note(ACTION.SIGN_IN, by=doctor.user)

        assert told(patient) == {}

    def test_tell_of_a_door_that_was_broken_without_its_reason(self, patient, doctor, note):
        note(ACTION.BREAK_GLASS, by=doctor.user, why="Called from the hospital")

        [did] = told(patient)["2026-11-20"].values()
        assert did == ["opened your record from outside your care team, and had to say why"]

    def test_tell_nothing_of_what_is_not_decided_yet(self, patient, manager, note):
        note(ACTION.CREATE, by=manager)
        with time_machine.travel(NOON, tick=False):
            for kind in ("clinic.affectedperson", "clinic.legalhold", "clinic.destruction"):
                AuditEvent.objects.create(
                    action="create",
                    by=manager,
                    role="manager",
                    record_type=kind,
                    patient_id=patient.pk,
                    at=NOON,
                )

        assert [*told(patient)["2026-11-20"].values()] == [["wrote your details"]]

    def test_go_on_with_earlier_days(self, patient, doctor, note):
        for number in range(disclosing.DAYS + 5):
            note(ACTION.READ, by=doctor.user, at=NOON - datetime.timedelta(days=number))

        first, goes_on = disclosing.days(patient, before=datetime.date(2026, 11, 22))
        rest, end = disclosing.days(patient, before=goes_on)

        assert (len(first), len(rest), end) == (disclosing.DAYS, 5, None)
        assert first[-1].day - rest[0].day == datetime.timedelta(days=1)

    def test_take_two_statements_however_much_there_is(
        self, patient, doctor, reception, note, django_assert_num_queries
    ):
        for number in range(20):
            note(ACTION.READ, by=doctor.user, at=NOON - datetime.timedelta(days=number))
            note(ACTION.READ, by=reception, at=NOON - datetime.timedelta(days=number))

        with django_assert_num_queries(2):
            disclosing.days(patient)


class TestPage:
    def test_shows_only_ones_own(self, own, make_patient, doctor, note):
        other = make_patient("other")
        with time_machine.travel(NOON, tick=False):
            auditing.note(ACTION.DOWNLOAD, by=doctor.user, record=other)
        note(ACTION.READ, by=doctor.user)

        html = own.get(PAGE).content.decode()

        assert "<strong>Doctor Example</strong>, doctor" in html
        assert "read your details" in html
        assert "downloaded" not in html

    def test_says_nothing_of_reasons(self, own, doctor, note):
        note(ACTION.BREAK_GLASS, by=doctor.user, why="Called from the hospital")

        assert "hospital" not in own.get(PAGE).content.decode()

    @pytest.mark.parametrize("before", ["", "x", "2026-13-45", "9999-12-31", "0001-01-01", "2026-11-20\0"])
    def test_knows_what_to_do_with_any_day(self, own, before):
        assert own.get(PAGE, {"before": before}).status_code == 200

    def test_is_for_signed_in_patients(self, client, staff_client, manager):
        assert client.get(PAGE).url.startswith("/accounts/login/")
        assert staff_client(manager).get(PAGE).url == "/admin/"

    def test_is_reached_from_my_data_and_asks_the_practice(self, own, doctor, note):
        note(ACTION.READ, by=doctor.user)

        html = own.get(PAGE).content.decode()
        asked = own.get(reverse("ask"), {"about": "2026-11-20"}).content.decode()

        assert PAGE in own.get(reverse("my-data")).content.decode()
        assert f"{reverse('ask')}?about=2026-11-20" in html
        assert "On 20 November 2026 somebody opened my record. Can you tell me why?" in asked

    @pytest.mark.parametrize("about", ["x", "2026-99-99", "<script>", "2026-11-20\0"])
    def test_a_question_begins_empty_with_any_other_day(self, own, about):
        asked = own.get(reverse("ask"), {"about": about})

        assert asked.status_code == 200
        assert asked.context["form"]["text"].value() is None

    def test_takes_as_many_statements_for_many_days_as_for_one(self, own, doctor, note):
        def count() -> int:
            with CaptureQueriesContext(connection) as asked:
                assert own.get(PAGE).status_code == 200
            return len(asked)

        note(ACTION.READ, by=doctor.user)
        count()
        once = count()
        for number in range(9):
            note(ACTION.READ, by=doctor.user, at=NOON - datetime.timedelta(days=number))

        assert count() == once


def test_today_is_there_at_once(client, patient, doctor):
    auditing.note(ACTION.READ, by=doctor.user, record=patient)

    days, _ = disclosing.days(patient)

    assert days[0].day == timezone.localdate(timezone=timezone.get_default_timezone())
