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
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from clinic import accounts, auditing
from clinic.models import AuditEvent, Consent, Patient, Role, User
from messaging import mailing
from messaging.models import Letter

PASSWORD = "long-enough-to-keep"
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


@pytest.fixture
def with_password(make_user):
    """Make somebody whose address is confirmed and who knows their password."""

    def make(role: str, name: str | None = None):
        user = make_user(role, name)
        user.set_password(PASSWORD)
        user.save()
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        return user

    return make


@pytest.fixture
def app_of():
    """Set up the authenticator app of somebody."""
    return lambda user: TOTPDevice.objects.create(user=user, name="Authenticator app", confirmed=True)


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
        for guess in range(5):
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


class TestSecondFactor:
    def test_stands_between_password_and_session(self, browser, with_password, app_of):
        manager = with_password("manager")
        device = app_of(manager)

        answer = sign_in(browser, manager.email)
        before = signed_in_as(browser)
        done = browser.post(reverse("otp-login"), {"code": code_of(device)})

        assert (answer.headers["Location"], before) == (reverse("otp-login"), None)
        assert done.headers["Location"] == reverse("admin:index")
        assert browser.get(reverse("admin:index")).status_code == 200

    def test_refuses_a_wrong_code_and_notes_it(self, browser, with_password, app_of):
        manager = with_password("manager")
        device = app_of(manager)
        sign_in(browser, manager.email)

        wrong = f"{(int(code_of(device)) + 1) % 1000000:06}"
        answer = browser.post(reverse("otp-login"), {"code": wrong})

        assert "This code is wrong" in answer.content.decode()
        assert signed_in_as(browser) is None
        assert events("second_factor") == [(manager.email, "failed")]

    def test_takes_no_code_twice(self, with_password, app_of):
        manager = with_password("manager")
        code = code_of(app_of(manager))
        accounts.verify_code(manager, code)

        with pytest.raises(accounts.WrongCode):
            accounts.verify_code(manager, code)

    def test_slows_guessing_down(self, with_password, app_of):
        manager = with_password("manager")
        device = app_of(manager)
        with pytest.raises(accounts.WrongCode):
            accounts.verify_code(manager, "000000" if code_of(device) != "000000" else "111111")

        with pytest.raises(accounts.TooManyCodes):
            accounts.verify_code(manager, code_of(device))

    def test_one_can_leave_and_sign_in_as_somebody_else(self, browser, with_password, app_of):
        manager = with_password("manager")
        app_of(manager)
        sign_in(browser, manager.email)

        browser.post(reverse("otp-login"), {"leave": "1"})

        assert browser.get(reverse("otp-login")).headers["Location"] == reverse("account_login")

    def test_a_recovery_code_opens_once_and_never_signs(self, browser, with_password, app_of):
        manager = with_password("manager")
        app_of(manager)
        code = accounts.renew_recovery_codes(manager)[0]
        with pytest.raises(accounts.WrongCode):
            accounts.verify_code(manager, code)
        entered = []
        for _ in range(2):
            browser.post(reverse("account_logout"))
            sign_in(browser, manager.email)
            browser.post(reverse("otp-login"), {"code": code.upper()})
            entered.append(signed_in_as(browser))

        assert entered == [str(manager.pk), None]
        assert StaticToken.objects.count() == accounts.RECOVERY_CODES - 1

    @pytest.mark.parametrize("role", ["manager", "doctor", "reception", "auditor"])
    def test_without_it_staff_reach_no_address_of_the_admin(self, browser, with_password, role):
        user = with_password(role)
        sign_in(browser, user.email)

        answers = [
            browser.get(f"/admin/{path}") for path in ("", "clinic/patient/", "clinic/user/", "login/")
        ]

        doors = ["/admin/login/"] * 3 + [reverse("otp-enrol")]
        assert [answer.headers["Location"].partition("?")[0] for answer in answers] == doors

    def test_patients_find_no_admin(self, browser, with_password):
        sign_in(browser, with_password("patient").email)

        assert browser.get("/admin/", follow=True).status_code == 404


