"""Requests about one's data, closed accounts and recipients overseas on the staff site."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic import leaving, requesting
from clinic.models import Closure, PrivacyRequest, Recipient
from clinic.tests.admin.conftest import press, said

pytestmark = pytest.mark.django_db
WORDS = "I never had asthma."


def page(name: str, *args, of: str = "privacyrequest") -> str:
    return reverse(f"admin:clinic_{of}_{name}", args=args)


@pytest.fixture
def ask(patient):
    def do(kind="correction", of=None, **fields) -> PrivacyRequest:
        who = of or patient
        told = {"text": WORDS} if kind == "correction" else {}
        return requesting.ask(who, kind=kind, by=who.user, **told | fields)

    return do


class TestEntering:
    @pytest.fixture
    def told(self, patient) -> dict:
        return {
            "patient": patient.pk,
            "kind": "correction",
            "is_clinical": "on",
            "asked_on": timezone.localdate().isoformat(),
            "text": WORDS,
        }

    @pytest.mark.parametrize("role", ["manager", "reception"])
    def test_is_done_by_the_desk(self, make_user, staff_client, told, role):
        by = make_user(role, "somebody")

        staff_client(by).post(page("add"), told)

        asked = PrivacyRequest.objects.get()
        assert (asked.author, asked.is_clinical, asked.texts.get().text) == (by, True, WORDS)

    @pytest.mark.parametrize("role", ["doctor", "auditor"])
    def test_is_not_for_others(self, make_user, staff_client, told, role):
        assert staff_client(make_user(role, "somebody")).post(page("add"), told).status_code == 403

    @pytest.mark.parametrize(
        "junk",
        [
            {"asked_on": "2090-01-01"},
            {"asked_on": "9999-12-31"},
            {"text": "  "},
            {"text": "x" * 5000},
            {"kind": "nothing"},
            {"kind": "access"},
            {"patient": "0198c1a2-0000-7000-8000-000000000000"},
        ],
        ids=["future", "far", "empty", "long", "kind", "copy-of-health", "nobody"],
    )
    def test_says_what_is_wrong(self, boss, told, junk):
        assert boss.post(page("add"), told | junk).status_code == 400
        assert not PrivacyRequest.objects.exists()


class TestWords:
    def test_about_health_are_kept_from_managers_and_reception(
        self, ask, boss, reception, staff_client, confirmed, doctor, auditor
    ):
        asked = ask(is_clinical=True)
        address = page("change", asked.pk)

        told = {
            who: WORDS in staff_client(person).get(address).content.decode()
            for who, person in {"doctor": doctor.user, "auditor": auditor, "reception": reception}.items()
        }

        assert told == {"doctor": True, "auditor": True, "reception": False}
        assert WORDS not in boss.get(address).content.decode()
        assert WORDS not in boss.get(page("history", asked.pk)).content.decode()

    def test_about_details_are_there_for_managers(self, ask, boss):
        assert WORDS in boss.get(page("change", ask().pk)).content.decode()

    def test_do_not_keep_an_older_version_from_being_shown(self, ask, boss):
        asked = ask()
        address = page("simple_history", asked.pk, asked.history.first().pk)

        assert boss.get(address).status_code == 200

    def test_are_another_doctors_secret(self, ask, confirmed, make_doctor, staff_client):
        stranger = staff_client(make_doctor("stranger").user)

        assert stranger.get(page("change", ask(is_clinical=True).pk)).status_code in {302, 404}


class TestButtons:
    def test_give_a_copy_once_it_is_known_who_asks(self, ask, boss, reception, patient):
        asked = requesting.ask(patient, kind="access", by=reception)
        press(boss, asked, "identify", how="Rang the number we had.")
        press(boss, asked, "give")

        asked.refresh_from_db()
        assert (asked.status, asked.identity_how) == ("preparing", "Rang the number we had.")

    def test_answer_for_doctors(self, ask, confirmed, doctor, staff_client, boss):
        asked = ask(is_clinical=True)
        first = press(boss, asked, "correct", text="Done.")
        press(staff_client(doctor.user), asked, "correct", text="It says mild asthma now.")

        asked.refresh_from_db()
        assert (first.status_code, asked.status, asked.answered_by) == (403, "corrected", doctor.user)

    def test_answer_for_managers(self, ask, boss, manager, staff_client, confirmed, doctor):
        asked = ask()
        press(boss, asked, "attach", text="It is right.")

        asked.refresh_from_db()
        assert (asked.status, asked.answered_by) == ("attached", manager)

    def test_refuse_a_name_where_somebody_cares(self, ask, boss, confirmed, make_doctor):
        asked = ask(is_clinical=True)
        press(boss, asked, "name_doctor", doctor=make_doctor("other").pk)

        told = said(boss.get(page("change", asked.pk)))
        assert told == ["A doctor who works here cares for the patient, and answers this."]

    @pytest.mark.parametrize("role", ["reception", "auditor"])
    def test_are_not_for_everybody(self, ask, make_user, staff_client, role):
        asked = ask()

        answer = press(staff_client(make_user(role, "somebody")), asked, "attach", text="No.")

        asked.refresh_from_db()
        assert (answer.status_code, asked.status) == (403, "open")


class TestList:
    def test_takes_as_many_statements_for_many_as_for_one(self, boss, ask, make_patient):
        def count() -> int:
            with CaptureQueriesContext(connection) as asked:
                boss.get(page("changelist"), {"answer": "waiting"})
            return len(asked)

        ask()
        count()
        few = count()
        for number in range(9):
            ask(of=make_patient(f"p{number}"))

        assert count() == few

    @pytest.mark.parametrize(
        "junk", [{"answer": "x"}, {"kind": "\x00"}, {"q": "\x00"}, {"p": "x"}, {"o": "9" * 500}]
    )
    def test_bears_junk(self, boss, ask, junk):
        ask()

        assert boss.get(page("changelist"), junk).status_code in {200, 302, 400}


class TestClosures:
    def test_are_listed_and_opened_by_managers(self, patient, boss, auditor, staff_client):
        leaving.close(patient, cancels=False, by=patient.user)
        closure = Closure.objects.get()
        for browser in (boss, staff_client(auditor)):
            assert str(patient) in browser.get(page("changelist", of="closure")).content.decode()

        press(staff_client(auditor), closure, "reopen", how="Rang.")
        closure.refresh_from_db()
        assert closure.reopened_at is None
        press(boss, closure, "reopen", how="Rang.")
        closure.refresh_from_db()
        assert closure.reopened_at is not None


class TestRecipients:
    def test_are_kept_by_managers_and_read_by_patients(self, boss, patient, client):
        told = {
            "name": "Cloud Backup",
            "country": "Germany",
            "purpose": "Backups",
            "information": "Everything, encrypted",
            "safeguards": "A contract",
            "since_on": "2026-01-01",
            "until_on": "",
        }
        boss.post(page("add", of="recipient"), told)

        client.force_login(patient.user)
        text = client.get(reverse("my-data")).content.decode()
        made = Recipient.objects.get(name="Cloud Backup")
        boss.post(page("change", made.pk, of="recipient"), told | {"until_on": "2026-01-02"})
        later = client.get(reverse("my-data")).content.decode()

        assert "Cloud Backup, Germany" in text
        assert "Cloud Backup" not in later
        assert made.history.count() == 2

    def test_come_with_what_the_product_uses(self, db, settings):
        assert {"stripe"} <= set(Recipient.objects.values_list("key", flat=True))

    @pytest.mark.parametrize("junk", [{"until_on": "2025-01-01"}, {"since_on": "9999-12-31"}, {"name": ""}])
    def test_say_what_is_wrong(self, boss, junk):
        told = {"name": "A", "country": "B", "purpose": "C", "information": "D", "since_on": "2026-01-01"}

        assert boss.post(page("add", of="recipient"), told | junk).status_code == 400

    @pytest.mark.parametrize(("role", "status"), [("auditor", 200), ("reception", 403), ("doctor", 403)])
    def test_are_not_for_all_staff(self, make_user, staff_client, role, status):
        browser = staff_client(make_user(role, "somebody"))

        assert browser.get(page("changelist", of="recipient")).status_code == status
