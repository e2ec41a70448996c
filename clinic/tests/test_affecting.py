"""Whom an incident affects, and telling them."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic import affecting, assessing
from clinic.models import AffectedPerson, AuditEvent, Incident, IncidentNotice, IncidentSearch
from messaging.models import Letter

pytestmark = pytest.mark.django_db
SESSION = "0123456789abcdef"


@pytest.fixture
def incident(manager):
    made = Incident(name="An account was used", aware_on=timezone.localdate(), what_happened="By a stranger.")
    assessing.record(made, by=manager)
    return made


@pytest.fixture
def cast(make_patient):
    return {name: make_patient(name) for name in ("ada", "ben", "cleo")}


@pytest.fixture
def look(reception):
    """Let it be in the trail that somebody touched a patient's record."""

    def do(patient, hours_ago=1.0, by=None, kind="clinic.patient", **trace) -> None:
        AuditEvent.objects.create(
            action="read",
            by=by or reception,
            record_type=kind,
            record_id=patient.pk,
            patient_id=patient.pk,
            at=timezone.now() - timedelta(hours=hours_ago),
            trace={"session": "", "address": "", **trace},
        )

    return do


@pytest.fixture
def searched(incident, manager):
    def do(**asked) -> dict:
        found = affecting.search(incident, affecting.Question(**asked), by=manager)
        rows = found.people.select_related("patient__user")
        return {one.patient.user.given_name.lower(): one.events for one in rows}

    return do


class TestSearch:
    def test_finds_by_person(self, cast, look, searched, reception, auditor):
        look(cast["ada"])
        look(cast["ada"], hours_ago=3)
        look(cast["ben"], by=auditor)

        assert searched(person=reception) == {"ada": 2}

    def test_finds_by_session_and_by_address(self, cast, look, searched):
        look(cast["ada"], session=SESSION, address="192.0.2.7")
        look(cast["ben"], address="192.0.2.7")

        assert searched(session=SESSION) == {"ada": 1}
        assert searched(address="192.0.2.7") == {"ada": 1, "ben": 1}

    def test_finds_by_period_and_kind_of_record(self, cast, look, searched, reception):
        look(cast["ada"], hours_ago=50)
        look(cast["ben"], hours_ago=30)
        look(cast["ben"], hours_ago=30, kind="clinic.note")
        look(cast["cleo"], hours_ago=10)
        now = timezone.now()
        some = {"since": now - timedelta(hours=40), "until": now - timedelta(hours=20)}

        assert searched(person=reception, **some) == {"ben": 2}
        assert searched(record_type="clinic.note", **some) == {"ben": 1}

    def test_keeps_what_it_found_then(self, cast, look, incident, manager, reception):
        look(cast["ada"])
        found = affecting.search(incident, affecting.Question(person=reception), by=manager)
        look(cast["ben"])

        assert (found.found, found.people.count()) == (1, 1)
        assert found.recorded_by == manager

    def test_is_in_the_trail_itself(self, incident, manager, reception):
        found = affecting.search(incident, affecting.Question(person=reception), by=manager)

        assert AuditEvent.objects.filter(
            record_type="clinic.incidentsearch", record_id=found.pk, by=manager
        ).exists()

    @pytest.mark.parametrize("asked", [{}, {"record_type": "clinic.note"}])
    def test_asks_for_something_to_look_for(self, searched, asked):
        with pytest.raises(affecting.AsksNothing):
            searched(**asked)

        assert not IncidentSearch.objects.exists()

    def test_refuses_a_period_that_ends_before_it_starts(self, searched):
        now = timezone.now()

        with pytest.raises(affecting.WrongOrder):
            searched(since=now, until=now - timedelta(days=1))

    def test_is_for_managers(self, incident, auditor, reception):
        with pytest.raises(affecting.NotAllowed):
            affecting.search(incident, affecting.Question(person=reception), by=auditor)

    @pytest.mark.parametrize("many", [1, 20])
    def test_takes_as_many_statements_for_many_as_for_one(
        self, incident, manager, reception, make_patient, look, many
    ):
        for number in range(many):
            look(make_patient(f"p{number}"))

        with CaptureQueriesContext(connection) as asked:
            affecting.search(incident, affecting.Question(person=reception), by=manager)

        statements = [one for one in asked if "SAVEPOINT" not in one["sql"]]
        assert len(statements) == 3
        assert AffectedPerson.objects.count() == many


