from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import IntegrityError, transaction

from billing import charging
from billing.models import Fee, Order
from clinic import booking, consenting, rostering
from clinic.models import Appointment, Consent, Practice
from messaging.models import Letter

NOON = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
PAGES = {"success_url": "https://clinic.example/paid", "cancel_url": "https://clinic.example/left"}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def monday_noon(request):
    """The clock stands still, but where the simulator's runs beside ours."""
    if "simulated_stripe" in request.fixturenames:
        yield
    else:
        with time_machine.travel(NOON, tick=False):
            yield


def letters() -> list[str]:
    return [
        letter.template.removeprefix("clinic/mail/") for letter in Letter.objects.order_by("created_at", "pk")
    ]


class TestFeeFor:
    def test_is_the_first_fee_for_someone_new(self, patient, short_visit, fees):
        assert booking.fee_for(patient, short_visit).amount == Decimal("80.00")

    @pytest.mark.parametrize(
        ("status", "amount"),
        [
            ("held", "80.00"),
            ("confirmed", "80.00"),
            ("arrived", "80.00"),
            ("in_consultation", "80.00"),
            ("completed", "50.00"),
            ("no_show", "50.00"),
            ("expired", "80.00"),
            ("cancelled", "80.00"),
            ("moved", "80.00"),
        ],
    )
    def test_is_the_later_fee_after_a_visit_or_a_missed_one(
        self, held, patient, short_visit, status, amount, forced
    ):
        forced(held, status)

        assert booking.fee_for(patient, short_visit).amount == Decimal(amount)

    def test_follows_the_codes_of_the_kind(self, patient, long_visit):
        Fee.objects.add(
            code="long.new", description="Long", amount="120.00", effective_from=date(2026, 1, 1), by=None
        )
        long_visit.change(new_fee="long.new", by=None)

        assert booking.fee_for(patient, long_visit).amount == Decimal("120.00")

    def test_counts_days_by_the_clock_of_the_practice(self, patient, short_visit):
        for amount, first, until in [("80.00", "2026-01-01", "2026-03-03"), ("85.00", "2026-03-03", None)]:
            Fee.objects.add(
                code="consultation.new",
                description="Consultation",
                amount=amount,
                effective_from=first,
                effective_until=until,
                by=None,
            )

        with time_machine.travel("2026-03-02T12:59Z", tick=False):
            before = booking.fee_for(patient, short_visit).amount
        with time_machine.travel("2026-03-02T13:00Z", tick=False):
            after = booking.fee_for(patient, short_visit).amount

        assert (before, after) == (Decimal("80.00"), Decimal("85.00"))

    def test_refuses_when_nobody_has_set_one(self, patient, short_visit):
        with pytest.raises(charging.NoFee):
            booking.fee_for(patient, short_visit)


