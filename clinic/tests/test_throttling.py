"""Guessing at the sign-in: counted by account and network, the same for accounts that there are not."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic import enrolling, throttling
from clinic.models import AuditEvent, Shut, Try
from clinic.tests.conftest import PASSWORD
from clinic.tests.test_accounts import events, sign_in, signed_in_as
from config.base import TooOften

NOW = timezone.now()


@pytest.fixture
def clock(db):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


def guess(email, times, *, browser=None, address="203.0.113.9"):
    """Try so many wrong passwords; the status of each answer."""
    browser = browser or Client()
    data = {"login": email, "password": "never-was-the-password"}
    return [
        browser.post(reverse("account_login"), data, REMOTE_ADDR=address).status_code for _ in range(times)
    ]


class TestAccount:
    def test_is_shut_after_ten_wrong_passwords_and_opens_by_itself(self, clock, with_password):
        patient, browser = with_password("patient"), Client()

        assert guess(patient.email, 11) == [200] * 10 + [429]
        refused = sign_in(browser, patient.email)
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "900")
        assert "Please wait 15 minutes" in refused.content.decode()
        clock.shift(timedelta(minutes=15, seconds=1))
        assert sign_in(browser, patient.email).headers["Location"] == "/portal/"

    def test_one_that_there_is_not_is_shut_in_the_same_words(self, clock, with_password):
        with_password("patient", "known")
        pages = []
        for email in ("known@example.com", "nobody@example.com"):
            assert guess(email, 10) == [200] * 10
            pages.append(sign_in(Client(), email))

        assert [page.status_code for page in pages] == [429, 429]
        assert pages[0].content == pages[1].content
        assert pages[0].headers["Retry-After"] == pages[1].headers["Retry-After"]

    def test_tries_do_not_add_up_over_the_weeks(self, clock, with_password):
        patient = with_password("patient")
        for _ in range(6):
            assert guess(patient.email, 9) == [200] * 9
            clock.shift(timedelta(minutes=16))

        assert sign_in(Client(), patient.email).headers["Location"] == "/portal/"

    def test_right_passwords_neither_count_nor_renew_anything(self, clock, with_password):
        patient = with_password("patient")
        guess(patient.email, 9)
        for _ in range(5):
            assert signed_in_as(browser := Client()) is None
            assert sign_in(browser, patient.email).headers["Location"] == "/portal/"
        clock.shift(timedelta(minutes=14))
        assert guess(patient.email, 1) == [200]
        assert Shut.objects.count() == 1  # the nine still count, the five never did

    def test_what_is_tried_while_it_is_shut_does_not_keep_it_shut(self, clock, with_password):
        patient = with_password("patient")
        guess(patient.email, 10)
        for _ in range(14):
            clock.shift(timedelta(minutes=1))
            assert guess(patient.email, 3) == [429] * 3
        clock.shift(timedelta(minutes=1, seconds=1))

        assert sign_in(Client(), patient.email).headers["Location"] == "/portal/"

    def test_is_shut_for_twice_as_long_each_time_up_to_two_hours(self, clock):
        lengths = []
        for _ in range(6):
            guess("somebody@example.com", 10)
            shut = Shut.objects.order_by("at").last()
            lengths.append((shut.until - shut.at) // timedelta(minutes=1))
            clock.move_to(shut.until + timedelta(seconds=1))

        assert lengths == [15, 30, 60, 120, 120, 120]

    def test_after_a_day_the_shorter_time_is_back(self, clock):
        guess("somebody@example.com", 10)
        clock.shift(timedelta(days=1, minutes=1))
        guess("somebody@example.com", 10)
        shut = Shut.objects.order_by("at").last()

        assert shut.until - shut.at == timedelta(minutes=15)

    def test_strangers_cannot_shut_people_out_of_the_browser_they_always_use(self, clock, with_password):
        patient, home = with_password("patient"), Client()
        sign_in(home, patient.email)
        home.post(reverse("account_logout"))
        guess(patient.email, 10)

        assert sign_in(Client(), patient.email).status_code == 429
        assert sign_in(home, patient.email).headers["Location"] == "/portal/"

    def test_a_known_browser_is_stopped_by_its_own_guesses(self, clock, with_password):
        patient, home = with_password("patient"), Client()
        sign_in(home, patient.email)
        home.post(reverse("account_logout"))

        assert guess(patient.email, 11, browser=home) == [200] * 10 + [429]

    def test_a_made_up_browser_has_no_lane_of_its_own(self, clock, with_password):
        patient, browser = with_password("patient"), Client()
        sign_in(Client(), patient.email)
        for number in range(10):
            browser.cookies["browser"] = f"made-up-{number}:x:y"
            guess(patient.email, 1, browser=browser)

        assert guess(patient.email, 1) == [429]

    def test_asking_for_the_password_again_counts_too(self, clock, with_password):
        patient, browser = with_password("patient"), Client()
        sign_in(browser, patient.email)
        answers = [
            browser.post(reverse("account_reauthenticate"), {"password": f"wrong-guess-{n}"}).status_code
            for n in range(11)
        ]

        assert answers == [200] * 10 + [429]

    def test_is_in_the_trail_once_without_the_address_of_nobody(self, clock, with_password):
        patient = with_password("patient")
        guess(patient.email, 12)
        guess("nobody@example.com", 12)

        [known, unknown] = AuditEvent.objects.filter(action="lock_out").order_by("pk")
        assert (known.record_id, unknown.record_id) == (patient.pk, None)
        assert "shut for 15 minutes" in known.why
        assert known.trace["tried"] != unknown.trace["tried"]
        assert "nobody" not in f"{unknown.why} {unknown.trace}"


class TestManager:
    def test_lifts_the_lock(self, clock, with_password, staff_client, manager):
        patient = with_password("patient")
        guess(patient.email, 10)
        page = reverse("admin:clinic_user_change", args=[patient.pk])
        shown = staff_client(manager).get(page).content.decode()

        enrolling.lift_lock(patient, by=manager, why="Rang me.")

        assert "Not taken until" in shown
        assert sign_in(Client(), patient.email).headers["Location"] == "/portal/"
        assert ("manager@example.com", "lifted") in events("lock_out")

    def test_nobody_else_does(self, clock, with_password, reception):
        with pytest.raises(enrolling.NotAllowed):
            enrolling.lift_lock(with_password("patient"), by=reception, why="Let me.")


class TestNetwork:
    def test_is_shut_for_guessing_at_many_accounts_and_opens_by_itself(self, clock, with_password):
        patient, browser = with_password("patient"), Client()
        for number in range(throttling.MOST_ACCOUNTS):
            assert guess(f"someone{number}@example.com", 1) == [200]

        assert guess(patient.email, 1) == [429]
        assert guess(patient.email, 1, address="198.51.100.7") == [200]  # the shut one did not count
        assert Try.objects.filter(account=throttling.mark(patient.email)).count() == 1
        clock.shift(timedelta(minutes=15, seconds=1))
        data = {"login": patient.email, "password": PASSWORD}
        assert browser.post(reverse("account_login"), data, REMOTE_ADDR="203.0.113.9").status_code == 302
        assert AuditEvent.objects.filter(action="lock_out").count() == 1

    def test_that_is_shut_still_lets_in_who_works_there(self, clock, with_password):
        manager, desk = with_password("manager"), Client()
        data = {"login": manager.email, "password": PASSWORD}
        desk.post(reverse("account_login"), data, REMOTE_ADDR="203.0.113.9")
        desk.post(reverse("account_logout"))
        for number in range(throttling.MOST_ACCOUNTS):
            guess(f"someone{number}@example.com", 1)

        answer = desk.post(reverse("account_login"), data, REMOTE_ADDR="203.0.113.9")

        assert (answer.status_code, guess("other@example.com", 1)) == (302, [429])

    def test_one_account_shuts_no_network(self, clock):
        guess("somebody@example.com", 10)

        assert guess("somebody.else@example.com", 1) == [200]

    @pytest.mark.parametrize(
        ("address", "source"),
        [
            ("203.0.113.9", "203.0.113.9"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("", ""),
            ("not an address", "not an address"),
        ],
    )
    def test_of_ipv6_is_the_line_and_not_the_one_address(self, address, source):
        assert throttling.network(address) == source


class TestKnock:
    def test_refuses_one_too_many_and_tells_how_long(self, clock):
        for _ in range(3):
            throttling.knock("door", source="x", most=3, within=timedelta(minutes=10))
            clock.shift(timedelta(minutes=1))
        with pytest.raises(TooOften) as refused:
            throttling.knock("door", source="x", most=3, within=timedelta(minutes=10))
        throttling.knock("door", source="y", most=3, within=timedelta(minutes=10))

        assert refused.value.wait == 7 * 60
        assert str(refused.value).endswith("Please wait 7 minutes and try again.")

    def test_sweeping_forgets_what_no_longer_counts(self, clock):
        guess("somebody@example.com", 10)
        clock.shift(timedelta(days=1, minutes=1))
        guess("else@example.com", 1)

        throttling.sweep()

        assert (Try.objects.filter(door="sign-in").count(), Shut.objects.count()) == (1, 0)