class TestTell:
    @pytest.fixture
    def eligible(self, incident, manager, cast, look, reception):
        look(cast["ada"])
        look(cast["ben"])
        affecting.search(incident, affecting.Question(person=reception), by=manager)
        affecting.search(incident, affecting.Question(person=reception), by=manager)
        incident.notice, incident.advice = "Somebody saw your address.", "Be wary of letters."
        assessing.rewrite(incident, changed=["notice", "advice"], by=manager)
        assessing.assess(incident, by=manager)
        assessing.decide(incident, is_eligible=True, reasons="Addresses were seen.", by=manager)
        return incident

    @pytest.fixture
    def second(self, make_user):
        return make_user("manager", "second")

    def test_writes_to_each_once_and_says_nothing_of_it(self, eligible, manager, second, cast):
        affecting.approve(eligible, by=second)

        assert affecting.tell(eligible, by=manager) == 2

        letters = Letter.objects.filter(template=affecting.TEMPLATE)
        assert {letter.recipient for letter in letters} == {cast["ada"].user, cast["ben"].user}
        assert {tuple(letter.context) for letter in letters} == {("name", "path")}
        with pytest.raises(affecting.NobodyToTell):
            affecting.tell(eligible, by=manager)
        assert IncidentNotice.objects.count() == 2

    def test_comes_before_the_entry_is_closed(self, eligible, manager, second):
        affecting.approve(eligible, by=second)
        assessing.lodge(eligible, lodged_on=eligible.aware_on, reference="NDB-1", by=manager)

        with pytest.raises(assessing.Untold, match="2 people affected by it can still be told"):
            assessing.close(eligible, why="All done.", by=manager)
        affecting.tell(eligible, by=manager)
        assessing.close(eligible, why="All done.", by=manager)

        assert eligible.status == "closed"

    def test_waits_for_a_second_person(self, eligible, manager):
        with pytest.raises(affecting.NotApproved):
            affecting.tell(eligible, by=manager)
        with pytest.raises(affecting.WroteIt):
            affecting.approve(eligible, by=manager)

        assert not Letter.objects.filter(template=affecting.TEMPLATE).exists()

    def test_keeps_the_words_that_were_approved(self, eligible, manager, second):
        affecting.approve(eligible, by=second)

        eligible.notice = "All is well."
        with pytest.raises(assessing.Approved):
            assessing.rewrite(eligible, changed=["notice"], by=manager)

    def test_leaves_those_who_closed_their_account_to_the_post(self, eligible, manager, second, cast):
        affecting.approve(eligible, by=second)
        cast["ada"].user.change(by=None, is_active=False)

        assert affecting.tell(eligible, by=manager) == 1
        assert [*affecting.out_of_reach(eligible)] == [cast["ada"]]

    def test_is_decided_first(self, incident, second):
        with pytest.raises(affecting.NotDecided):
            affecting.approve(incident, by=second)

    def test_shows_their_page_to_those_who_were_told_and_to_nobody_else(
        self, eligible, manager, second, cast, client
    ):
        affecting.approve(eligible, by=second)
        address = reverse("incident-notice", args=[eligible.pk])
        client.force_login(cast["ada"].user)
        before = client.get(address).status_code
        affecting.tell(eligible, by=manager)

        page = client.get(address)
        client.force_login(cast["cleo"].user)
        stranger = client.get(address).status_code

        assert (before, page.status_code, stranger) == (404, 200, 404)
        assert "Somebody saw your address." in page.content.decode()
        assert AuditEvent.objects.filter(
            record_type="clinic.incidentnotice", action="read", by=cast["ada"].user
        ).exists()
