"""The consultation page: the next patient, two windows, templates, addenda, numbers in full."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from clinic import noting
from clinic.models import AuditEvent, Encounter, Note, NoteTemplate

pytestmark = pytest.mark.django_db


def page(encounter: Encounter) -> str:
    return reverse("admin:clinic_encounter_change", args=[encounter.pk])


def form(encounter: Encounter, name: str) -> str:
    return reverse("admin:clinic_encounter_do", args=[encounter.pk, name])


@pytest.fixture
def browser(staff_client, doctor):
    return staff_client(doctor.user)


@pytest.fixture
def sent(browser, encounter):
    """Send one form of the page; the sentences that the next page shows."""

    def send(name: str, **values) -> list[str]:
        answer = browser.post(form(encounter, name), values, follow=True)
        return [str(message) for message in answer.context["messages"]]

    return send


class TestNextPatient:
    def test_begins_with_whoever_waits(self, browser, confirmed, doctor, timed):
        timed(confirmed, timezone.now() + timedelta(minutes=1))

        answer = browser.post(reverse("admin:clinic_encounter_next"))

        assert answer.url == page(Encounter.objects.get())

    def test_says_that_nobody_is_left(self, browser, doctor):
        answer = browser.post(reverse("admin:clinic_encounter_next"), follow=True)

        assert [str(m) for m in answer.context["messages"]] == ["Nobody else is booked with you today."]

    def test_answers_to_post_alone(self, browser):
        assert browser.get(reverse("admin:clinic_encounter_next")).status_code == 405


class TestTwoWindows:
    WORDS = {"assessment": "Insomnia.", "plan": "Mine.", "revision": 0}

    @pytest.fixture
    def elsewhere(self, encounter, doctor):
        noting.save(encounter.note, by=doctor.user, revision=0, plan="Theirs.")

    def test_the_page_hears_what_the_other_kept(self, browser, encounter, elsewhere):
        address = reverse("admin:clinic_encounter_note", args=[encounter.pk])

        answer = browser.post(address, self.WORDS)

        told = answer.json()
        assert (answer.status_code, told["revision"], told["theirs"]["plan"]) == (409, 1, "Theirs.")
        assert Note.objects.get().plan == "Theirs."

    @pytest.mark.parametrize("name", ["save-note", "sign-note"])
    def test_without_scripts_both_texts_are_on_the_page(self, browser, encounter, elsewhere, name):
        answer = browser.post(form(encounter, name), self.WORDS)

        html = answer.content.decode()
        assert (answer.status_code, Note.objects.get().status) == (409, "draft")
        assert "Theirs." in html
        assert answer.context["note_form"]["plan"].value() == "Mine."
        assert answer.context["note_form"]["revision"].value() == "1"

    def test_seen_and_sent_again_it_is_kept(self, sent, encounter, elsewhere):
        assert sent("save-note", **self.WORDS | {"revision": 1}) == ["The draft of the note is saved."]
        assert Note.objects.get().plan == "Mine."


class TestNoteForms:
    def test_a_template_is_used(self, sent, encounter, manager):
        template = NoteTemplate.objects.add(by=manager, name="Sleep", plan="Sleep diary.")

        assert sent("template", template=template.pk) == ["The words of “Sleep” are in the note."]
        assert Note.objects.get().plan == "Sleep diary."

    def test_a_template_that_is_no_longer_offered_is_refused(self, browser, encounter, manager):
        template = NoteTemplate.objects.add(by=manager, name="Sleep", plan="Diary.", is_offered=False)

        answer = browser.post(form(encounter, "template"), {"template": template.pk})

        assert (answer.status_code, Note.objects.get().plan) == (400, "")

    def test_a_first_note_has_no_last(self, sent):
        assert sent("last-note") == ["There is no signed note of this patient that you may read."]

    def test_what_is_signed_is_added_to(self, sent, browser, encounter, doctor):
        noting.sign(encounter.note, by=doctor.user, assessment="Insomnia.", plan="Diary.")

        told = sent("add", text="Also has asthma.", reason="Forgotten.")

        assert told == ["The addendum is signed and stands under the note."]
        assert "Also has asthma." in browser.get(page(encounter)).content.decode()

    def test_what_lacks_a_plan_stays_as_a_draft(self, sent):
        sent("sign-note", assessment="Insomnia.")

        assert (Note.objects.get().assessment, Note.objects.get().status) == ("Insomnia.", "draft")


class TestReveal:
    @pytest.fixture
    def numbered(self, encounter):
        encounter.patient.change(by=None, medicare_number="2951449677", medicare_irn="1")

    def test_shows_the_numbers_for_two_minutes_and_keeps_why(self, browser, encounter, doctor, numbered):
        before = browser.get(page(encounter)).content.decode()
        browser.post(reverse("admin:clinic_encounter_reveal", args=[encounter.pk]), {"why": "Referral."})
        shown = browser.get(page(encounter)).content.decode()
        with time_machine.travel(timezone.now() + timedelta(seconds=121)):
            after = browser.get(page(encounter)).content.decode()

        assert ["2951 44967 7" in html for html in (before, shown, after)] == [False, True, False]
        trail = AuditEvent.objects.get(why="Identifiers revealed: Referral.")
        assert (trail.by, trail.patient_id) == (doctor.user, encounter.patient_id)

    def test_asks_why(self, browser, encounter, numbered):
        address = reverse("admin:clinic_encounter_reveal", args=[encounter.pk])

        assert browser.post(address, {"why": ""}).status_code == 400

    def test_is_not_there_for_others(self, staff_client, encounter, make_doctor, auditor, numbered):
        address = reverse("admin:clinic_encounter_reveal", args=[encounter.pk])

        assert staff_client(make_doctor("stranger").user).post(address, {"why": "x"}).status_code == 404
        assert staff_client(auditor).post(address, {"why": "x"}).status_code == 403
