"""The cast of the clinic: doctors, patients, kinds of appointment, fees, a free time."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from billing import charging
from billing.models import Fee
from billing.simulator.testing import simulated_stripe, stripe_simulator  # noqa: F401  fixtures
from catalog.models import Product, Supplier
from clinic import booking, caring, consenting, consulting, phrasing, prescribing, questioning, screening
from clinic.models import (
    Appointment,
    AppointmentType,
    Approval,
    CancellationPolicy,
    ConsentDraft,
    ConsentText,
    Encounter,
    Patient,
    Pharmacy,
    Practice,
    Practitioner,
    Prescription,
    QuestionnaireDraft,
    Roster,
    Segment,
    Slot,
)

PASSWORD = "long-enough-to-keep"


@pytest.fixture
def make_doctor(make_user):
    def make(name: str = "doctor", zone: str = "Australia/Sydney", **fields) -> Practitioner:
        number = f"MED{1_000_000_000 + Practitioner.objects.count()}"
        return Practitioner.objects.add(
            user=make_user("doctor", name, time_zone=zone),
            ahpra_number=number,
            time_zone=zone,
            by=None,
            **fields,
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
            code=code,
            description="Consultation",
            amount=Decimal(amount),
            effective_from=date(2020, 1, 1),
            by=None,
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
def make_policy(db):
    """Write down what cancelling costs from some day on: 24 hours and a half, unless said."""

    def make(from_on: date = date(2020, 1, 1), **fields) -> CancellationPolicy:
        return CancellationPolicy.objects.create(effective_from=from_on, **fields)

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


@pytest.fixture
def practice(db) -> Practice:
    return Practice.objects.add(
        by=None,
        name="Example Clinic", street="12 Example Street", suburb="Sydney", state="NSW", postcode="2000",
        phone="0255500100",
    )  # fmt: skip


@pytest.fixture
def encounter(confirmed, doctor) -> Encounter:
    return consulting.open(confirmed, by=doctor.user)


@pytest.fixture
def make_product(db):
    """List a medicine; an oil of category 4 (Schedule 8) unless said."""

    def make(name: str = "Night Oil", **fields) -> Product:
        supplier = Supplier.objects.filter(name="Example Supply").first() or Supplier.objects.add(
            by=None, key="example", name="Example Supply"
        )
        oil = {
            "brand": "Example", "dose_form": "oral_liquid", "size_value": Decimal(30), "size_unit": "mL",
            "thc_op": "=", "thc_value": Decimal(25), "thc_unit": "mg/mL", "thc_basis": "volume",
            "cbd_op": "=", "cbd_value": Decimal(1), "cbd_unit": "mg/mL", "cbd_basis": "volume",
            "tga_category": 4, "tga_category_stated": 4, "schedule": "S8",
        }  # fmt: skip
        return Product.objects.add(by=None, supplier=supplier, name=name, **oil | fields)

    return make


@pytest.fixture
def make_approval(doctor, patient):
    """Record a TGA approval for the oil of ``make_product``, to be used from yesterday for a year."""

    def make(**fields) -> Approval:
        today = timezone.localdate()
        approval = {
            "pathway": "sas_b", "reference": "MC26/104233", "practitioner": doctor, "patient": patient,
            "tga_category": 4, "dose_form": "oral_liquid", "indication": "Chronic pain",
            "from_on": today - timedelta(days=1), "until_on": today + timedelta(days=365),
        }  # fmt: skip
        return Approval.objects.add(by=doctor.user, **approval | fields)

    return make


@pytest.fixture
def code_of():
    """Tell the code that a person's authenticator shows, as if a new one every time."""

    def tell(user) -> str:
        device, _ = TOTPDevice.objects.get_or_create(user=user, name="Authenticator", confirmed=True)
        TOTPDevice.objects.filter(pk=device.pk).update(last_t=-1, throttling_failure_count=0)
        return f"{TOTP(device.bin_key).token():06}"

    return tell


@pytest.fixture
def ready(encounter, practice, doctor, patient, make_product, make_approval) -> Prescription:
    """A draft for an oil of Schedule 8, dispensed in Victoria, at which nothing is amiss."""
    now = timezone.now()
    by = doctor.user
    doctor.change(by=by, qualifications="MBBS, FRACGP", state="VIC", verified_at=now, verified_by=by)
    patient.change(
        by=by, date_of_birth=date(1980, 5, 10), street="1 Example Road", suburb="Geelong", state="VIC",
        postcode="3220", gp_name="Dr Example",
    )  # fmt: skip
    consulting.identify(patient, document="Driver licence, Vic, ending 123", by=by)
    consulting.confirm_location(encounter, state="VIC", by=by)
    Segment.objects.add(
        by=by, encounter=encounter, modality="video", started_at=now - timedelta(minutes=12), ended_at=now
    )
    for kind in consenting.CLASSES.values():
        caring.answer(patient, kind=kind, answer="given", by=by)
    prescribing.record_monitoring(encounter, state="VIC", result="no_alert", by=by)
    screening.record(encounter, depends_on_drugs=False, is_relative=False, by=by)
    for kind in ("conditions", "medicines"):
        caring.state_none_known(patient, kind=kind, by=by)
    make_approval()
    line = prescribing.write(
        encounter,
        product=make_product(),
        quantity=2,
        directions="Take 1 mL by mouth twice a day.",
        repeats=2,
        interval_days=28,
        by=by,
    )
    prescribing.send_to(line.prescription, state="VIC", indication="Chronic pain", by=by)
    return line.prescription


