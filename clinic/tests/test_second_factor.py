"""The second factor of staff: at sign-in, set up, asked for again."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from clinic import accounts
from clinic.tests.test_accounts import _no_limits_reached_before, code_of, events, sign_in, signed_in_as  # noqa: F401  a fixture
from config import stepping
from messaging.models import Letter


@pytest.fixture
def browser(db):
    return Client()


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
        [told] = Letter.objects.filter(template="account/mail/second_factor_changed")
        assert (told.to, told.context) == (manager.email, {"what": "An authenticator app was set up."})
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

        assert stepping.second_factor_fresh(request)
        with time_machine.travel(timezone.now() + timedelta(minutes=6)):
            assert not stepping.second_factor_fresh(request)
