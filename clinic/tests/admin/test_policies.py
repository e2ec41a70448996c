"""The versions of what cancelling costs: written by managers, read at the desk, never changed."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic import booking
from clinic.models import CancellationPolicy

LIST = reverse("admin:clinic_cancellationpolicy_changelist")
ADD = reverse("admin:clinic_cancellationpolicy_add")

pytestmark = pytest.mark.django_db


def typed(**changes) -> dict:
    """What a manager types: from tomorrow on."""
    tomorrow = timezone.localdate() + timedelta(days=1)
    return {
        "effective_from": f"{tomorrow:%d/%m/%Y}", "free_hours": 48, "keep_percent": 40, "missed_percent": 80
    } | changes  # fmt: skip


def test_a_manager_writes_the_next_version(staff_client, manager, practice):
    staff_client(manager).post(ADD, typed())

    policy = CancellationPolicy.objects.get()
    assert (policy.free_hours, policy.keep_percent, policy.missed_percent) == (48, 40, 80)
    assert policy.recorded_by == manager


def test_who_has_booked_keeps_the_terms_they_saw(
    staff_client, manager, practice, make_policy, slot, make_slot, patient, make_patient, fees
):
    seen, other = make_policy(), make_patient("other")
    held = booking.hold(slot, patient=patient, by=patient.user)

    staff_client(manager).post(ADD, typed(effective_from=f"{practice.today():%d/%m/%Y}"))

    held.refresh_from_db()
    assert held.policy == seen
    assert booking.hold(make_slot(48), patient=other, by=other.user).policy.keep_percent == 40


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"keep_percent": 51}, "less than or equal to 50"),
        ({"missed_percent": 101}, "less than or equal to 100"),
        ({"free_hours": -1}, "greater than or equal to 0"),
        ({"effective_from": "1/1/2020"}, "Choose today or a later date."),
        ({"effective_from": "soon"}, "Enter a valid date."),
    ],
)
def test_says_what_is_wrong(staff_client, manager, practice, wrong, sentence):
    answer = staff_client(manager).post(ADD, typed(**wrong))

    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert not CancellationPolicy.objects.exists()


@pytest.mark.parametrize(
    ("role", "seen"), [("manager", 200), ("reception", 200), ("doctor", 200), ("auditor", 200)]
)
def test_is_read_by_the_practice(staff_client, make_user, make_policy, role, seen):
    client = staff_client(make_user(role))
    record = reverse("admin:clinic_cancellationpolicy_change", args=[make_policy().pk])

    assert [client.get(address).status_code for address in (LIST, record)] == [seen, seen]


@pytest.mark.parametrize("role", ["reception", "doctor", "auditor"])
def test_is_written_by_managers_only(staff_client, make_user, practice, role):
    answer = staff_client(make_user(role)).post(ADD, typed())

    assert (answer.status_code, CancellationPolicy.objects.count()) == (403, 0)


def test_a_version_is_changed_by_nobody(staff_client, manager, make_policy):
    policy = make_policy()
    record = reverse("admin:clinic_cancellationpolicy_change", args=[policy.pk])

    answer = staff_client(manager).post(record, typed())

    policy.refresh_from_db()
    assert (answer.status_code, policy.free_hours) == (403, 24)


def test_list_asks_the_database_equally_often_for_one_and_three(staff_client, manager, make_policy):
    client = staff_client(manager)
    make_policy(recorded_by=manager)
    client.get(LIST)
    with CaptureQueriesContext(connection) as one:
        client.get(LIST)
    for hours in (12, 36):
        make_policy(free_hours=hours, recorded_by=manager)

    with CaptureQueriesContext(connection) as three:
        client.get(LIST)

    assert len(one) == len(three)
