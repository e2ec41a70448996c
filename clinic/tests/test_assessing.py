"""Incidents: their clock, their moves, who decides, and what the managers are reminded of."""

import threading
from datetime import date, timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from clinic import assessing
from clinic.models import Incident, Practice
from config.base import IllegalMove
from messaging.models import Letter

NOON = "2026-03-03T01:00Z"  # in Sydney
TODAY = date(2026, 3, 3)

pytestmark = pytest.mark.django_db


@pytest.fixture
def make_incident(manager):
    def make(days_ago: int = 0, **fields) -> Incident:
        incident = Incident(
            name="A list went astray",
            aware_on=Practice.objects.current().today() - timedelta(days=days_ago),
            what_happened="A list of appointments was sent to a wrong address.",
            **fields,
        )
        assessing.record(incident, by=manager)
        return incident

    return make


@pytest.fixture
def incident(make_incident) -> Incident:
    return make_incident()


class TestRecord:
    @time_machine.travel("2026-03-02T13:30Z", tick=False)  # in Sydney the 3rd, in Perth the 2nd
    @pytest.mark.parametrize(
        ("zone", "day", "is_refused"),
        [
            ("Australia/Sydney", date(2026, 3, 3), False),
            ("Australia/Sydney", date(2026, 3, 4), True),
            ("Australia/Perth", date(2026, 3, 2), False),
            ("Australia/Perth", date(2026, 3, 3), True),
        ],
    )
    def test_asks_for_a_day_that_has_come_by_the_practices_clock(
        self, manager, practice, zone, day, is_refused
    ):
        practice.change(by=None, time_zone=zone)
        incident = Incident(name="Lost", aware_on=day, what_happened="A phone was lost.")

        if is_refused:
            with pytest.raises(assessing.NotYet):
                assessing.record(incident, by=manager)
        else:
            assessing.record(incident, by=manager)

        assert Incident.objects.exists() is not is_refused

    @pytest.mark.parametrize("role", ["reception", "doctor", "auditor", "patient"])
    def test_is_for_managers(self, make_user, role):
        incident = Incident(name="Lost", aware_on=date(2026, 1, 1), what_happened="A phone was lost.")

        with pytest.raises(assessing.NotYours):
            assessing.record(incident, by=make_user(role, "somebody"))

    def test_counts_thirty_days_from_the_day_of_awareness(self, make_incident):
        incident = make_incident(days_ago=12)

        assert incident.due_on == incident.aware_on + timedelta(days=30)


class TestMoves:
    def test_lead_to_a_closed_entry_that_stays(self, incident, manager):
        assessing.assess(incident, by=manager)
        assessing.decide(incident, is_eligible=True, reasons="Names were shown.", by=manager)
        assessing.lodge(incident, lodged_on=incident.aware_on, reference=" NDB-1 ", by=manager)
        assessing.close(incident, why="All done.", by=manager)

        assert (incident.status, incident.oaic_reference, incident.due_on) == ("closed", "NDB-1", None)
        assert (incident.decided_by, incident.reasons) == (manager, "Names were shown.")
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE clinic_incident SET reasons = 'Nothing.'")
        with pytest.raises(assessing.IsClosed):
            assessing.rewrite(incident, changed=["name"], by=manager)

    def test_need_reasons(self, incident, manager):
        assessing.assess(incident, by=manager)

        with pytest.raises(assessing.NoReason):
            assessing.decide(incident, is_eligible=False, reasons="  ", by=manager)

        incident.refresh_from_db()
        assert incident.status == "assessing"

    def test_do_not_skip_the_assessment(self, incident, manager):
        with pytest.raises(IllegalMove):
            assessing.decide(incident, is_eligible=True, reasons="Clear.", by=manager)

    def test_go_back_where_something_new_is_known(self, incident, manager):
        assessing.assess(incident, by=manager)
        assessing.decide(incident, is_eligible=False, reasons="Found again.", by=manager)

        assessing.assess(incident, by=manager)

        assert incident.due_on is not None

    def test_are_for_managers(self, incident, auditor):
        with pytest.raises(assessing.NotYours):
            assessing.assess(incident, by=auditor)


