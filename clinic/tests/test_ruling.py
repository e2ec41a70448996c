"""The rules of the states: what comes with the product, and how managers change it."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from clinic import ruling
from clinic.models import State, StateRule

pytestmark = pytest.mark.django_db
DAY = date(2026, 12, 1)


@pytest.fixture
def tasmania() -> StateRule:
    return StateRule.objects.get(state="TAS")


# AUSTRALIA.md 3.3 and 3.5: state, system, asked by law, from elsewhere, forms, authority, months, by hand
SHIPPED = [
    ("NSW", "SafeScript NSW", False, False, [], "", 0, True),
    ("VIC", "SafeScript", True, False, [], "", 0, False),
    ("QLD", "QScript", True, False, [], "", 0, False),
    ("SA", "ScriptCheckSA", True, False, [], "Section 18A authority", 2, False),
    ("WA", "ScriptCheckWA", False, False, [], "", 0, False),
    ("TAS", "TasScript", False, True, [], "Section 59E authorisation", 0, False),
    ("ACT", "Canberra Script", False, False, ["dried_herb"], "Chief Health Officer approval", 0, False),
    ("NT", "NTScript", False, None, [], "Notice to the Chief Health Officer", 2, False),
]


class TestWhatComesWithTheProduct:
    @pytest.mark.parametrize("told", SHIPPED, ids=lambda told: told[0])
    def test_is_what_the_reference_says(self, told):
        rule = ruling.in_force(DAY)[told[0]]

        facts = (
            *(rule.state, rule.monitoring, rule.is_monitoring_law, rule.is_local_only, rule.blocked_forms),
            *(rule.authority, rule.months_without_authority, rule.handwriting),
        )
        assert facts == told

    def test_knows_every_state_and_how_long_scripts_are_valid(self):
        rules = ruling.in_force(DAY)

        assert set(rules) == set(State)
        assert {(rule.months_valid_s8, rule.months_valid) for rule in rules.values()} == {(6, 12)}

    def test_names_its_source_and_when_it_was_read(self):
        assert [rule.state for rule in StateRule.objects.all() if not rule.source] == []
        assert all(rule.checked_on < DAY for rule in StateRule.objects.all())

    def test_has_a_first_version(self, tasmania):
        assert [version.history_change_reason for version in tasmania.history.all()] == [
            "Came with the product."
        ]

    def test_does_not_come_a_second_time(self, tasmania):
        tasmania.change(by=None, caution="Ours.")

        ruling.ship()

        assert StateRule.objects.count() == 8
        assert StateRule.objects.get(state="TAS").caution == "Ours."

    def test_western_australia_was_closed_before_december_2024(self):
        assert "WA" not in ruling.in_force(date(2024, 12, 11))
        assert ruling.in_force(date(2024, 12, 12))["WA"].is_local_only is False


class TestRenew:
    def test_lets_new_rules_follow(self, tasmania, manager):
        new = ruling.renew(tasmania, from_on=DAY, by=manager, why="Act of 2026.", is_local_only=False)

        before, after = ruling.in_force(DAY - timedelta(days=1))["TAS"], ruling.in_force(DAY)["TAS"]
        assert (before, after) == (tasmania, new)
        assert (before.until_on, before.is_local_only) == (date(2026, 11, 30), True)
        assert (after.is_local_only, after.authority, after.until_on) == (
            False,
            "Section 59E authorisation",
            None,
        )

    def test_says_who_and_why_of_both(self, tasmania, manager):
        new = ruling.renew(tasmania, from_on=DAY, by=manager, why=" Act of 2026. ")

        for rule in (tasmania, new):
            version = rule.history.first()
            assert (version.history_user, version.history_change_reason) == (manager, "Act of 2026.")

    @pytest.mark.parametrize("days", [0, -1])
    def test_refuses_a_date_that_is_not_later(self, tasmania, manager, days):
        with pytest.raises(ruling.NotAfter, match="Choose a later date"):
            ruling.renew(tasmania, from_on=tasmania.from_on + timedelta(days=days), by=manager, why="So.")

        assert StateRule.objects.filter(state="TAS").count() == 1

    def test_refuses_rules_that_were_followed(self, tasmania, manager):
        ruling.renew(tasmania, from_on=DAY, by=manager, why="Act of 2026.")

        with pytest.raises(ruling.NotTheLast):
            ruling.renew(tasmania, from_on=DAY + timedelta(days=9), by=manager, why="Again.")

    @pytest.mark.parametrize("ask", ["renew", "correct", "confirm"])
    def test_refuses_to_go_without_a_reason(self, tasmania, manager, ask):
        when = {"from_on": DAY} if ask == "renew" else {}

        with pytest.raises(ruling.NoReason):
            getattr(ruling, ask)(tasmania, by=manager, why="  ", **when)

        assert tasmania.history.count() == 1


def test_a_correction_keeps_its_dates_and_its_reason(tasmania, manager):
    ruling.correct(tasmania, by=manager, why="The form is another.", authority="Form 59")

    rule = StateRule.objects.get(state="TAS")
    assert (rule.authority, rule.from_on, rule.until_on) == ("Form 59", date(2021, 7, 1), None)
    assert rule.history.first().history_change_reason == "The form is another."


def test_a_fact_that_no_rule_has_is_refused(tasmania, manager):
    with pytest.raises(ValueError, match="weather"):
        ruling.correct(tasmania, by=manager, why="So.", weather="fine")


def test_reading_the_source_again_makes_it_fresh(tasmania, manager):
    due = StateRule.objects.judged(ruling.checked_after()).filter(is_due=True)
    before = tasmania in due

    ruling.confirm(tasmania, by=manager, why="Read the Act.")

    assert (before, tasmania in due.all()) == (True, False)


def test_the_day_from_which_it_is_to_be_checked_follows_the_practice(tasmania, manager, practice):
    practice.change(by=manager, rule_months=3)
    today = practice.today()
    tasmania.change(by=manager, checked_on=today - timedelta(days=80))
    fresh = StateRule.objects.judged(ruling.checked_after()).get(pk=tasmania.pk).is_due

    tasmania.change(by=manager, checked_on=today - timedelta(days=93))

    assert (fresh, StateRule.objects.judged(ruling.checked_after()).get(pk=tasmania.pk).is_due) == (
        False,
        True,
    )


class TestTheDatabase:
    @pytest.mark.parametrize(
        "changes",
        [
            "until_on = '2021-06-30'",
            "months_valid_s8 = 7",
            "months_valid = 13",
            "months_valid_s8 = 0",
            "monitoring = ''",
            "source = ''",
            "dependence_permit = ''",
            "authority = '', months_without_authority = 2",
        ],
    )
    def test_refuses_what_cannot_be(self, changes):
        with pytest.raises(IntegrityError), transaction.atomic():
            connection.cursor().execute(f"UPDATE clinic_staterule SET {changes} WHERE state = 'TAS'")  # noqa: S608

    def test_refuses_two_rules_of_a_state_at_one_time(self, tasmania):
        same = {name: getattr(tasmania, name) for name in ruling.FACTS}
        tasmania.change(by=None, until_on=DAY)

        with pytest.raises(IntegrityError, match="one_at_a_time"), transaction.atomic():
            StateRule.objects.add(by=None, state="TAS", from_on=DAY, **same)
        StateRule.objects.add(by=None, state="TAS", from_on=DAY + timedelta(days=1), **same)

        assert StateRule.objects.filter(state="TAS").count() == 2

    def test_keeps_them(self, tasmania):
        with pytest.raises(IntegrityError), transaction.atomic():
            StateRule.objects.filter(pk=tasmania.pk).delete()


def test_they_are_read_in_one_statement(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert len(ruling.in_force(timezone.localdate())) == 8
