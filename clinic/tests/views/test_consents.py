"""What a patient agreed to: read, taken back and given again in the portal; what was reworded is asked."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from billing import charging
from clinic import booking, consenting, prescribing, reckoning
from clinic.models import Appointment, Consent
from clinic.tests.checks.world import World
from config.base import Refused

pytestmark = pytest.mark.django_db
PAGE = "/portal/consents/"


@pytest.fixture
def browser(client, patient, fees):
    client.force_login(patient.user)
    return client


def text(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def press(browser, kind: str, said: str, **more):
    return browser.post(reverse("consent-answer", args=[kind]), {"answer": said, **more}, follow=True)


def marked(kind: str) -> str:
    return consenting.mark(consenting.in_force([kind]))


class TestPage:
    def test_tells_the_words_and_what_taking_them_back_means(self, browser, patient):
        consenting.agree(patient, kinds=["telehealth"], by=patient.user)

        told = text(browser.get(PAGE))

        assert "You agreed on" in told
        assert "This service is not for emergencies." in told
        assert "If you withdraw: Before your next booking we ask you again" in told

    def test_names_no_medicine_to_one_whose_doctor_did_not(self, browser):
        told = text(browser.get(PAGE)).lower().replace("promedicine", "")

        assert [word for word in ("medicine", "unapproved", "schedule 8") if word in told] == []

    def test_says_that_the_words_have_changed(self, browser, patient, reword):
        consenting.agree(patient, kinds=["privacy"], by=patient.user)
        reword("privacy", more="We send a pigeon.")

        told = text(browser.get(PAGE))

        assert (told.count("The words have changed since."), told.count("We send a pigeon.")) == (1, 1)

    def test_asks_no_more_for_many_answers_than_for_one(self, browser, patient):
        counts = []
        browser.get(PAGE)  # the session is awake
        for kinds in (["privacy"], ["telehealth", "fees", "share_gp"]):
            consenting.agree(patient, kinds=kinds, by=patient.user)
            with CaptureQueriesContext(connection) as asked:
                browser.get(PAGE)
            counts.append(len(asked))

        assert counts[0] == counts[1]

    def test_is_for_patients(self, client, doctor):
        client.force_login(doctor.user)

        assert client.get(PAGE).status_code in {302, 403, 404}


class TestAnswer:
    def test_takes_a_yes_back_and_notes_it(self, browser, patient):
        consenting.agree(patient, kinds=["share_gp"], by=patient.user)

        told = text(press(browser, "share_gp", "withdrawn"))

        newest = patient.consents.newest().get()
        assert (newest.answer, newest.recorded_by, newest.why) == (
            "withdrawn",
            patient.user,
            "By the patient.",
        )
        assert "Withdrawn, and noted. We write no more letters to your usual GP." in told

    def test_takes_back_what_was_not_given_with_a_sentence(self, browser, patient):
        assert "nothing to withdraw" in text(press(browser, "share_gp", "withdrawn"))
        assert not Consent.objects.exists()

    def test_gives_it_again_to_the_words_that_were_shown(self, browser, patient):
        consenting.agree(patient, kinds=["privacy"], by=patient.user)
        press(browser, "privacy", "withdrawn")

        press(browser, "privacy", "given", read=marked("privacy"))
        press(browser, "privacy", "given", read=marked("privacy"))

        assert [*patient.consents.values_list("answer", flat=True)] == ["given", "withdrawn", "given"]

    def test_does_not_take_a_yes_to_words_that_were_not_shown(self, browser, patient, reword):
        seen = marked("privacy")
        reword("privacy")

        told = text(press(browser, "privacy", "given", read=seen))

        assert "What you agree to was reworded" in told
        assert not Consent.objects.exists()

    def test_to_new_words_about_a_medicine_is_said_to_the_doctor(self, browser, patient, reword):
        consenting.agree(patient, kinds=["unapproved_s8"], by=None)
        press(browser, "unapproved_s8", "withdrawn")
        reword("unapproved_s8")

        told = text(press(browser, "unapproved_s8", "given", read=marked("unapproved_s8")))

        assert "Your doctor explains this first." in told
        assert patient.consents.newest().get().answer == "withdrawn"

    def test_to_the_same_words_about_a_medicine_is_given_again(self, browser, patient):
        consenting.agree(patient, kinds=["unapproved_s8"], by=None)
        press(browser, "unapproved_s8", "withdrawn")

        press(browser, "unapproved_s8", "given", read=marked("unapproved_s8"))

        assert patient.consents.newest().get().answer == "given"

    def test_knows_no_other_kind(self, browser):
        assert press(browser, "everything", "given").status_code == 404

    def test_changes_nothing_by_looking(self, browser):
        assert browser.get(reverse("consent-answer", args=["privacy"])).status_code == 405


def test_no_script_for_an_unapproved_medicine_after_it_was_withdrawn(browser, ready, doctor, code_of):
    before = World(ready, doctor.user).findings()["patient_consents"]

    press(browser, "unapproved_s8", "withdrawn")

    assert (before, World(ready, doctor.user).findings()["patient_consents"]) == (True, False)
    with pytest.raises(Refused, match="Ask the patient for the consent"):
        prescribing.issue(ready, by=doctor.user, code=code_of(doctor.user))


class TestBooking:
    """The yes counts for the words that the page showed."""

    def sent(self) -> dict[str, str]:
        fee = charging.line_for("consultation.new", on=timezone.localdate())
        texts = consenting.in_force(consenting.BEFORE_BOOKING)
        shown = booking.shown(reckoning.policy_now(), fee)
        return {"agree": "on", "read": f"{shown}:{consenting.mark(texts)}"}

    @pytest.mark.parametrize("kind", consenting.BEFORE_BOOKING)
    def test_asks_again_when_a_text_changed_in_between(self, browser, slot, reword, kind):
        here, read = reverse("slot", args=[slot.pk]), self.sent()
        reword(kind)

        answer = browser.post(here, read, headers={"Referer": f"http://testserver{here}"}, follow=True)

        assert text(answer).count("What you agree to was reworded since you opened the page") == 1
        assert (Appointment.objects.count(), Consent.objects.count()) == (0, 0)

    def test_goes_on_with_the_new_words_once_they_were_read(self, browser, slot, reword):
        reword("fees")

        browser.post(reverse("slot", args=[slot.pk]), self.sent())

        assert Consent.objects.get(kind="fees").version == "2"

    def test_asks_again_before_paying_too(self, browser, held, reword, simulated_stripe):
        texts = consenting.lacking(held.patient, policy=held.policy)
        read = consenting.mark(texts)
        reword("telehealth")

        browser.post(reverse("appointment-pay", args=[held.pk]), {"agree": "on", "read": read})

        assert not Consent.objects.exists()