@pytest.fixture
def with_password(make_user):
    """Make somebody whose address is confirmed and who knows their password."""

    def make(role: str, name: str | None = None):
        user = make_user(role, name)
        user.set_password(PASSWORD)
        user.save()
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        return user

    return make


@pytest.fixture
def app_of():
    """Set up the authenticator app of somebody."""
    return lambda user: TOTPDevice.objects.create(user=user, name="Authenticator app", confirmed=True)


@pytest.fixture
def issued(ready, doctor, code_of):
    prescribing.issue(ready, by=doctor.user, code=code_of(doctor.user))
    return Prescription.objects.get(pk=ready.pk)


@pytest.fixture
def pharmacy(db) -> Pharmacy:
    return Pharmacy.objects.add(
        by=None, name="Corner Pharmacy", street="3 High Street", suburb="Geelong", state="VIC",
        postcode="3220", phone="0355500100",
    )  # fmt: skip


@pytest.fixture
def forced(off_guard):
    """Put an appointment into any status, past the rules and the database's guards."""

    def put(appointment: Appointment, status: str) -> Appointment:
        was_confirmed = status not in {"held", "expired"}
        changes = {
            "status": status,
            "confirmed_at": appointment.created_at if was_confirmed else None,
            "cancelled_as": "practice" if status == "cancelled" else "",
        }
        with off_guard("clinic_appointment"):
            Appointment.objects.filter(pk=appointment.pk).update(**changes)
        appointment.refresh_from_db()
        return appointment

    return put


@pytest.fixture
def timed(off_guard):
    """Let an appointment be at some other time, booked the day before it."""

    def put(appointment: Appointment, starts_at: datetime | str) -> Appointment:
        starts_at = datetime.fromisoformat(str(starts_at))
        at = {"starts_at": starts_at, "ends_at": starts_at + timedelta(minutes=15)}
        before = {"created_at": starts_at - timedelta(days=1)}
        if appointment.confirmed_at:
            before["confirmed_at"] = before["created_at"]
        with off_guard("clinic_appointment", "clinic_slot"):
            Slot.objects.filter(pk=appointment.slot_id).update(**at)
            Appointment.objects.filter(pk=appointment.pk).update(**at, **before)
        appointment.refresh_from_db()
        return appointment

    return put


@pytest.fixture
def shifted(off_guard):
    """Let every appointment and its time have been some days earlier."""

    def shift(days: int) -> None:
        with off_guard("clinic_appointment", "clinic_slot") as cursor:
            for table, columns in [
                ("clinic_slot", ["starts_at", "ends_at"]),
                ("clinic_appointment", ["starts_at", "ends_at", "created_at", "confirmed_at", "held_until"]),
            ]:
                changes = ", ".join(f"{column} = {column} - interval '{days} days'" for column in columns)
                cursor.execute(f"UPDATE {table} SET {changes}")  # noqa: S608  our own names

    return shift


@pytest.fixture
def mondays(doctor, short_visit) -> Roster:
    """Mondays nine to ten in Sydney, not yet kept: four times a week, 32 in eight weeks."""
    return Roster(
        practitioner=doctor,
        appointment_type=short_visit,
        weekday=Roster.Weekday.MONDAY,
        starts=time(9),
        ends=time(10),
        time_zone="Australia/Sydney",
        from_on=date(2026, 1, 1),
    )


@pytest.fixture
def draft(db) -> QuestionnaireDraft:
    return QuestionnaireDraft.objects.get(key="before_visit")


@pytest.fixture
def write(draft, manager):
    def do(*rows, title: str = "Before your visit") -> QuestionnaireDraft:
        questioning.rewrite(draft, title=title, questions=[*rows], saw=questioning.mark(draft), by=manager)
        return draft

    return do


@pytest.fixture
def reword(manager):
    """Have patients asked for something in other words from now on."""

    def publish(kind: str, *, more: str = "I know that I can ask again at any time.") -> ConsentText:
        draft = ConsentDraft.objects.get(kind=kind)
        body = f"{draft.body}\n\n{more}"
        phrasing.rewrite(draft, body=body, saw=phrasing.mark(draft), by=manager)
        return phrasing.publish(draft, by=manager)

    return publish
