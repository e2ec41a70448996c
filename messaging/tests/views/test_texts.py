"""Reports and replies of the provider of SMS, and the page where people turn SMS on."""

import base64
import hashlib
import hmac

import pytest
from django.test import Client

from messaging import choosing
from messaging.models import Delivery, Mobile, Reply

pytestmark = pytest.mark.django_db
NUMBER, SECRET, DOOR, CHOICES = "+61412345678", "s" * 32, "/webhook/texts/", "/accounts/letters/"


@pytest.fixture(autouse=True)
def _twilio(settings):
    settings.SMS_PROVIDER, settings.SMS_SECRET = "twilio", SECRET
    settings.BASE_URL = "https://clinic.example"


def say(secret=SECRET, **said):
    text = "https://clinic.example/webhook/texts/" + "".join(name + said[name] for name in sorted(said))
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()
    signature = base64.b64encode(digest).decode()
    return Client(enforce_csrf_checks=True).post(DOOR, said, headers={"X-Twilio-Signature": signature})


def turn_on(person, number=NUMBER):
    choosing.choose(person, wanted=choosing.wanted_by(person), by=person, mobile=number)


class TestReports:
    def test_a_delivery_is_kept_once_however_often_it_is_told(self):
        for _ in range(2):
            answer = say(MessageSid="SM1", MessageStatus="delivered", To=NUMBER)

        kept = Delivery.objects.get()
        assert (answer.status_code, answer["Content-Type"]) == (200, "text/xml")
        assert (kept.message_id, kept.outcome, kept.to) == ("SM1", "delivered", NUMBER)

    def test_what_did_not_arrive_says_the_code(self):
        say(MessageSid="SM1", MessageStatus="undelivered", To=NUMBER, ErrorCode="30003")

        assert (Delivery.objects.get().outcome, Delivery.objects.get().reason) == ("refused", "Code 30003")

    def test_what_is_under_way_is_not_kept(self):
        say(MessageSid="SM1", MessageStatus="sent", To=NUMBER)

        assert not Delivery.objects.exists()

    @pytest.mark.parametrize("secret", ["", "another"])
    def test_nobody_else_is_believed(self, secret, patient):
        turn_on(patient)

        answer = say(secret, MessageSid="SM2", From=NUMBER, Body="STOP")

        assert (answer.status_code, Reply.objects.count(), Mobile.objects.get().is_on) == (403, 0, True)

    def test_without_a_signature_nothing_is_read(self):
        assert Client().post(DOOR, {"MessageSid": "SM1"}).status_code == 403
        assert Client().get(DOOR).status_code == 405

    def test_a_signature_over_other_words_counts_for_nothing(self):
        text = "https://clinic.example/webhook/texts/" + "Body" + "hello"
        digest = hmac.new(SECRET.encode(), text.encode(), hashlib.sha1).digest()

        answer = Client().post(
            DOOR, {"Body": "STOP"}, headers={"X-Twilio-Signature": base64.b64encode(digest).decode()}
        )

        assert answer.status_code == 403

    def test_what_names_no_message_is_refused(self):
        assert say(MessageStatus="delivered").status_code == 400

    @pytest.mark.parametrize(("provider", "secret"), [("", SECRET), ("file", SECRET), ("twilio", "")])
    def test_the_address_does_not_exist_without_a_provider(self, settings, provider, secret):
        settings.SMS_PROVIDER, settings.SMS_SECRET = provider, secret

        assert say(secret, MessageSid="SM1", From=NUMBER, Body="STOP").status_code == 404


class TestReplies:
    @pytest.mark.parametrize("word", ["STOP", " stop\n", "Unsubscribe", "quit", "END", "Cancel", "Stop."])
    def test_stop_ends_sms_for_everybody_with_that_number(self, patient, doctor, stranger, word):
        turn_on(patient)
        turn_on(doctor)
        turn_on(stranger, "+61498765432")

        for _ in range(2):
            say(MessageSid="SM9", From=NUMBER, Body=word)

        on = {mobile.person: mobile.is_on for mobile in Mobile.objects.all()}
        assert on == {patient: False, doctor: False, stranger: True}
        assert [(reply.number, reply.word) for reply in Reply.objects.all()] == [(NUMBER, "stop")]
        assert Mobile.objects.get(person=patient).history.count() == 2

    def test_start_turns_nothing_on(self, patient):
        turn_on(patient)
        say(MessageSid="SM1", From=NUMBER, Body="STOP")

        say(MessageSid="SM2", From=NUMBER, Body="START")

        assert (Mobile.objects.get().is_on, Reply.objects.first().word) == (False, "start")

    def test_other_words_are_not_kept(self, patient):
        turn_on(patient)

        say(MessageSid="SM1", From=NUMBER, Body="Please stop my appointment, I feel ill")

        assert (Mobile.objects.get().is_on, Reply.objects.exists()) == (True, False)

    def test_who_stopped_can_turn_it_on_on_their_page(self, patient, browser_of):
        turn_on(patient)
        say(MessageSid="SM1", From=NUMBER, Body="STOP")

        browser_of(patient).post(CHOICES, {"by_sms": "on", "mobile": "0412 345 678"})

        assert Mobile.objects.get().is_on


class TestThePage:
    def test_a_number_is_kept_as_it_is_sent_to(self, patient, browser_of):
        browser_of(patient).post(CHOICES, {"reminders": "on", "by_sms": "on", "mobile": "0412 345 678"})

        assert (Mobile.objects.get().person, Mobile.objects.get().number) == (patient, NUMBER)
        assert choosing.wanted_by(patient) == {"reminders"}

    @pytest.mark.parametrize("number", ["", "02 9374 4000", "+1 650 253 0000", "0412", "abc"])
    def test_what_is_no_australian_mobile_is_refused_and_nothing_is_saved(self, patient, browser_of, number):
        answer = browser_of(patient).post(CHOICES, {"by_sms": "on", "mobile": number})

        assert "Please enter an Australian mobile number" in answer.content.decode()
        assert not Mobile.objects.exists()
        assert choosing.wanted_by(patient) == {"reminders", "messages", "papers", "notices"}

    def test_nothing_is_offered_while_the_practice_sends_none(self, patient, browser_of, settings):
        settings.SMS_PROVIDER = ""
        browser = browser_of(patient)
        browser.post(CHOICES, {"by_sms": "on", "mobile": "0412 345 678"})

        assert "By SMS" not in browser.get(CHOICES).content.decode()
        assert not Mobile.objects.exists()

    def test_another_sees_nothing_of_my_number(self, patient, stranger, browser_of, reception):
        turn_on(patient)

        assert 'value="0412' in browser_of(patient).get(CHOICES).content.decode()
        assert 'value="0412' not in browser_of(stranger).get(CHOICES).content.decode()
        assert not Mobile.objects.visible_to(stranger).exists()
        assert Mobile.objects.visible_to(reception).get().person == patient
