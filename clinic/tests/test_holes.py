"""The holes of the system that this one replaced, each tried by name. None may open again.

What is tried here in one go is tested from all sides where its rules are.
"""

import json
import re
import subprocess

import pytest
import stripe
from django.apps import apps
from django.conf import settings
from django.db import models
from django.test import Client
from django.urls import reverse

from billing import charging, gateway, receiving
from billing.models import Order, Payment, StripeEvent
from clinic import answering
from clinic.models import Answer, Appointment, Intake, Questionnaire, User
from clinic.tests.conftest import PASSWORD
from config.base import Fact, Kept
from messaging.models import Message, Room

pytestmark = pytest.mark.django_db
SIGN_UP = {"given_name": "Mia", "family_name": "Banks", "password1": PASSWORD, "accepts": "on"}


def test_a_role_is_not_chosen_at_registration():
    Client().post(
        reverse("account_signup"),
        SIGN_UP | {"email": "mia@example.com", "role": "doctor", "is_staff": "on", "is_superuser": "1"},
    )

    made = User.objects.get()
    assert (made.role, made.is_staff, made.is_superuser) == ("patient", False, False)


class TestReadingById:
    @pytest.fixture
    def addresses(self, confirmed) -> list[str]:
        return [
            reverse("appointment", args=[confirmed.pk]),
            reverse("appointment-intake", args=[confirmed.pk]),
            reverse("appointment-calendar", args=[confirmed.pk]),
            reverse("room", args=[confirmed.room_id]),
        ]

    def test_finds_nothing_for_another_patient(self, client, addresses, make_patient):
        client.force_login(make_patient("stranger").user)

        assert [client.get(address).status_code for address in addresses] == [404] * len(addresses)

    def test_finds_nothing_for_nobody(self, client, addresses):
        assert [client.get(address).status_code for address in addresses] == [302] * len(addresses)

    def test_finds_no_record_for_a_doctor_who_does_not_care_for_them(
        self, staff_client, make_doctor, encounter
    ):
        browser = staff_client(make_doctor("stranger").user)
        for record in (encounter.patient, encounter):
            name = f"admin:{record._meta.app_label}_{record._meta.model_name}_change"
            page = browser.get(reverse(name, args=[record.pk]), follow=True)
            assert str(encounter.patient) not in page.content.decode()


def test_nobody_answers_for_a_patient_without_signing_in(client, confirmed, patient):
    asked = Questionnaire.objects.get()
    answering.save(confirmed, questionnaire=asked, answers={"heart": "no"}, by=patient.user)

    for name in ("appointment-intake", "appointment-intake-keep"):
        sent = {"version": "1", "asks": "before_visit", "of": "heart", "heart": "yes"}
        assert client.post(reverse(name, args=[confirmed.pk]), sent).status_code == 302

    assert Intake.objects.count() == 1
    assert [one.value for one in Answer.objects.all()] == ["no"]


@pytest.mark.parametrize("role", ["patient", "doctor", "manager", "reception"])
def test_nobody_reads_or_writes_in_other_peoples_rooms(role, staff_client, confirmed, make_user, make_doctor):
    other = make_doctor("other").user if role == "doctor" else make_user(role, "other")
    browser, room = staff_client(other), Room.objects.get(pk=confirmed.room_id)
    before = Message.objects.count()
    sent = {"text": "Hello", "client_id": "0198c0de-0000-7000-8000-000000000001"}

    assert browser.get(reverse("room", args=[room.pk])).status_code == 404
    assert browser.get(reverse("room-messages", args=[room.pk])).status_code == 404
    assert browser.post(reverse("room-messages", args=[room.pk]), sent).status_code == 404

    assert Message.objects.count() == before
    assert not room.members.filter(user=other).exists()


