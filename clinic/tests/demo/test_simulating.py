"""A small demo clinic, made by the real rules against the real payment simulator."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db.models import F
from django.utils import timezone

from billing.models import Order, Payment
from clinic import answering, resettling
from clinic.demo import people, simulating, visiting
from clinic.models import (
    Appointment,
    AuditEvent,
    Consent,
    Intake,
    Note,
    Patient,
    Practitioner,
    Prescription,
    Role,
    RosterException,
    User,
)
from messaging.models import Letter, Message

NOON = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)
BEFORE_DAWN = datetime(2026, 11, 17, 16, 0, tzinfo=UTC)  # 3 am in Sydney
SMALL = {"patients": 8, "days": 2, "ahead": 1}

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def state(settings, tmp_path):
    """The simulator's memory in a folder of the test's own."""
    settings.SIMULATOR_STATE = tmp_path / "simulator.sqlite3"
    return settings.SIMULATOR_STATE


@pytest.fixture(autouse=True)
def shares(monkeypatch):
    """Much of everything, so that a small clinic has it all."""
    monkeypatch.setattr(visiting, "WITH_SCRIPT", 1)
    monkeypatch.setattr(visiting, "WITH_CHAT", 1)
    monkeypatch.setattr(simulating, "CANCELLED", 0.2)
    monkeypatch.setattr(simulating, "BOOKED_AHEAD", timedelta(days=1))


def lived_through() -> Any:
    """What is written of the clinic's own days, without what came before with the product."""
    return AuditEvent.objects.exclude(
        record_type__in=[
            "clinic.staterule",
            "clinic.lettertext",
            "clinic.questionnaire",
            "clinic.questionnairedraft",
            "messaging.lettertemplate",
            "messaging.phrase",
            "clinic.advertisingterm",
            "clinic.consentdraft",
            "clinic.consenttext",
            "clinic.recipient",
            "clinic.rolegrant",
        ]
    )


def told() -> list[tuple]:
    """Who was when with whom, and what became of it."""
    rows = Appointment.objects.order_by("created_at", "starts_at").values_list(
        "patient__user__email", "slot__practitioner__user__email", "starts_at", "status", "order__amount"
    )
    return list(rows)


def seed(**size: int) -> None:
    with time_machine.travel(NOON, tick=True):
        call_command("seed_demo", seed=4, **SMALL | size)


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
        assert gone.count() > 0
        late = gone.exclude(order__status__in=[Order.Status.REFUNDED, Order.Status.VOID])
        by_policy = late.filter(
            cancelled_as="patient",
            cancelled_at__gt=F("starts_at") - timedelta(hours=24),
            order__kept=F("order__amount") / 2,
        )
        assert set(late) == set(by_policy)
        assert Payment.objects.filter(status="succeeded", intent_id="").count() == 0
        assert Letter.objects.filter(status="owed").count() == 0
        # Nobody is opted in to offers who did not say so.
        assert not Consent.objects.filter(kind=Consent.Kind.MARKETING).exists()
        # Everything bears the time at which it would have happened.
        days = lived_through().order_by("at__date").values_list("at__date", flat=True).distinct()
        assert [day.day for day in days] == [15, 16, 17, 18]
        assert lived_through().filter(at__gt=NOON).count() == 0

    def test_lets_patients_answer_before_their_visits(self, state):
        seed()

        intakes = Intake.objects.prefetch_related("answers")
        assert 0 < intakes.count() < Appointment.objects.exclude(confirmed_at=None).count()
        assert "yes" in [answering.values(intake)["heart"] for intake in intakes]
        assert [one.pk for one in intakes if one.answers.filter(key="medicines").count() == 2] != []

    def test_has_leave_and_holidays_and_an_appointment_to_decide_about(self, state, monkeypatch):
        monkeypatch.setattr(simulating, "CANCELLED", 0)
        seed(ahead=14)

        kinds = RosterException.objects.values_list("kind", flat=True)
        outside = Appointment.objects.outside_hours(NOON)
        assert set(kinds) == {"leave", "holiday", "extra"}
        assert outside.count() > 0
        assert {
            case.because for case in resettling.explain(outside.select_related("slot__practitioner"))
        } == {"Leave: Conference"}

    def test_issues_scripts_of_both_schedules_and_lets_people_talk(self, state):
        seed(patients=16, days=3)

        issued = Prescription.objects.filter(status=Prescription.Status.ISSUED)
        schedules = [script.schedule for script in issued]
        papers = [sorted(script.documents.values_list("kind", flat=True)) for script in issued]
        writers = Message.objects.filter(recorded_by__isnull=False).values_list(
            "recorded_by__role", flat=True
        )
        assert schedules.count("S4") > 0
        assert schedules.count("S8") > 0
        assert papers == [["patient_copy", "print_and_sign"]] * len(schedules)
        # Nothing was refused: these doctors know the rules.
        assert Prescription.objects.count() == len(schedules)
        assert set(writers) == {Role.PATIENT, Role.DOCTOR, Role.RECEPTION}

    def test_knows_nothing_of_the_future(self, state):
        with time_machine.travel(BEFORE_DAWN, tick=True):
            call_command("seed_demo", seed=3, patients=2, days=1, ahead=1)
            now = timezone.now()  # the clock ran meanwhile: seconds, or minutes on a busy machine

        assert lived_through().filter(at__gt=now).count() == 0
        assert Letter.objects.filter(created_at__gt=now).count() == 0

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
    """Each code was reckoned by RFC 6238 with openssl from the key that an app is given."""

    @pytest.mark.parametrize(
        ("time", "code"),
        [
            ("2026-11-18T03:00:00+00:00", "513732"),
            ("2026-11-18T03:00:29+00:00", "513732"),
            ("2026-11-18T03:00:30+00:00", "115071"),
            ("2026-11-18T03:02:00+00:00", "063884"),
        ],
    )
    def test_is_what_an_authenticator_app_shows(self, time, code):
        assert people.code(at=datetime.fromisoformat(time)) == code

    def test_comes_from_the_key_that_an_app_is_given(self):
        assert bytes.fromhex(people.DEMO_TOTP_KEY) == b"demo-only-not-secret"
