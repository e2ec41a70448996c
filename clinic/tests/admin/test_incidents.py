"""The register of incidents on the staff site."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic import affecting, assessing
from clinic.models import AffectedPerson, AuditEvent, Incident
from clinic.tests.admin.conftest import press, said

pytestmark = pytest.mark.django_db


@pytest.fixture
def make_incident(manager):
    def make(name: str = "A list went astray", days_ago: int = 0) -> Incident:
        incident = Incident(
            name=name,
            aware_on=timezone.localdate() - timedelta(days=days_ago),
            what_happened="It was sent away.",
        )
        assessing.record(incident, by=manager)
        return incident

    return make


@pytest.fixture
def incident(make_incident):
    return make_incident()


def page(name: str, *args) -> str:
    return reverse(f"admin:clinic_incident_{name}", args=args)


def typed(incident: Incident, **fields) -> dict:
    names = ("name", "what_happened", "information", "containment", "advice", "notice", "statement")
    values = {name: getattr(incident, name) for name in names}
    return values | {"aware_on": incident.aware_on.isoformat()} | fields


class TestForm:
    def test_begins_an_entry(self, boss, manager):
        told = {
            "name": "Lost phone",
            "aware_on": timezone.localdate().isoformat(),
            "what_happened": "In a train.",
        }

        boss.post(page("add"), told)

        incident = Incident.objects.get()
        assert incident.status == "suspected"
        assert incident.history.get().history_user == manager

    @pytest.mark.parametrize("aware_on", ["9999-12-31", "nonsense", "", "2090-01-01"])
    def test_refuses_a_day_that_is_none(self, boss, aware_on):
        answer = boss.post(
            page("add"), {"name": "Lost", "aware_on": aware_on, "what_happened": "In a train."}
        )

        assert answer.status_code == 400
        assert not Incident.objects.exists()

    def test_writes_what_was_changed_and_nothing_else(self, boss, incident, manager):
        """The page was opened before somebody moved the entry on."""
        fields = typed(incident, information="Names.")
        assessing.assess(Incident.objects.get(pk=incident.pk), by=manager)

        boss.post(page("change", incident.pk), fields)

        incident.refresh_from_db()
        assert (incident.status, incident.information) == ("assessing", "Names.")

    def test_is_read_only_once_it_is_closed(self, boss, incident, manager):
        assessing.assess(incident, by=manager)
        assessing.decide(incident, is_eligible=False, reasons="Found.", by=manager)
        assessing.close(incident, why="Done.", by=manager)

        assert boss.post(page("change", incident.pk), typed(incident, name="Other")).status_code == 403


class TestButtons:
    def test_lead_to_the_decision(self, boss, incident, manager):
        press(boss, incident, "assess")
        press(boss, incident, "eligible", reasons="Names were shown.")
        press(boss, incident, "draft")

        incident.refresh_from_db()
        assert (incident.status, incident.decided_by) == ("eligible", manager)
        assert "Names were shown." not in incident.statement
        assert "It was sent away." in incident.statement

    def test_find_people_and_show_them(self, boss, incident, patient, reception):
        AuditEvent.objects.create(
            action="read",
            by=reception,
            record_type="clinic.patient",
            record_id=patient.pk,
            patient_id=patient.pk,
        )

        answer = press(boss, incident, "search", person=reception.email)

        shown = boss.get(answer.headers["HX-Redirect"])
        assert shown.status_code == 200
        assert str(patient) in shown.content.decode()
        of_all = reverse("admin:clinic_affectedperson_changelist")
        listed = boss.get(of_all, {"search__incident__id__exact": incident.pk})
        assert str(patient) in listed.content.decode()

    @pytest.mark.parametrize(
        "junk",
        [
            {},
            {"person": "nobody@example.com"},
            {"session": "x"},
            {"address": "not an address"},
            {"first": "9999-12-31"},
            {"first": "yesterday"},
            {"record_type": "clinic.nothing"},
            {"person": "a" * 3000},
        ],
        ids=["nothing", "nobody", "session", "address", "far", "words", "kind", "long"],
    )
    def test_say_what_is_wrong_with_a_search(self, boss, incident, junk):
        answer = press(boss, incident, "search", **junk)

        assert answer.status_code in {200, 400}
        assert not AffectedPerson.objects.exists()
        assert incident.searches.count() == 0

    def test_refuse_a_writer_who_approves(self, boss, incident, manager):
        incident.notice = incident.advice = "Words."
        assessing.rewrite(incident, changed=["notice", "advice"], by=manager)
        assessing.assess(incident, by=manager)
        assessing.decide(incident, is_eligible=True, reasons="So.", by=manager)

        press(boss, incident, "approve")

        answer = boss.get(page("change", incident.pk))
        assert "You wrote what the people read. Somebody else approves it." in said(answer)

    def test_lodge_and_close(self, boss, incident, manager):
        assessing.assess(incident, by=manager)
        assessing.decide(incident, is_eligible=True, reasons="So.", by=manager)
        press(boss, incident, "lodge", lodged_on=timezone.localdate().isoformat(), reference="NDB-7")
        press(boss, incident, "close", why="Done.")

        incident.refresh_from_db()
        assert (incident.status, incident.oaic_reference) == ("closed", "NDB-7")

    def test_tell_the_people(self, boss, incident, manager, make_user, patient, reception):
        AuditEvent.objects.create(action="read", by=reception, patient_id=patient.pk, record_id=patient.pk)
        affecting.search(incident, affecting.Question(person=reception), by=manager)
        incident.notice = incident.advice = "Words."
        assessing.rewrite(incident, changed=["notice", "advice"], by=manager)
        assessing.assess(incident, by=manager)
        assessing.decide(incident, is_eligible=True, reasons="So.", by=manager)
        affecting.approve(incident, by=make_user("manager", "second"))

        press(boss, incident, "tell")

        assert said(boss.get(page("change", incident.pk))) == ["1 letters are in the outbox."]


class TestStatement:
    @pytest.mark.parametrize(("kind", "begins"), [("pdf", b"%PDF"), ("txt", b"STATEMENT")])
    def test_is_a_file(self, boss, incident, manager, practice, kind, begins):
        assessing.draft_statement(incident, by=manager)

        answer = boss.get(page("statement", incident.pk, kind))

        assert (answer.status_code, answer.content.startswith(begins)) == (200, True)
        assert AuditEvent.objects.filter(action="download", record_id=incident.pk, by=manager).count() == 1

    def test_is_not_there_before_it_is_drafted(self, boss, incident):
        assert boss.get(page("statement", incident.pk, "pdf")).status_code == 404

    def test_is_linked_from_the_entry(self, boss, incident, manager):
        assessing.draft_statement(incident, by=manager)

        text = boss.get(page("change", incident.pk)).content.decode()

        assert page("statement", incident.pk, "pdf") in text


class TestWhoSees:
    @pytest.mark.parametrize(
        ("role", "status"), [("auditor", 200), ("reception", 403), ("doctor", 403), ("patient", 404)]
    )
    def test_the_register(self, make_user, staff_client, incident, role, status):
        browser = staff_client(make_user(role, "somebody"))

        for address in (page("changelist"), page("change", incident.pk)):
            assert browser.get(address).status_code == status

    def test_auditors_only_look(self, auditor, staff_client, incident):
        press(staff_client(auditor), incident, "assess")

        incident.refresh_from_db()
        assert incident.status == "suspected"


class TestList:
    def test_takes_as_many_statements_for_many_as_for_one(self, boss, make_incident):
        def count() -> int:
            with CaptureQueriesContext(connection) as asked:
                boss.get(page("changelist"), {"clock": "running"})
            return len(asked)

        make_incident()
        count()
        few = count()
        for number in range(9):
            make_incident(f"Number {number}")

        assert count() == few

    @pytest.mark.parametrize("days_ago", [0, 29, 31])
    def test_shows_the_days_left(self, boss, make_incident, days_ago):
        make_incident(days_ago=days_ago)

        text = boss.get(page("changelist")).content.decode()

        assert {0: "30 days left", 29: "1 day left", 31: "1 day late"}[days_ago] in text
