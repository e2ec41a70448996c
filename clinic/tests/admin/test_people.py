"""The screens of accounts: whose they are, and what their buttons ask."""

import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_otp.oath import TOTP

from clinic.models import Role, User

LIST = reverse("admin:clinic_user_changelist")


def page(user, name="change"):
    return reverse(f"admin:clinic_user_{name}", args=[user.pk])


def press(browser, user, step, **fields):
    return browser.post(f"/admin/clinic/user/{user.pk}/{step}/", {"_form_submitted": "1", **fields})


def code_of(user, *, steps=0):
    clock = TOTP(user.totpdevice_set.get().bin_key)
    clock.time = time.time() + steps * clock.step
    return f"{clock.token():06}"


def told(browser):
    return [str(message) for message in browser.get(LIST).context["messages"]]


class TestWhoSeesAccounts:
    @pytest.mark.parametrize(
        ("role", "status"), [("manager", 200), ("auditor", 200), ("reception", 403), ("doctor", 403)]
    )
    def test_the_list(self, make_user, staff_client, role, status):
        assert staff_client(make_user(role)).get(LIST).status_code == status

    @pytest.mark.parametrize(("name", "status"), [("change", 403), ("history", 404)])
    def test_a_stranger_gets_nowhere_near_a_record_or_its_history(
        self, make_user, staff_client, manager, name, status
    ):
        answer = staff_client(make_user("doctor")).get(page(manager, name))

        assert answer.status_code == status
        assert manager.email not in answer.content.decode()

    def test_versions_are_not_written_back(self, staff_client, manager, auditor):
        version = manager.history.first()
        address = reverse("admin:clinic_user_simple_history", args=[manager.pk, version.pk])

        answer = staff_client(auditor).post(address, {"given_name": "Mallory"})

        manager.refresh_from_db()
        assert (answer.status_code, manager.given_name) == (403, "Manager")

    def test_no_page_shows_a_password(self, staff_client, manager):
        browser = staff_client(manager)

        pages = [browser.get(page(manager, name)).content.decode() for name in ("change", "history")]

        assert [manager.password in shown or "md5" in shown for shown in pages] == [False, False]

    def test_an_auditor_changes_nothing(self, staff_client, auditor, reception):
        answer = staff_client(auditor).post(page(reception), {"given_name": "Mallory", "family_name": "M"})

        reception.refresh_from_db()
        assert (answer.status_code, reception.given_name) == (403, "Reception")

    def test_the_form_offers_no_role(self, staff_client, manager, reception):
        staff_client(manager).post(
            page(reception),
            {
                "given_name": "Ruby",
                "family_name": "Walker",
                "time_zone": "Australia/Perth",
                "role": "manager",
            },
        )

        reception.refresh_from_db()
        assert (reception.given_name, reception.role) == ("Ruby", Role.RECEPTION)
        assert reception.history.first().history_user == manager

    def test_the_list_asks_as_often_for_three_rows_as_for_one(self, staff_client, manager, make_user):
        browser = staff_client(manager)
        browser.get(LIST)
        with CaptureQueriesContext(connection) as for_one:
            browser.get(LIST)
        for name in ("one", "two"):
            make_user("patient", name)

        with CaptureQueriesContext(connection) as for_three:
            browser.get(LIST)

        assert len(for_three) == len(for_one)


class TestInvite:
    ANN = {
        "_form_submitted": "1",
        "given_name": "Ann",
        "family_name": "Lee",
        "email": "ann@example.com",
        "role": "doctor",
    }

    def test_needs_the_code_of_the_moment(self, staff_client, manager):
        answer = staff_client(manager).post(f"{LIST}invite/", self.ANN)

        assert ("HX-Redirect" in answer.headers, User.objects.count()) == (False, 1)

    def test_makes_the_account_and_leads_to_it(self, staff_client, manager):
        browser = staff_client(manager)

        answer = browser.post(f"{LIST}invite/", {**self.ANN, "code": code_of(manager)})

        user = User.objects.get(email="ann@example.com")
        assert (user.role, answer.headers["HX-Redirect"]) == (Role.DOCTOR, page(user))

    def test_is_not_offered_to_others(self, staff_client, auditor):
        assert staff_client(auditor).get(f"{LIST}invite/").status_code == 403


class TestChangeRole:
    def test_needs_the_code_of_the_moment(self, staff_client, manager, reception):
        browser = staff_client(manager)

        refused = press(browser, reception, "change_role", role="auditor", why="Moves.", code="000 00x")

        reception.refresh_from_db()
        assert (reception.role, "HX-Redirect" in refused.headers) == (Role.RECEPTION, False)

    def test_changes_it_with_the_code_and_the_reason(self, staff_client, manager, reception):
        browser = staff_client(manager)

        press(browser, reception, "change_role", role="auditor", why="Moves.", code=code_of(manager))

        reception.refresh_from_db()
        assert (reception.role, reception.history.first().history_change_reason) == (Role.AUDITOR, "Moves.")
        assert told(browser) == ["Reception Example now works as auditor."]

    def test_tells_why_not(self, staff_client, manager):
        browser = staff_client(manager)

        press(browser, manager, "change_role", role="auditor", why="Moves.", code=code_of(manager))

        assert told(browser) == ["Nobody does this for themselves. Please ask another manager."]

    @pytest.mark.parametrize("step", ["change_role", "invite_again", "reset_second_factor", "deactivate"])
    @pytest.mark.parametrize("role", ["auditor", "reception", "doctor"])
    def test_no_step_is_open_to_others(self, staff_client, make_user, manager, step, role):
        answer = press(staff_client(make_user(role)), manager, step, role="patient", why="X.", code="123456")

        manager.refresh_from_db()
        assert (answer.status_code, manager.role, manager.is_active) == (403, Role.MANAGER, True)

    def test_a_patients_account_has_no_steps_of_staff(self, staff_client, manager, make_user):
        answer = press(staff_client(manager), make_user("patient"), "change_role", role="auditor", why="X.")

        assert answer.status_code == 403


class TestDeactivate:
    def test_closes_and_opens(self, staff_client, manager, reception):
        browser = staff_client(manager)

        press(browser, reception, "deactivate", why="Left.", code=code_of(manager))
        press(browser, reception, "activate", why="Came back.", code=code_of(manager, steps=1))

        reasons = reception.history.values_list("history_change_reason", "is_active")
        assert list(reasons)[:2] == [("Came back.", True), ("Left.", False)]

    @pytest.mark.parametrize(("step", "is_active"), [("deactivate", True), ("activate", False)])
    def test_needs_the_code_of_the_moment(self, staff_client, manager, make_user, step, is_active):
        person = make_user("reception", is_active=is_active)

        press(staff_client(manager), person, step, why="Left.")

        person.refresh_from_db()
        assert person.is_active == is_active


class TestResetSecondFactor:
    def test_forgets_the_app(self, staff_client, manager, reception):
        staff_client(reception)

        press(staff_client(manager), reception, "reset_second_factor", why="Seen.", code=code_of(manager))

        assert reception.totpdevice_set.count() == 0
