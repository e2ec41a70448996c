"""The screens of the rules of the states: managers keep them, doctors and auditors read."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.models import StateRule
from clinic.tests.admin.conftest import press, said

pytestmark = pytest.mark.django_db
LIST = reverse("admin:clinic_staterule_changelist")


@pytest.fixture
def tasmania() -> StateRule:
    return StateRule.objects.get(state="TAS")


def page(rule: StateRule) -> str:
    return reverse("admin:clinic_staterule_change", args=[rule.pk])


def typed(**fields):
    return {
        "monitoring": "TasScript", "is_local_only": "True", "authority": "Form 59", "blocked": "",
        "months_without_authority": "0", "dependence_permit": "Form 59", "caution": "", "note": "",
        "months_valid_s8": "6", "months_valid": "12", "source": "Act of 2026", "checked_on": "2026-11-02",
        "how": "new", "starts_on": "2026-12-01", "why": "The Act of 2026.",
    } | fields  # fmt: skip


class TestReading:
    @pytest.mark.parametrize("role", ["manager", "doctor", "auditor"])
    def test_is_for_these(self, staff_client, make_user, tasmania, role):
        client = staff_client(make_user(role))

        listed, shown = client.get(LIST), client.get(page(tasmania))
        history = client.get(reverse("admin:clinic_staterule_history", args=[tasmania.pk]))

        assert (listed.status_code, shown.status_code, history.status_code) == (200, 200, 200)
        assert listed.context["cl"].result_count == 8
        assert "Section 59E authorisation" in shown.content.decode()

    def test_is_not_for_reception(self, staff_client, reception, tasmania):
        client = staff_client(reception)

        assert client.get(LIST).status_code == 403
        assert client.get(page(tasmania)).status_code in {302, 403}

    def test_lists_what_is_in_force_unless_asked_for_more(self, boss, tasmania):
        boss.post(page(tasmania), typed(starts_on="2100-01-01"))

        assert boss.get(LIST).context["cl"].result_count == 8
        assert boss.get(LIST + "?which=all").context["cl"].result_count == 9

    def test_shows_what_is_to_be_checked_again(self, boss, tasmania):
        before = boss.get(LIST + "?which=due").context["cl"].result_count

        press(boss, tasmania, "confirm", why="Read the Act.")

        assert boss.get(LIST + "?which=due").context["cl"].result_count == before - 1

    def test_asks_as_much_for_eight_rows_as_for_three(self, boss):
        def statements(address: str) -> int:
            with CaptureQueriesContext(connection) as captured:
                boss.get(address)
            return len(captured)

        statements(LIST)  # the badges of the sidebar are counted once

        assert statements(LIST + "?state__exact=TAS") == statements(LIST)


class TestChanging:
    def test_is_for_managers_alone(self, staff_client, make_user, tasmania):
        for role in ("doctor", "auditor", "reception"):
            client = staff_client(make_user(role))
            answers = [client.post(page(tasmania), typed()), press(client, tasmania, "confirm", why="So.")]
            assert {answer.status_code for answer in answers} <= {302, 403}

        assert [version.history_type for version in tasmania.history.all()] == ["+"]

    def test_lets_new_rules_begin_on_a_date(self, boss, manager, tasmania):
        answer = boss.post(page(tasmania), typed())

        old, new = StateRule.objects.filter(state="TAS").order_by("from_on")
        assert answer.status_code == 302
        assert (old.authority, old.until_on) == ("Section 59E authorisation", date(2026, 11, 30))
        assert (new.authority, new.from_on, new.until_on) == ("Form 59", date(2026, 12, 1), None)
        assert new.history.get().history_user == manager

    def test_corrects_what_was_wrong_from_the_start(self, boss, tasmania):
        boss.post(page(tasmania), typed(how="correction", starts_on="", blocked_forms=["vape"]))

        rule = StateRule.objects.get(state="TAS")
        assert (rule.authority, rule.blocked_forms, rule.from_on) == ("Form 59", ["vape"], date(2021, 7, 1))
        assert rule.history.first().history_change_reason == "The Act of 2026."

    @pytest.mark.parametrize(("told", "kept"), [("", None), ("True", True), ("False", False), ("true", True)])
    def test_knows_yes_no_and_not_known(self, boss, tasmania, told, kept):
        boss.post(page(tasmania), typed(how="correction", is_local_only=told))

        assert StateRule.objects.get(state="TAS").is_local_only is kept

    @pytest.mark.parametrize(
        ("wrong", "sentence"),
        [
            ({"how": ""}, "Say whether the state changed its rules, or we had them wrong."),
            ({"starts_on": ""}, "Say from which date the new rules count."),
            ({"why": " "}, "This field is required."),
            ({"monitoring": ""}, "This field is required."),
            ({"months_valid_s8": "7"}, "Ensure this value is less than or equal to 6."),
            ({"checked_on": "2100-01-01"}, "Nobody can have checked it on a day that is still to come."),
            ({"authority": "", "months_without_authority": "2"}, "Name the authority that is needed"),
        ],
    )
    def test_says_what_is_wrong_and_keeps_nothing(self, boss, tasmania, wrong, sentence):
        answer = boss.post(page(tasmania), typed(**wrong))

        assert (answer.status_code, sentence in answer.content.decode()) == (400, True)
        assert tasmania.history.count() == 1

    def test_refuses_a_date_before_the_present_rules(self, boss, tasmania):
        answer = boss.post(page(tasmania), typed(starts_on="2021-07-01"), follow=True)

        assert "Choose a later date" in said(answer)[0]
        assert StateRule.objects.filter(state="TAS").count() == 1

    def test_refuses_a_second_row_for_the_same_dates(self, boss):
        answer = boss.post(
            reverse("admin:clinic_staterule_add"), typed(state="TAS", from_on="2026-12-01", how="")
        )

        assert answer.status_code == 400
        assert "This state has rules for these dates already." in answer.content.decode()