class TestRewrite:
    def test_keeps_what_others_did_meanwhile(self, incident, manager):
        stale = Incident.objects.get(pk=incident.pk)
        other = Incident.objects.get(pk=incident.pk)
        other.containment = "The list was deleted there."
        assessing.rewrite(other, changed=["containment"], by=manager)
        assessing.assess(other, by=manager)

        stale.information = "Names and times."
        assessing.rewrite(stale, changed=["information"], by=manager)

        now = Incident.objects.get(pk=incident.pk)
        assert (now.status, now.containment, now.information) == (
            "assessing",
            "The list was deleted there.",
            "Names and times.",
        )

    def test_begins_the_letters_anew_with_another_day(self, make_incident, manager):
        incident = make_incident(days_ago=21)
        incident.change(by=None, reminded_day=20)

        incident.aware_on -= timedelta(days=1)
        assessing.rewrite(incident, changed=["aware_on"], by=manager)

        assert incident.reminded_day == 0

    def test_refuses_another_day_once_it_is_decided(self, incident, manager):
        assessing.assess(incident, by=manager)
        assessing.decide(incident, is_eligible=False, reasons="Found again.", by=manager)

        incident.aware_on -= timedelta(days=1)
        with pytest.raises(assessing.ClockRuns):
            assessing.rewrite(incident, changed=["aware_on"], by=manager)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_write_at_once_both_are_kept(make_incident, manager):
    """Two browsers opened the same entry; each saves a column of its own."""
    incident, ready = make_incident(), threading.Barrier(2)

    def save(column: str) -> None:
        mine = Incident.objects.get(pk=incident.pk)
        setattr(mine, column, f"New {column}.")
        ready.wait(10)
        assessing.rewrite(mine, changed=[column], by=manager)
        connection.close()

    threads = [threading.Thread(target=save, args=[column]) for column in ("containment", "information")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    incident.refresh_from_db()
    assert (incident.containment, incident.information) == ("New containment.", "New information.")


class TestStatement:
    def test_has_the_four_parts(self, incident, manager, practice):
        incident.information, incident.advice = "Names & times.", "Be wary of calls."
        assessing.rewrite(incident, changed=["information", "advice"], by=manager)

        assessing.draft_statement(incident, by=manager)

        for words in (
            "Example Clinic",
            "12 Example Street, Sydney NSW 2000",
            "Telephone: 0255500100",
            f"Contact: {manager}",
            "A list of appointments was sent to a wrong address.",
            "Names & times.",
            "Be wary of calls.",
        ):
            assert words in incident.statement


class TestRemind:
    @pytest.fixture(autouse=True)
    def noon(self):
        with time_machine.travel(NOON, tick=False):
            yield

    @pytest.mark.parametrize(
        ("day", "letters"), [(19, 0), (20, 1), (26, 1), (27, 1), (30, 1), (31, 1), (400, 1)]
    )
    def test_writes_to_managers_on_its_days(self, make_incident, day, letters):
        make_incident(days_ago=day)

        assessing.remind(today=TODAY)

        assert Letter.objects.filter(template=assessing.TEMPLATE).count() == letters

    def test_writes_three_times_in_all(self, make_incident, manager):
        incident = make_incident()
        told = []
        for day in range(40):
            if assessing.remind(today=incident.aware_on + timedelta(days=day)):
                told.append(day)
            assessing.remind(today=incident.aware_on + timedelta(days=day))

        assert told == [20, 27, 31]
        assert Letter.objects.filter(template=assessing.TEMPLATE, recipient=manager).count() == 3

    def test_writes_nothing_once_it_is_decided(self, make_incident, manager):
        incident = make_incident(days_ago=25)
        assessing.assess(incident, by=manager)
        assessing.decide(incident, is_eligible=False, reasons="Found again.", by=manager)

        assert assessing.remind(today=TODAY) == 0

    def test_tells_nothing_of_it_in_the_letter(self, make_incident):
        incident = make_incident(days_ago=20)

        assessing.remind(today=TODAY)

        context = Letter.objects.get(template=assessing.TEMPLATE).context
        path = reverse("admin:clinic_incident_change", args=[incident.pk])
        assert context == {"name": "Manager", "path": path, "left": 10}