class TestWebhooks:
    @pytest.fixture
    def checkout(self, held, simulated_stripe) -> Payment:
        pages = dict.fromkeys(("success_url", "cancel_url"), "https://clinic.example.com/portal/")
        return charging.start_checkout(held.order, **pages)

    def receive(self, told: dict) -> None:
        body = json.dumps(told)
        secret = settings.STRIPE_WEBHOOK_SECRET
        signature = stripe.WebhookSignature.generate_signature_header(body, secret)
        receiving.receive(body.encode(), signature=signature)
        for event in StripeEvent.objects.filter(event_id=told["id"]):
            receiving.handle(event)

    def test_one_that_lies_of_a_payment_books_nothing(self, checkout, held):
        paid = {"id": checkout.session_id, "object": "checkout.session", "payment_status": "paid"}
        told = {"id": "evt_hole", "object": "event", "type": "checkout.session.completed", "livemode": False}

        self.receive(told | {"data": {"object": paid}})

        held.refresh_from_db()
        assert held.status == Appointment.Status.HELD
        assert Order.objects.get(pk=held.order_id).status == Order.Status.OPEN

    def test_one_that_comes_again_counts_once(self, checkout, held, simulated_stripe):
        simulated_stripe.press(checkout.url, "pay")
        told = simulated_stripe.events("checkout.session.completed")[-1]

        for _ in range(3):
            self.receive(told)

        held.refresh_from_db()
        assert held.status == Appointment.Status.CONFIRMED
        assert StripeEvent.objects.filter(event_id=told["id"]).count() == 1
        assert [payment.amount for payment in held.order.payments.all()] == [held.order.amount]

    def test_one_without_our_signature_is_not_taken(self, db):
        with pytest.raises(gateway.Unsigned):
            receiving.receive(b'{"id": "evt_hole"}', signature="t=1,v1=0")

        assert not StripeEvent.objects.exists()


def test_keys_are_neither_counted_nor_in_the_repository():
    ours = [model for model in apps.get_models() if issubclass(model, Kept | Fact)]
    counted = [model.__name__ for model in ours if not isinstance(model._meta.pk, models.UUIDField)]
    files = subprocess.run(
        ["git", "grep", "-lE", r"BEGIN [A-Z ]*PRIVATE KEY|sk_live_[0-9A-Za-z]{20}|AKIA[0-9A-Z]{16}"],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
    ).stdout.split()

    assert counted == []
    assert [file for file in files if "/tests/" not in file] == []


@pytest.mark.parametrize("page", ["/", "/accounts/login/", "/accounts/signup/"])
def test_no_page_carries_a_secret(client, page):
    html = client.get(page).content.decode()

    for secret in (settings.SECRET_KEY, settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET):
        assert secret not in html


class TestEnumeration:
    @pytest.mark.parametrize("name", ["account_login", "account_signup", "account_reset_password"])
    def test_who_has_an_account_is_told_to_nobody(self, name, patient):
        told = []
        for email in (patient.user.email, "nobody@example.com"):
            sent = SIGN_UP | {"email": email, "login": email, "password": "wrong-password-here"}
            answer = Client().post(reverse(name), sent)
            shown = re.sub(r'value="[^"]*"|nonce="[^"]*"', "", answer.content.decode())
            told.append((answer.status_code, answer.headers.get("Location"), shown))

        assert told[0] == told[1]


def test_guessing_passwords_is_stopped(patient):
    user = patient.user
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    browser = Client()
    for number in range(12):
        browser.post(reverse("account_login"), {"login": user.email, "password": f"wrong-{number}-wrong"})

    browser.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})

    assert "_auth_user_id" not in browser.session


class TestDebugPages:
    @pytest.mark.parametrize(
        "address", ["/nothing/here/", "/portal/nothing/", "/__debug__/", "/admin/nothing/"]
    )
    def test_what_is_not_there_tells_nothing_of_the_system(self, client, address):
        html = client.get(address, follow=True).content.decode()

        for told in ("Traceback", "urlpatterns", "DJANGO_SETTINGS_MODULE", "Request Method", "clinic.urls"):
            assert told not in html

    def test_debug_is_off_unless_somebody_turns_it_on(self):
        source = (settings.BASE_DIR / "config" / "settings.py").read_text()

        assert settings.DEBUG is False
        assert 'DEBUG = env.bool("DEBUG", default=False)' in source
