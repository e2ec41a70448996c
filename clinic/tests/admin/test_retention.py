"""The review list, legal holds and the destruction register on the staff site."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import retaining
from clinic.models import Destruction, LegalHold
from clinic.tests.admin.conftest import press, said

pytestmark = pytest.mark.django_db
REVIEW = "/admin/clinic/destruction/review/"


@pytest.fixture(autouse=True)
def in_2035():
    with time_machine.travel("2035-06-01T02:00Z", tick=False):
        yield


@pytest.fixture
def make_old(make_patient):
    def make(name: str):
        born, at = date(1980, 1, 1), datetime(2020, 1, 1, tzinfo=UTC)
        return make_patient(name, date_of_birth=born, created_at=at)

    return make


@pytest.fixture
def second(make_user, staff_client):
    return staff_client(make_user("manager", "second"))


class TestReview:
    def test_puts_the_ticked_ones_on_the_register(self, boss, make_old):
        ada, _ = make_old("Ada"), make_old("Ben")

        boss.post(REVIEW, {"record": [str(ada.pk)]})

        assert [line.name for line in Destruction.objects.all()] == [str(ada)]
        text = boss.get(REVIEW).content.decode()
        assert ("Ada Example" in text, "Ben Example" in text) == (False, True)

    @pytest.mark.parametrize("junk", [[], ["x"], ["\x00"], ["0198c1a2-0000-7000-8000-000000000000"]])
    def test_says_when_nothing_is_ticked(self, boss, make_old, junk):
        make_old("Ada")

        answer = boss.post(REVIEW, {"record": junk}, follow=True)

        assert "This record is to be kept longer" in said(answer)[0]
        assert not Destruction.objects.exists()

    def test_pages_and_counts_all(self, boss, make_old):
        for number in range(51):
            make_old(f"P{number:02}")

        first, last = boss.get(REVIEW), boss.get(REVIEW, {"page": "2"})

        assert (len(first.context["rows"]), len(last.context["rows"])) == (50, 1)
        assert "51 records whose time is over" in first.content.decode()
        assert boss.get(REVIEW, {"page": "x"}).status_code == 200
        assert boss.get(REVIEW, {"page": "x\x00"}).url == REVIEW

    @pytest.mark.parametrize(
        ("role", "looks", "puts"),
        [("auditor", 200, 302), ("reception", 403, 403), ("doctor", 403, 403), ("patient", 404, 404)],
    )
    def test_is_for_managers_and_auditors_look(self, make_user, staff_client, make_old, role, looks, puts):
        ada = make_old("Ada")
        browser = staff_client(make_user(role, "somebody"))

        assert browser.get(REVIEW).status_code == looks
        assert browser.post(REVIEW, {"record": [str(ada.pk)]}).status_code == puts
        assert not Destruction.objects.exists()

    def test_takes_as_many_statements_for_many_as_for_one(self, boss, make_old):
        def count() -> int:
            with CaptureQueriesContext(connection) as asked:
                boss.get(REVIEW)
            return len(asked)

        make_old("Ada")
        count()
        few = count()
        for number in range(9):
            make_old(f"P{number}")

        assert count() == few


class TestRegister:
    @pytest.fixture
    def line(self, make_old, manager) -> Destruction:
        retaining.propose([make_old("Ada").pk], by=manager)
        return Destruction.objects.get()

    def test_is_approved_by_somebody_else_and_told(self, boss, second, line):
        press(boss, line, "approve")
        line.refresh_from_db()
        first = line.status
        press(second, line, "approve")
        on_worksheet = boss.get(reverse("admin:clinic_destruction_changelist"), {"worksheet": "now"})
        press(second, line, "register", destroyed_on="2035-06-01")

        line.refresh_from_db()
        assert (first, line.status, line.destroyed_on) == ("proposed", "destroyed", date(2035, 6, 1))
        assert "Ada Example" in on_worksheet.content.decode()

    def test_takes_off_what_gets_a_hold(self, boss, second, line):
        press(second, line, "approve")

        told = {"patient": line.patient_key, "reason": "A court asks for it."}
        boss.post(reverse("admin:clinic_legalhold_add"), told)

        shown = boss.get(reverse("admin:clinic_destruction_changelist"), {"worksheet": "now"})
        line.refresh_from_db()
        assert (line.status, shown.context["cl"].result_count) == ("dropped", 0)

    def test_keeps_one_after_all(self, boss, line):
        press(boss, line, "drop", why="She came back.")

        line.refresh_from_db()
        assert line.status == "dropped"

    @pytest.mark.parametrize("junk", ["2036-01-01", "9999-12-31", "", "x"])
    def test_says_when_the_day_is_none(self, second, line, junk):
        press(second, line, "approve")
        press(second, line, "register", destroyed_on=junk)

        line.refresh_from_db()
        assert line.status == "approved"


class TestHolds:
    def test_are_lifted_with_a_reason(self, boss, make_old, manager):
        held = retaining.hold(make_old("Ada"), reason="A court asks for it.", by=manager)

        press(boss, held, "lift", why="The case is over.")

        held.refresh_from_db()
        assert (held.lifted_by, held.lifted_why) == (manager, "The case is over.")

    @pytest.mark.parametrize(("role", "status"), [("auditor", 200), ("reception", 403), ("doctor", 403)])
    def test_are_not_for_all_staff(self, make_user, staff_client, role, status):
        browser = staff_client(make_user(role, "somebody"))

        assert browser.get(reverse("admin:clinic_legalhold_changelist")).status_code == status
        assert browser.get(reverse("admin:clinic_legalhold_add")).status_code == 403
        assert not LegalHold.objects.exists()
