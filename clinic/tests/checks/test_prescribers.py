"""Who signs: each check passes, and nearly passes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from clinic.tests.checks.world import Table, fine, ids, passes_and_nearly_passes

pytestmark = pytest.mark.django_db

TABLE: Table = [
    ("registration_is_verified", fine, lambda w: w.doctor(verified_at=None, verified_by=None)),
    (
        "registration_is_verified",
        lambda w: w.doctor(verified_at=timezone.now() - timedelta(days=365)),
        lambda w: w.doctor(verified_at=timezone.now() - timedelta(days=367)),
    ),
    (
        "registration_is_verified",
        lambda w: w.doctor(verified_at=timezone.now() - timedelta(days=89)),
        lambda w: w.practice(registration_days=88),
    ),
    ("prescriber_is_described", fine, lambda w: w.doctor(qualifications="")),
    ("prescriber_is_described", fine, lambda w: w.practice(street="")),
    ("prescriber_is_described", fine, lambda w: w.practice(phone="")),
    ("patient_is_someone_else", fine, lambda w: w.patient(user=w.by)),
    ("patient_is_no_relative", fine, lambda w: w.screen(is_relative=True)),
    (
        "numbers_add_up",
        lambda w: w.doctor(prescriber_number="2425739", provider_number="2426621B"),
        lambda w: w.doctor(prescriber_number="8002212"),
    ),
    (
        "numbers_add_up",
        lambda w: w.doctor(provider_number="988939BJ"),
        lambda w: w.doctor(provider_number="988939BK"),
    ),
    (
        "numbers_add_up",
        lambda w: w.patient(medicare_number="2123456701"),
        lambda w: w.patient(medicare_number="2123456711"),
    ),
    (
        "provider_number_is_for_this_place",
        lambda w: (w.doctor(provider_postcode="2042"), w.practice(postcode="2042")),
        lambda w: w.doctor(provider_postcode="2043"),
    ),
    (
        "provider_number_is_for_this_place",
        lambda w: (w.doctor(provider_postcode=""), w.practice(postcode="2042")),
        lambda w: w.doctor(provider_postcode="0820"),
    ),
    (
        "prescriber_has_time",
        lambda w: (w.practice(most_scripts_a_day=2), w.had(days_ago=0)),
        lambda w: w.had(days_ago=0),
    ),
    (
        "prescriber_has_time",
        lambda w: (w.practice(most_scripts_a_day=1), w.had(days_ago=2)),
        lambda w: w.had(days_ago=0),
    ),
]


@pytest.mark.parametrize(("name", "passing", "failing"), TABLE, ids=ids(TABLE))
def test_a_check_passes_and_nearly_passes(world, name, passing, failing):
    passes_and_nearly_passes(world, name, passing, failing)


class TestSigner:
    def test_is_the_doctor_of_the_consultation(self, world, make_doctor):
        world.by = make_doctor("colleague").user

        found = world.findings()
        assert (found["signer_is_the_practitioner"], found["signer_is_an_active_doctor"]) == (False, True)

    @pytest.mark.parametrize("role", ["manager", "reception", "auditor", "patient"])
    def test_is_a_doctor(self, world, make_user, role):
        world.by = make_user(role, f"{role}-who-signs")

        assert world.findings()["signer_is_an_active_doctor"] is False

    def test_is_active(self, world):
        world.by.change(by=None, is_active=False)

        assert world.findings()["signer_is_an_active_doctor"] is False
