"""The practice's settings: one row, a manager's to change."""

import pytest
from django.db import IntegrityError
from django.urls import reverse

from clinic.models import Practice

LIST = reverse("admin:clinic_practice_changelist")


def change_of(practice):
    return reverse("admin:clinic_practice_change", args=[practice.pk])


def fields_of(practice, **changes):
    names = (
        *(
            "name",
            "abn",
            "time_zone",
            "hold_minutes",
            "offer_minutes",
            "warn_minutes",
            "patient_late_minutes",
        ),
        *("doctor_late_minutes", "horizon_weeks", "follow_up_hours", "follow_up_weeks", "room_days"),
        *("quiet_from", "quiet_until", "notices_a_minute"),
        *("registration_days", "youngest_age", "shortest_minutes", "most_repeats_s8", "most_repeats"),
        *("most_packs", "most_grams_a_month", "most_thc_swallowed", "most_thc_inhaled"),
        *("most_scripts_a_day", "expiring_days", "screening_days", "spoken_months", "rule_months"),
    )
    return {name: getattr(practice, name) for name in names} | changes


@pytest.mark.parametrize("role", ["manager", "reception", "auditor", "doctor"])
def test_the_list_leads_to_the_one_row(staff_client, make_user, practice, role):
    assert staff_client(make_user(role)).get(LIST).headers["Location"] == change_of(practice)


def test_there_is_no_second_one(staff_client, manager, practice):
    assert staff_client(manager).get(reverse("admin:clinic_practice_add")).status_code == 403


def test_a_manager_changes_it_and_the_history_says_so(staff_client, manager, practice):
    data = fields_of(practice, name="Harbour Clinic", abn="51824753556")

    staff_client(manager).post(change_of(practice), data)

    version = practice.history.first()
    assert (version.name, version.abn, version.history_user) == ("Harbour Clinic", "51824753556", manager)


@pytest.mark.parametrize("role", ["reception", "auditor", "doctor"])
def test_others_only_look(staff_client, make_user, practice, role):
    answer = staff_client(make_user(role)).post(change_of(practice), fields_of(practice, name="Mine"))

    assert (answer.status_code, Practice.objects.get().name) == (403, "Example Clinic")


def test_an_abn_that_cannot_be_is_refused(staff_client, manager, practice):
    answer = staff_client(manager).post(change_of(practice), fields_of(practice, abn="12345678901"))

    assert list(answer.context["adminform"].form.errors) == ["abn"]


@pytest.mark.parametrize(("age", "status"), [(18, 302), (17, 400)])
def test_nobody_under_18_is_prescribed_for(staff_client, manager, practice, age, status):
    answer = staff_client(manager).post(change_of(practice), fields_of(practice, youngest_age=age))

    assert answer.status_code == status
    assert ("Nobody under 18 is prescribed for here" in answer.content.decode()) is (status == 400)


def test_the_database_keeps_the_age_at_18(practice):
    with pytest.raises(IntegrityError, match="clinic_practice_adults_only"):
        Practice.objects.update(youngest_age=17)


def test_a_follow_up_is_not_held_shorter_than_any_other_time(staff_client, manager, practice):
    data = fields_of(practice, hold_minutes=90, offer_minutes=90, follow_up_hours=1)

    answer = staff_client(manager).post(change_of(practice), data)

    assert answer.status_code == 400
    assert "Hold a follow-up at least as long as any other time." in answer.content.decode()
