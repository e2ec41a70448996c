"""Signing up and in, as a stranger, a patient and one of the staff would."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp.oath import TOTP

from clinic import auditing, enrolling
from clinic.models import AuditEvent, Consent, Patient, Role, User
from clinic.tests.conftest import PASSWORD
from messaging import mailing
from messaging.models import Letter

SIGN_UP = {
    "given_name": "Mia",
    "family_name": "Banks",
    "email": "mia@example.com",
    "password1": PASSWORD,
    "accepts": "on",
}


@pytest.fixture(autouse=True)
def _no_limits_reached_before():
    cache.clear()


@pytest.fixture
def browser(db):
    return Client()


def code_of(device, *, steps=0):
    clock = TOTP(device.bin_key)
    clock.time = timezone.now().timestamp() + steps * 30
    return f"{clock.token():06}"


def sign_in(browser, email, password=PASSWORD):
    return browser.post(reverse("account_login"), {"login": email, "password": password})


def link_in(letter):
    return re.search(r"https?://\S+", mailing.render(letter).body)[0]


def signed_in_as(browser):
    return browser.session.get("_auth_user_id")


def events(action):
    return list(AuditEvent.objects.filter(action=action).values_list("by__email", "outcome"))


class TestSignUp:
    def test_makes_a_patient_with_record_and_consent_and_owes_a_letter(self, browser):
        answer = browser.post(reverse("account_signup"), SIGN_UP)

        user = User.objects.get()
        assert answer.headers["Location"] == reverse("account_email_verification_sent")
        assert (user.email, user.role, str(user)) == ("mia@example.com", Role.PATIENT, "Mia Banks")
        assert Patient.objects.get().user == user
        assert Consent.objects.get().kind == Consent.Kind.PRIVACY
        assert Letter.objects.get().template == "account/mail/email_confirmation_signup"

    @pytest.mark.parametrize("chosen", [{"role": "manager"}, {"is_staff": "1", "role": "doctor"}])
    def test_nobody_chooses_a_role(self, browser, chosen):
        browser.post(reverse("account_signup"), SIGN_UP | chosen)

        assert User.objects.get().role == Role.PATIENT

    @pytest.mark.parametrize("missing", ["family_name", "email", "password1", "accepts"])
    def test_asks_again_for_what_is_missing_and_writes_nothing(self, browser, missing):
        answer = browser.post(reverse("account_signup"), {k: v for k, v in SIGN_UP.items() if k != missing})

        assert list(answer.context["form"].errors) == [missing]
        assert User.objects.count() == 0

    def test_takes_people_with_one_name(self, browser):
        browser.post(reverse("account_signup"), SIGN_UP | {"given_name": ""})

        assert str(User.objects.get()) == "Banks"

    def test_answers_the_same_for_a_known_address(self, browser, with_password):
        known = with_password("patient", "known")

        answers = [
            browser.post(reverse("account_signup"), SIGN_UP | {"email": email})
            for email in ("new@example.com", known.email)
        ]

        assert [answer.status_code for answer in answers] == [302, 302]
        assert answers[0].headers["Location"] == answers[1].headers["Location"]
        assert User.objects.filter(email=known.email).count() == 1
        assert set(Letter.objects.values_list("template", "to")) == {
            ("account/mail/email_confirmation_signup", "new@example.com"),
            ("account/mail/account_already_exists", known.email),
        }

    def test_the_session_starts_only_after_the_address_is_confirmed(self, browser):
        browser.post(reverse("account_signup"), SIGN_UP)
        before = sign_in(browser, "mia@example.com")
        link = link_in(Letter.objects.first())
        browser.post(link)

        after = sign_in(browser, "mia@example.com")

        assert before.headers["Location"] == reverse("account_email_verification_sent")
        assert after.headers["Location"] == "/portal/"
        assert signed_in_as(browser) == str(User.objects.get().pk)

    def test_a_patient_is_welcomed_once_when_the_address_is_confirmed(self, browser):
        browser.post(reverse("account_signup"), SIGN_UP)
        before = Letter.objects.filter(template="account/mail/welcome").count()
        browser.post(link_in(Letter.objects.first()))
        enrolling.welcome(User.objects.get())

        letters = Letter.objects.filter(template="account/mail/welcome")

        assert (before, [letter.to for letter in letters]) == (0, ["mia@example.com"])


class TestSignIn:
    def test_leads_a_patient_to_the_portal(self, browser, with_password):
        patient = with_password("patient")

        answer = sign_in(browser, patient.email)

        assert answer.headers["Location"] == "/portal/"
        assert events("sign_in") == [(patient.email, "done")]

    def test_answers_the_same_for_an_unknown_address(self, browser, with_password):
        with_password("patient", "known")

        pages = [
            sign_in(browser, email, "wrong-password-here").content.decode()
            for email in ("known@example.com", "nobody@example.com")
        ]

        shown = [re.sub(r'value="[^"]*"', "", page) for page in pages]
        assert shown[0] == shown[1]

    def test_keeps_no_address_of_a_failed_attempt(self, browser):
        sign_in(browser, "nobody@example.com", "wrong-password-here")

        event = AuditEvent.objects.get(action="sign_in_failed")
        assert event.trace["tried"] == auditing.mark_of(" Nobody@example.com")
        assert "nobody" not in str(event.trace) + event.why

    def test_stops_guessing(self, browser, with_password):
        patient = with_password("patient")
        for guess in range(10):
            sign_in(browser, patient.email, f"wrong-guess-number-{guess}")

        answer = sign_in(browser, patient.email)

        assert signed_in_as(browser) is None
        assert "There were too many attempts" in answer.content.decode()

    def test_is_closed_to_a_deactivated_account(self, browser, with_password):
        patient = with_password("patient")
        User.objects.filter(pk=patient.pk).update(is_active=False)

        sign_in(browser, patient.email)

        assert signed_in_as(browser) is None

    def test_ends_a_staff_session_after_a_quarter_of_an_hour_and_a_patients_after_half(
        self, with_password, app_of
    ):
        manager, patient = with_password("manager"), with_password("patient")
        device = app_of(manager)
        staff, home = Client(), Client()
        sign_in(staff, manager.email)
        staff.post(reverse("otp-login"), {"code": code_of(device)})
        sign_in(home, patient.email)

        with time_machine.travel(timezone.now() + timedelta(minutes=16)):
            assert (signed_in_as(staff), signed_in_as(home)) == (None, str(patient.pk))
        with time_machine.travel(timezone.now() + timedelta(minutes=31)):
            assert signed_in_as(home) is None


class TestReauthentication:
    def test_asks_for_the_password_before_another_address_is_taken(self, browser, with_password):
        patient = with_password("patient")
        sign_in(browser, patient.email)

        with time_machine.travel(timezone.now() + timedelta(minutes=6)):
            answer = browser.post(
                reverse("account_email"), {"action_add": "", "email": "mallory@example.com"}
            )

        assert answer.headers["Location"].partition("?")[0] == reverse("account_reauthenticate")
        assert list(EmailAddress.objects.values_list("email", flat=True)) == [patient.email]


class TestReset:
    def test_answers_the_same_for_an_unknown_address(self, browser, with_password):
        with_password("patient", "known")

        answers = [
            browser.post(reverse("account_reset_password"), {"email": email})
            for email in ("known@example.com", "nobody@example.com")
        ]

        assert [a.headers["Location"] for a in answers] == [reverse("account_reset_password_done")] * 2
        assert set(Letter.objects.values_list("template", "to", "is_confidential")) == {
            ("account/mail/password_reset_key", "known@example.com", True),
            ("account/mail/unknown_account", "nobody@example.com", True),
        }

    def test_the_link_is_of_our_own_address_whatever_host_was_asked(self, browser, with_password, settings):
        settings.ALLOWED_HOSTS = ["*"]
        settings.BASE_URL = "https://clinic.example"
        data = {"email": with_password("patient").email}

        browser.post(reverse("account_reset_password"), data, headers={"host": "evil.example"})
        browser.post(
            reverse("account_reset_password"), {"email": "no@example.com"}, headers={"host": "evil.example"}
        )

        links = [link_in(letter) for letter in Letter.objects.all()]
        assert [urlsplit(link).netloc for link in links] == ["clinic.example"] * 2

    def test_the_link_changes_the_password_once(self, browser, with_password):
        patient = with_password("patient")
        browser.post(reverse("account_reset_password"), {"email": patient.email})
        link = link_in(Letter.objects.get())

        for password in ("first-new-password", "second-new-password"):
            page = browser.get(link, follow=True)
            browser.post(page.request["PATH_INFO"], {"password1": password, "password2": password})

        patient.refresh_from_db()
        assert patient.check_password("first-new-password")


class TestSignOut:
    def test_ends_the_session_and_is_noted(self, browser, with_password):
        patient = with_password("patient")
        sign_in(browser, patient.email)

        browser.post(reverse("account_logout"))

        assert signed_in_as(browser) is None
        assert events("sign_out") == [(patient.email, "done")]