class TestHold:
    def test_refuses_the_time_of_a_doctor_who_takes_nobody_now(self, slot, patient, fees, doctor):
        doctor.change(accepts_patients=False, by=None)

        with pytest.raises(booking.SlotWithdrawn):
            booking.hold(slot, patient=patient, by=patient.user)

    def test_refuses_the_time_of_a_doctor_who_has_left(self, slot, patient, fees, doctor):
        doctor.user.is_active = False
        doctor.user.save()

        with pytest.raises(booking.SlotWithdrawn):
            booking.hold(slot, patient=patient, by=patient.user)

    def test_keeps_the_slot_for_fifteen_minutes(self, slot, patient, fees):
        appointment = booking.hold(slot, patient=patient, by=patient.user)

        assert appointment.status == "held"
        assert appointment.held_until == NOON + timedelta(minutes=15)
        assert (appointment.starts_at, appointment.ends_at) == (slot.starts_at, slot.ends_at)
        assert (appointment.order.payer, appointment.order.amount) == (patient.user, Decimal("80.00"))

    def test_keeps_it_as_long_as_the_practice_says(self, slot, patient, fees):
        Practice.objects.add(hold_minutes=25, by=None)

        appointment = booking.hold(slot, patient=patient, by=patient.user)

        assert appointment.held_until == NOON + timedelta(minutes=25)

    def test_fixes_the_price(self, held):
        Fee.objects.update(amount="999.00")

        held.order.refresh_from_db()
        assert held.order.amount == Decimal("80.00")

    def test_writes_down_what_the_patient_agreed_to(self, slot, patient, fees):
        booking.hold(slot, patient=patient, by=patient.user, consents=consenting.BEFORE_BOOKING)

        consents = Consent.objects.filter(patient=patient, recorded_by=patient.user)
        assert set(consents.values_list("kind", flat=True)) == {"telehealth", "fees", "privacy"}

    def test_refuses_a_time_that_has_begun(self, make_slot, patient, fees):
        slot = make_slot(hours=0)

        with pytest.raises(booking.SlotPast, match="has passed"):
            booking.hold(slot, patient=patient, by=patient.user)

        assert not Appointment.objects.exists()

    def test_refuses_a_time_that_was_withdrawn(self, slot, patient, manager, fees):
        rostering.withdraw(slot, by=manager, why="Training.")

        with pytest.raises(booking.SlotWithdrawn, match="no longer offered"):
            booking.hold(slot, patient=patient, by=patient.user)

    def test_refuses_a_kind_that_is_no_longer_offered(self, slot, short_visit, patient, fees):
        short_visit.change(is_offered=False, by=None)

        with pytest.raises(booking.SlotWithdrawn):
            booking.hold(slot, patient=patient, by=patient.user)

    def test_refuses_a_time_that_is_taken(self, held, slot, make_patient):
        latecomer = make_patient("latecomer")

        with pytest.raises(booking.SlotTaken, match="has just been taken"):
            booking.hold(slot, patient=latecomer, by=latecomer.user, consents=consenting.BEFORE_BOOKING)

        assert Appointment.objects.count() == Order.objects.count() == 1
        assert not Consent.objects.exists()

    @pytest.mark.parametrize("minutes", [-14, 0, 14])
    def test_refuses_to_put_a_patient_in_two_places(self, held, patient, make_slot, make_doctor, minutes):
        other = make_slot(hours=24 + minutes / 60, of=make_doctor("other"))

        with pytest.raises(booking.InTwoPlaces, match="already have an appointment at this time"):
            booking.hold(other, patient=patient, by=patient.user)

    @pytest.mark.parametrize("minutes", [-15, 15])
    def test_allows_one_visit_right_after_the_other(self, held, patient, make_slot, make_doctor, minutes):
        other = make_slot(hours=24 + minutes / 60, of=make_doctor("other"))

        assert booking.hold(other, patient=patient, by=patient.user).status == "held"

    @pytest.mark.parametrize("status", ["expired", "cancelled", "moved"])
    def test_takes_a_time_that_was_given_back(self, held, slot, make_patient, status, forced):
        forced(held, status)
        next_one = make_patient("next")

        assert booking.hold(slot, patient=next_one, by=next_one.user).status == "held"


class TestMostHolds:
    @pytest.fixture
    def second(self, held, patient, make_slot):
        return booking.hold(make_slot(48), patient=patient, by=patient.user)

    def test_are_two_at_once(self, second, patient, make_slot, make_patient):
        slot, other = make_slot(72), make_patient("other")

        with pytest.raises(booking.HoldsEnough, match="pay for, or give up, the times you are holding"):
            booking.hold(slot, patient=patient, by=patient.user)

        assert patient.appointments.count() == 2
        assert booking.hold(slot, patient=other, by=other.user).status == "held"

    @pytest.mark.parametrize("status", ["confirmed", "expired", "cancelled"])
    def test_count_while_they_are_held(self, second, patient, make_slot, status, forced):
        forced(second, status)

        assert booking.hold(make_slot(72), patient=patient, by=patient.user).status == "held"


class TestRefusal:
    """Where only the database saw who was faster, the sentence is the same."""

    @pytest.fixture
    def clash(self, held, make_patient, make_slot, make_doctor):
        """What the database says to a second claim that no rule has looked at."""

        def insert(*, same_slot: bool) -> IntegrityError:
            other = make_slot(24, of=make_doctor("other"))
            order = charging.open_order(
                payer=held.patient.user,
                lines=[charging.Line("Consultation", "gst_free", Decimal(80))],
                by=None,
            )
            with pytest.raises(IntegrityError) as error, transaction.atomic():
                Appointment.objects.add(
                    slot=held.slot if same_slot else other,
                    patient=make_patient("second") if same_slot else held.patient,
                    starts_at=held.starts_at,
                    ends_at=held.ends_at,
                    order=order,
                    held_until=held.held_until,
                    by=None,
                )
            return error.value

        return insert

    @pytest.mark.parametrize(
        ("same_slot", "refusal"), [(True, booking.SlotTaken), (False, booking.InTwoPlaces)]
    )
    def test_is_a_sentence(self, clash, same_slot, refusal):
        assert type(booking.refusal(clash(same_slot=same_slot))) is refusal

    def test_leaves_other_mistakes_as_they_are(self):
        mistake = IntegrityError("Something else.")

        assert booking.refusal(mistake) is mistake
