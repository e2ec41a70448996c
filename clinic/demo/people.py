"""Who can sign in to the demo clinic: one password and one second factor, known to every reader."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from clinic import enrolling
from clinic.models import Patient, Practitioner, Role, User

DOMAIN = "demo.promedicine.example"
DEMO_PASSWORD = "demo-only-promedicine"  # noqa: S105  printed by the demo, refused in production
# Of 20 bytes, as authenticator apps make them; it reads "demo-only-not-secret".
DEMO_TOTP_KEY = b"demo-only-not-secret".hex()


class Person(NamedTuple):
    """One of the staff: the part of the address before the @, and who they are."""

    name: str
    role: str
    given_name: str
    family_name: str
    zone: str = "Australia/Sydney"
    state: str = "NSW"
    # Of doctors: Ahpra, prescriber and provider number, qualifications.
    registration: tuple[str, str, str, str] | None = None

    @property
    def email(self) -> str:
        return f"{self.name}@{DOMAIN}"


STAFF = [
    Person("manager", Role.MANAGER, "Grace", "Thompson"),
    Person("second.manager", Role.MANAGER, "Arjun", "Patel"),
    Person("reception", Role.RECEPTION, "Ruby", "Walker"),
    Person("auditor", Role.AUDITOR, "Ingrid", "Larsen"),
    Person(
        "dr.hughes",
        Role.DOCTOR,
        "Eleanor",
        "Hughes",
        "Australia/Sydney",
        "NSW",
        ("MED0000932846", "2425739", "2426621B", "MBBS, FRACGP"),
    ),
    Person(
        "dr.nguyen",
        Role.DOCTOR,
        "Minh",
        "Nguyễn",
        "Australia/Brisbane",
        "QLD",
        ("MED0000932945", "8002211", "4024742F", "MD, FRACGP"),
    ),
    Person(
        "dr.silva",
        Role.DOCTOR,
        "Marco",
        "Silva",
        "Australia/Perth",
        "WA",
        ("MED0000932954", "8017242", "2438521X", "MBBS, FACRRM"),
    ),
]
PATIENT = f"patient@{DOMAIN}"


@transaction.atomic
def enrol_staff() -> dict[str, User]:
    """Make the staff, with their second factor; one manager writes, the other verifies."""
    staff = {person.name: _enrol(person) for person in STAFF}
    writer, verifier = staff["manager"], staff["second.manager"]
    for person in STAFF:
        if person.registration:
            ahpra, prescriber, provider, qualifications = person.registration
            practitioner = Practitioner.objects.add(
                by=writer,
                why="Registered with the clinic.",
                user=staff[person.name],
                ahpra_number=ahpra,
                prescriber_number=prescriber,
                provider_number=provider,
                qualifications=qualifications,
                time_zone=person.zone,
                state=person.state,
            )
            enrolling.verify_practitioner(practitioner, by=verifier)
    return staff


def _enrol(person: Person) -> User:
    user = _make(person.email, person.role, person.given_name, person.family_name, person.zone)
    _let_in(user)
    TOTPDevice.objects.create(user=user, name="Demo", key=DEMO_TOTP_KEY, confirmed=True)
    return user


@transaction.atomic
def enrol_patient(email: str, *, given_name: str, family_name: str, zone: str) -> Patient:
    """Make a patient's account; only the one to try the portal with gets a password."""
    user = _make(email, Role.PATIENT, given_name, family_name, zone)
    if email == PATIENT:
        _let_in(user)
    return Patient.objects.add(user=user, by=user, why="Signed up.")


def _make(email: str, role: str, given_name: str, family_name: str, zone: str) -> User:
    user = User.objects.create_user(
        email, None, role=role, given_name=given_name, family_name=family_name, time_zone=zone
    )
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def _let_in(user: User) -> None:
    User.objects.filter(pk=user.pk).update(password=make_password(DEMO_PASSWORD))


def code(*, at: datetime) -> str:
    """The second factor of every demo person at a moment."""
    clock = TOTP(bytes.fromhex(DEMO_TOTP_KEY))
    clock.time = at.timestamp()
    return f"{clock.token():06}"
