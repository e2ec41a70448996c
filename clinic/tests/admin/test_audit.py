"""The audit trail: who may look at what of it, and finding one's way."""

import pytest
from django.apps import apps
from django.contrib.admin.templatetags.admin_list import result_headers
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import auditing
from clinic.models.encounters import CLINICAL, ClinicalQuerySet

LIST = reverse("admin:clinic_auditevent_changelist")


def listed(browser, **query):
    return {event.pk for event in browser.get(LIST, query).context["cl"].queryset}


class TestWhoSees:
    @pytest.mark.parametrize(
        ("role", "others"), [("manager", True), ("auditor", True), ("reception", False), ("doctor", False)]
    )
    def test_everybodys_or_their_own(self, staff_client, make_user, role, others):
        reader, somebody = make_user(role, "reader"), make_user("manager", "somebody")
        own, other = auditing.note("print", by=reader), auditing.note("print", by=somebody)

        found = listed(staff_client(reader))

        assert (own.pk in found, other.pk in found) == (True, others)

    def test_one_of_somebody_else_is_not_there(self, staff_client, manager, reception):
        event = auditing.note("print", by=manager, why="For the file.")

        answer = staff_client(reception).get(reverse("admin:clinic_auditevent_change", args=[event.pk]))

        # Django sends people home who ask for the page of a row that is not there for them.
        assert answer.headers["Location"] == reverse("admin:index")

    def test_there_are_no_versions_of_what_is_written_once(self, staff_client, manager):
        event = auditing.note("print", by=manager)

        answer = staff_client(manager).get(reverse("admin:clinic_auditevent_history", args=[event.pk]))

        assert answer.status_code == 404

    @pytest.mark.parametrize("name", ["add", "change", "delete"])
    def test_nobody_writes(self, staff_client, manager, name):
        event = auditing.note("print", by=manager)
        arguments = [] if name == "add" else [event.pk]

        answer = staff_client(manager).post(reverse(f"admin:clinic_auditevent_{name}", args=arguments), {})

        assert answer.status_code == 403


class TestReasons:
    """Of the clinical record are for those who may read it."""

    WORDS = "Pregnant since March."

    @pytest.fixture
    def events(self, ready, patient):
        return [
            auditing.note("update", by=None, record=record, why=self.WORDS) for record in (ready, patient)
        ]

    def pages(self, browser, event):
        detail = reverse("admin:clinic_auditevent_change", args=[event.pk])
        return [browser.get(address).content.decode() for address in (f"{LIST}?q={event.record_id}", detail)]

    @pytest.mark.parametrize(("role", "shown"), [("manager", False), ("auditor", True)])
    def test_are_on_both_pages_or_on_none(self, staff_client, make_user, events, role, shown):
        clinical, other = events
        browser = staff_client(make_user(role, "reader"))

        assert [self.WORDS in html for html in self.pages(browser, clinical)] == [shown, shown]
        assert ["Stands in the clinical record." in html for html in self.pages(browser, clinical)] == [
            not shown,
            not shown,
        ]
        assert [self.WORDS in html for html in self.pages(browser, other)] == [True, True]

    def test_are_not_to_be_guessed(self, staff_client, manager, events):
        browser = staff_client(manager)

        found = listed(browser, q="Pregnant")
        asked = [browser.get(LIST, {name: self.WORDS}).status_code for name in ("why", "why__startswith")]
        headers = {head["text"]: head["sortable"] for head in result_headers(browser.get(LIST).context["cl"])}

        assert (found, asked) == (set(), [400, 400])
        assert headers["Why"] is False

    def test_cover_every_record_that_only_carers_read(self):
        guarded = {
            model._meta.label_lower
            for model in apps.get_app_config("clinic").get_models()
            if isinstance(model._default_manager.all(), ClinicalQuerySet)
        }

        assert guarded - CLINICAL == set()


class TestSearch:
    def test_finds_what_happened_to_a_patient(self, staff_client, manager, patient):
        event = auditing.note("print", by=None, record=patient)
        other = auditing.note("print", by=None)

        found = listed(staff_client(manager), q=str(patient.pk))

        assert (event.pk in found, other.pk in found) == (True, False)

    def test_finds_failed_sign_ins_by_the_address_tried(self, staff_client, manager):
        event = auditing.note("sign_in_failed", by=None, tried=auditing.mark_of("mia@example.com"))

        assert listed(staff_client(manager), q="Mia@example.com") == {event.pk}

    def test_finds_a_persons_acts(self, staff_client, manager, reception):
        event = auditing.note("print", by=reception)

        assert event.pk in listed(staff_client(manager), q="reception@")


class TestPages:
    def test_lead_to_the_record_and_its_patient(self, staff_client, manager, patient):
        event = auditing.note("print", by=manager, record=patient)

        html = staff_client(manager).get(reverse("admin:clinic_auditevent_change", args=[event.pk])).content

        assert html.decode().count(reverse("admin:clinic_patient_change", args=[patient.pk])) == 2

    def test_lead_nowhere_that_is_shut(self, staff_client, reception, manager):
        event = auditing.note("print", by=reception, record=manager)

        html = staff_client(reception).get(LIST).content.decode()

        assert reverse("admin:clinic_auditevent_change", args=[event.pk]) in html
        assert reverse("admin:clinic_user_change", args=[manager.pk]) not in html

    def test_the_list_asks_as_often_for_three_rows_as_for_one(self, staff_client, manager, patient):
        browser = staff_client(manager)
        auditing.note("print", by=manager, record=patient)
        browser.get(LIST)
        with CaptureQueriesContext(connection) as for_one:
            browser.get(LIST)
        for _ in range(2):
            auditing.note("print", by=patient.user, record=patient)

        with CaptureQueriesContext(connection) as for_three:
            browser.get(LIST)

        assert len(for_three) == len(for_one)
