"""A small demo clinic, made by the real rules against the real payment simulator."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db.models import Count

from billing.models import Order, Payment
from clinic.demo import people
from clinic.models import Appointment, AuditEvent, Note, Patient, Practitioner, Role, User
from messaging.models import Letter

NOON = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)
SMALL = {"patients": 8, "days": 2, "ahead": 1}

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def state(settings, tmp_path):
    """The simulator's memory in a folder of the test's own."""
    settings.SIMULATOR_STATE = tmp_path / "simulator.sqlite3"
    return settings.SIMULATOR_STATE


def told() -> list[tuple]:
    """Who was when with whom, and what became of it."""
    rows = Appointment.objects.order_by("created_at", "starts_at").values_list(
        "patient__user__email", "slot__practitioner__user__email", "starts_at", "status", "order__amount"
    )
    return list(rows)


def seed() -> None:
    with time_machine.travel(NOON, tick=True):
        call_command("seed_demo", seed=3, **SMALL)


class TestSeedDemo:
    def test_makes_a_whole_clinic_by_its_rules(self, state):
        seed()

        assert Patient.objects.count() == SMALL["patients"]
        assert Practitioner.objects.filter(verified_by__isnull=False).count() == 3
        assert set(User.objects.values_list("role", flat=True)) == set(Role.values)
        completed = Appointment.objects.filter(status="completed")
        assert completed.count() > 0
        assert Note.objects.filter(encounter__appointment__in=completed).exclude(status="signed").count() == 0
        assert state.exists()
        # No money is unexplained, and no letter is left.
        kept = Appointment.objects.filter(status__in=["confirmed", "completed", "no_show", "in_consultation"])
        assert set(kept.values_list("order__status", flat=True)) == {Order.Status.PAID}
        gone = Appointment.objects.filter(status__in=["cancelled", "expired"])
        assert set(gone.values_list("order__status", flat=True)) <= {Order.Status.REFUNDED, Order.Status.VOID}
        assert Payment.objects.filter(status="succeeded", intent_id="").count() == 0
        assert Letter.objects.filter(status="owed").count() == 0
        # Everything bears the time at which it would have happened.
        days = AuditEvent.objects.values("at__date").annotate(n=Count("pk"))
        assert {row["at__date"].isoformat() for row in days} >= {"2026-11-16", "2026-11-17"}
        assert AuditEvent.objects.filter(at__gt=NOON).count() == 0

    def test_gives_the_same_clinic_for_the_same_seed(self, state):
        seed()
        first = told()
        call_command("flush", interactive=False)
        state.unlink()
        seed()

        assert told() == first
        assert len(first) > 3

    def test_refuses_a_database_that_is_in_use(self, state):
        people.enrol_patient("one@example.com", given_name="A", family_name="B", zone="Australia/Perth")

        with pytest.raises(CommandError, match="Start with an empty one"):
            call_command("seed_demo", **SMALL)
        call_command("seed_demo", "--if-empty", **SMALL)

        assert Patient.objects.count() == 1

    def test_refuses_production(self, settings, state):
        settings.DEMO = False

        with pytest.raises(CommandError, match="no place in production"):
            call_command("seed_demo", **SMALL)

    @pytest.mark.parametrize("wrong", [{"patients": 0}, {"days": 0}, {"ahead": -1}])
    def test_refuses_a_clinic_of_nothing(self, state, wrong):
        with pytest.raises(CommandError, match="at least one"):
            call_command("seed_demo", **(SMALL | wrong))


class TestCode:
    def test_is_what_an_authenticator_app_shows(self):
        # The key in base32, as an app would be given it; the code is oathtool's for this moment.
        at = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)

        assert people.code(at=at) == people.code(at=at.replace(second=29))
        assert people.code(at=at) != people.code(at=at.replace(minute=1))
        assert len(people.code(at=at)) == 6
