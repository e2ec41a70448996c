"""The cast of the clinic: doctors, patients, kinds of appointment, fees, a free time."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from billing import charging
from billing.models import Fee
from billing.simulator.testing import simulated_stripe, stripe_simulator  # noqa: F401  fixtures
from clinic import booking
from clinic.models import Appointment, AppointmentType, Patient, Practitioner, Slot


@pytest.fixture
def make_doctor(make_user):
    def make(name: str = "doctor", zone: str = "Australia/Sydney", **fields) -> Practitioner:
        number = f"MED{1_000_000_000 + Practitioner.objects.count()}"
        return Practitioner.objects.add(
            user=make_user("doctor", name, time_zone=zone), ahpra_number=number, time_zone=zone, by=None, **fields
        )

    return make


@pytest.fixture
def make_patient(make_user):
    def make(name: str = "patient", zone: str = "Australia/Sydney", **fields) -> Patient:
        return Patient.objects.add(user=make_user("patient", name, time_zone=zone), by=None, **fields)

    return make


@pytest.fixture
def doctor(make_doctor):
    return make_doctor()


@pytest.fixture
def patient(make_patient):
    return make_patient()


@pytest.fixture
def short_visit(db):
    return AppointmentType.objects.add(name="Short consultation", minutes=15, by=None)


@pytest.fixture
def long_visit(db):
    return AppointmentType.objects.add(name="Long consultation", minutes=30, by=None)


@pytest.fixture
def fees(db):
    for code, amount in [("consultation.new", "80.00"), ("consultation.returning", "50.00")]:
        Fee.objects.add(
            code=code, description="Consultation", amount=Decimal(amount), effective_from=date(2020, 1, 1), by=None
        )


@pytest.fixture
def make_slot(doctor, short_visit):
    """Offer a time, in so many hours from now; tomorrow at this time unless said."""

    def make(hours: float = 24, of: Practitioner | None = None, **fields) -> Slot:
        starts_at = timezone.now() + timedelta(hours=hours)
        kind = fields.pop("appointment_type", short_visit)
        return Slot.objects.add(
            practitioner=of or doctor,
            appointment_type=kind,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=kind.minutes),
            by=None,
            **fields,
        )

    return make


@pytest.fixture
def slot(make_slot):
    return make_slot()


@pytest.fixture
def held(slot, patient, fees) -> Appointment:
    return booking.hold(slot, patient=patient, by=patient.user)


@pytest.fixture
def settle(make_user):
    """Pay for a held appointment at the desk; gives it back as it is then."""

    def do(appointment: Appointment) -> Appointment:
        cashier = type(appointment.patient.user).objects.filter(email="cashier@example.com").first()
        charging.take_payment(
            appointment.order, by=cashier or make_user("manager", "cashier"), method="terminal"
        )
        return Appointment.objects.get(pk=appointment.pk)

    return do


@pytest.fixture
def confirmed(held, settle) -> Appointment:
    return settle(held)