class TestEnrolment:
    def test_turns_the_app_on_and_shows_recovery_codes_once(self, browser, with_password):
        manager = with_password("manager")
        sign_in(browser, manager.email)
        browser.get(reverse("otp-enrol"))

        shown = browser.post(reverse("otp-enrol"), {"code": code_of(TOTPDevice.objects.get())})

        codes = set(StaticToken.objects.values_list("token", flat=True))
        assert set(shown.context["codes"]) == codes
        assert browser.get(reverse("admin:index")).status_code == 200
        assert [code for code in codes if code in browser.get(reverse("otp-devices")).content.decode()] == []

    def test_a_wrong_code_turns_nothing_on(self, browser, with_password):
        sign_in(browser, with_password("manager").email)
        browser.get(reverse("otp-enrol"))

        browser.post(reverse("otp-enrol"), {"code": "not-a-code"})

        assert list(TOTPDevice.objects.values_list("confirmed", flat=True)) == [False]

    def test_a_password_alone_cannot_add_a_second_device(self, browser, with_password, app_of):
        manager = with_password("manager")
        sign_in(browser, manager.email)
        app_of(manager)  # set up elsewhere, after this session began

        answers = [browser.get(reverse("otp-enrol")), browser.post(reverse("otp-enrol"), {"code": "123456"})]

        assert [answer.headers["Location"] for answer in answers] == [reverse("otp-verify")] * 2
        assert TOTPDevice.objects.count() == 1

    def test_another_sessions_secret_is_never_turned_on(self, with_password):
        manager = with_password("manager")
        stranger, owner = Client(), Client()
        for session in (stranger, owner):
            sign_in(session, manager.email)
        stranger.get(reverse("otp-enrol"))
        known = TOTPDevice.objects.get().key

        owner.get(reverse("otp-enrol"))

        assert [device.key == known for device in TOTPDevice.objects.all()] == [False]

    def test_new_recovery_codes_need_a_fresh_second_factor(self, staff_client, manager):
        browser = staff_client(manager)
        fresh = browser.post(reverse("otp-codes"))
        with time_machine.travel(timezone.now() + timedelta(minutes=6)):
            stale = browser.post(reverse("otp-codes"), headers={"Referer": "http://testserver/accounts/x/"})

        assert (fresh.status_code, stale.status_code) == (200, 302)
        assert stale.headers["Location"].partition("?")[0] == reverse("otp-verify")
        assert StaticDevice.objects.count() == 1


class TestVerify:
    def test_leads_back_to_where_one_was_going(self, staff_client, manager):
        browser = staff_client(manager)
        device = TOTPDevice.objects.get()

        answer = browser.post(
            reverse("otp-verify"), {"code": code_of(device), "next": "/admin/clinic/patient/"}
        )

        assert answer.headers["Location"] == "/admin/clinic/patient/"

    def test_never_leads_to_another_site(self, staff_client, manager):
        browser = staff_client(manager)
        device = TOTPDevice.objects.get()

        answer = browser.post(
            reverse("otp-verify"), {"code": code_of(device), "next": "https://elsewhere.example/"}
        )

        assert answer.headers["Location"] == reverse("admin:index")

    def test_counts_for_five_minutes(self, staff_client, manager, rf):
        request = rf.get("/")
        request.session, request.user = staff_client(manager).session, manager
        request.user.is_verified = lambda: True

        assert accounts.second_factor_fresh(request)
        with time_machine.travel(timezone.now() + timedelta(minutes=6)):
            assert not accounts.second_factor_fresh(request)


class TestSignOut:
    def test_ends_the_session_and_is_noted(self, browser, with_password):
        patient = with_password("patient")
        sign_in(browser, patient.email)

        browser.post(reverse("account_logout"))

        assert signed_in_as(browser) is None
        assert events("sign_out") == [(patient.email, "done")]
