"""Sessions: who sees and ends them, and how long they last."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic import accounts, enrolling, staying
from clinic.models import AuditEvent, OpenSession
from clinic.tests.conftest import PASSWORD
from clinic.tests.test_accounts import code_of, sign_in, signed_in_as
from messaging.models import Letter

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"
PAGE = "/accounts/sessions/"


def browser_at(email, agent=FIREFOX, address="203.0.113.9"):
    browser = Client(headers={"user-agent": agent}, REMOTE_ADDR=address)
    sign_in(browser, email)
    return browser


@pytest.fixture
def patient_user(with_password):
    return with_password("patient")


class TestList:
    def test_shows_where_one_is_signed_in_and_marks_this_one(self, patient_user):
        here = browser_at(patient_user.email)
        browser_at(
            patient_user.email, "Mozilla/5.0 (iPhone; CPU) Version/17 Mobile Safari/604", "198.51.100.7"
        )

        page = here.get(PAGE)

        told = [(row.device, row.address) for row in page.context["sessions"]]
        assert sorted(told) == [("Firefox on Windows", "203.0.113.9"), ("Safari on iPhone", "198.51.100.7")]
        assert page.content.decode().count("This one") == 1
        assert page.content.decode().count("End this session") == 1
        assert page.headers["Cache-Control"].endswith("private")

    def test_shows_nothing_of_others(self, patient_user, with_password):
        browser_at(with_password("patient", "other").email)
        here = browser_at(patient_user.email)

        assert [row.user for row in here.get(PAGE).context["sessions"]] == [patient_user]

    def test_is_for_people_who_are_signed_in(self, client, db):
        assert client.get(PAGE).status_code == 302

    def test_keeps_fingerprints_and_no_key(self, patient_user):
        here = browser_at(patient_user.email)
        [row] = OpenSession.objects.all()
        key, secret = here.session.session_key, here.cookies["browser"].value

        assert row.fingerprint == staying.fingerprint(key)
        assert not {key, secret, secret.partition(":")[0]} & set(map(str, vars(row).values()))

    def test_of_staff_follows_the_key_that_the_second_factor_changes(self, with_password, app_of):
        manager = with_password("manager")
        device = app_of(manager)
        here = browser_at(manager.email)
        here.post(reverse("otp-login"), {"code": code_of(device)})

        [row] = OpenSession.objects.live()

        assert row.fingerprint == staying.fingerprint(here.session.session_key)
        assert here.get(PAGE).content.decode().count("This one") == 1

    def test_counts_what_was_there_before_lists_were_kept(self, patient_user):
        here = browser_at(patient_user.email)
        session = here.session
        for name in (staying.ROW, staying.PRINT, staying.UNTIL, staying.SINCE):
            del session[name]
        session.save()
        OpenSession.objects.all().delete()

        here.get(PAGE)

        assert here.get(PAGE).content.decode().count("This one") == 1

    def test_forgets_those_that_were_left_alone(self, patient_user):
        with time_machine.travel(timezone.now() - timedelta(minutes=31)):
            browser_at(patient_user.email)
        here = browser_at(patient_user.email)

        assert len(here.get(PAGE).context["sessions"]) == 1

    def test_says_when_a_session_was_last_seen(self, patient_user):
        with time_machine.travel(timezone.now() - timedelta(minutes=20)):
            here = browser_at(patient_user.email)
        here.get(PAGE)

        [row] = OpenSession.objects.all()

        assert row.seen_at > timezone.now() - timedelta(minutes=1)
        assert row.until > timezone.now() + timedelta(minutes=29)


class TestEnding:
    def test_one_ends_and_the_others_stay(self, patient_user):
        here, there, third = (browser_at(patient_user.email) for _ in range(3))
        row = OpenSession.objects.get(fingerprint=staying.fingerprint(there.session.session_key))

        here.post(f"{PAGE}{row.pk}/end/")

        assert [signed_in_as(browser) for browser in (here, there, third)] == [
            str(patient_user.pk),
            None,
            str(patient_user.pk),
        ]
        [event] = AuditEvent.objects.filter(action="session_end")
        assert (event.by, event.record_id) == (patient_user, patient_user.pk)

    def test_all_others_end(self, patient_user):
        here, there, third = (browser_at(patient_user.email) for _ in range(3))

        here.post(f"{PAGE}others/end/")

        assert [bool(signed_in_as(browser)) for browser in (here, there, third)] == [True, False, False]
        assert OpenSession.objects.live().count() == 1

    def test_nobody_ends_those_of_others(self, patient_user, with_password):
        victim = browser_at(with_password("patient", "other").email)
        here = browser_at(patient_user.email)
        row = OpenSession.objects.exclude(user=patient_user).get()

        answer = here.post(f"{PAGE}{row.pk}/end/")

        assert (answer.status_code, signed_in_as(victim) is None) == (404, False)

    def test_asks_for_a_post(self, patient_user):
        here = browser_at(patient_user.email)

        assert here.get(f"{PAGE}others/end/").status_code == 405
        assert here.get(f"{PAGE}{OpenSession.objects.get().pk}/end/").status_code == 405

    def test_ones_own_leads_to_the_door(self, patient_user):
        here = browser_at(patient_user.email)

        answer = here.post(f"{PAGE}{OpenSession.objects.get().pk}/end/")

        assert answer.headers["Location"] == reverse("account_login")
        assert (signed_in_as(here), Session.objects.count()) == (None, 0)

    def test_signing_out_takes_it_off_the_list(self, patient_user):
        here = browser_at(patient_user.email)
        here.post(reverse("account_logout"))

        assert OpenSession.objects.live().count() == 0

    def test_a_manager_ends_those_of_staff_and_of_nobody_else(self, with_password, staff_client, manager):
        doctor, patient = with_password("doctor"), with_password("patient")
        desk = staff_client(doctor)

        count = enrolling.end_sessions(doctor, by=manager, why="Laptop lost.")

        assert (count, signed_in_as(desk)) == (1, None)
        with pytest.raises(enrolling.StaysPatient):
            enrolling.end_sessions(patient, by=manager, why="No.")
        with pytest.raises(enrolling.NotYourself):
            enrolling.end_sessions(manager, by=manager, why="No.")
        with pytest.raises(enrolling.NotAllowed):
            enrolling.end_sessions(manager, by=doctor, why="No.")

    def test_another_password_ends_the_others(self, patient_user):
        here, there = browser_at(patient_user.email), browser_at(patient_user.email)
        new = "another-long-password"

        here.post(
            reverse("account_change_password"),
            {"oldpassword": PASSWORD, "password1": new, "password2": new},
        )

        assert [bool(signed_in_as(browser)) for browser in (here, there)] == [True, False]
        assert OpenSession.objects.live().count() == 1

    def test_another_authenticator_app_ends_the_others(self, with_password, staff_client, app_of, rf):
        manager = with_password("manager")
        there, here = staff_client(manager), staff_client(manager)
        request = rf.get("/")
        request.session, request.user = here.session, manager
        device = app_of(manager)
        device.confirmed = False
        device.save()

        accounts.confirm_enrolment(request, device=device)

        assert signed_in_as(there) is None
        assert OpenSession.objects.live().count() == 1

    def test_a_reset_of_the_second_factor_ends_all(self, with_password, staff_client, manager):
        doctor = with_password("doctor")
        desk = staff_client(doctor)

        enrolling.reset_second_factor(doctor, by=manager, why="Passport seen by video.")

        assert signed_in_as(desk) is None

    def test_closing_the_account_ends_all(self, with_password, staff_client, manager):
        doctor = with_password("doctor")
        staff_client(doctor)

        enrolling.deactivate(doctor, by=manager, why="Left.")

        assert OpenSession.objects.live().count() == 0
        assert Session.objects.count() == 0


class TestLongest:
    @pytest.mark.parametrize(("role", "longest"), [("manager", 12 * 60), ("patient", 7 * 24 * 60)])
    def test_even_the_busiest_sign_in_again(self, role, longest, with_password, staff_client):
        """A page every ten minutes, from the sign-in on."""
        user, begun = with_password(role), timezone.now()
        with time_machine.travel(begun, tick=False) as clock:
            here = browser_at(user.email) if role == "patient" else staff_client(user)
            counted = 0
            step = timedelta(minutes=14 if role == "manager" else 28)
            while counted < 1000 and here.get(PAGE).status_code == 200:
                clock.shift(step)
                counted += 1

        lasted = counted * (step / timedelta(minutes=1))
        assert longest <= lasted <= longest + step / timedelta(minutes=1)


class TestNewBrowser:
    def letters(self):
        return Letter.objects.filter(template="account/mail/new_browser").count()

    def test_the_first_brings_no_letter_and_another_one_does(self, patient_user):
        browser_at(patient_user.email)
        before = self.letters()
        browser_at(patient_user.email)

        assert (before, self.letters()) == (0, 1)

    def test_one_that_was_there_before_brings_none(self, patient_user):
        here = browser_at(patient_user.email)
        for _ in range(2):
            here.post(reverse("account_logout"))
            sign_in(here, patient_user.email)

        assert self.letters() == 0

    def test_it_is_new_for_each_person(self, patient_user, with_password):
        other = with_password("patient", "other")
        here = browser_at(patient_user.email)
        browser_at(other.email)
        here.post(reverse("account_logout"))
        sign_in(here, other.email)

        assert self.letters() == 1

    def test_the_cookie_is_for_us_alone(self, patient_user):
        cookie = browser_at(patient_user.email).cookies["browser"]

        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")

    @pytest.mark.parametrize(
        ("agent", "words"),
        [
            (FIREFOX, "Firefox on Windows"),
            ("Mozilla/5.0 (Macintosh) AppleWebKit Chrome/126.0 Safari/537.36 Edg/126", "Edge on Mac"),
            ("Mozilla/5.0 (Linux; Android 14) Chrome/126.0 Mobile Safari/537", "Chrome on Android"),
            ("", "A browser"),
            ("<script>alert(1)</script>", "A browser"),
        ],
    )
    def test_is_told_in_words(self, agent, words):
        assert staying.in_words(agent) == words


def test_sweeping_forgets_browsers_that_did_not_come_back(patient_user):
    browser_at(patient_user.email)
    with time_machine.travel(timezone.now() + timedelta(days=401)):
        staying.sweep()

    assert OpenSession.objects.count() == 0
