"""People: registering, inviting, changing their role, checking who they are, closing their account."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from clinic import auditing, consenting, staying, throttling
from clinic.models import AuditEvent, Closure, Consent, Patient, Practitioner, Role, User
from config.base import Refused, acting_as
from messaging import mailing, streaming
from messaging.models import Letter

CHECKED = frozenset({"user", "ahpra_number", "prescriber_number", "provider_number", "hpii"})
"""What the second manager looks up; a change of it asks for another look."""

IDENTITY = frozenset({"given_name", "family_name", "date_of_birth"})
"""What a doctor compares with a document; a change of it asks for another look."""
WELCOME = "account/mail/welcome"
UNIDENTIFIED = "The identity check is void: name or date of birth changed."


class NotAllowed(Refused):
    def __init__(self) -> None:
        super().__init__("This is a practice manager's to do. Please ask one.")


class NotYourself(Refused):
    def __init__(self) -> None:
        super().__init__("Nobody does this for themselves. Please ask another manager.")


class StaysPatient(Refused):
    def __init__(self) -> None:
        super().__init__(
            "A patient's account stays a patient's. Invite the person with a second e-mail address."
        )


class AddressTaken(Refused):
    def __init__(self) -> None:
        super().__init__("There is already an account with this e-mail address. Look for it in the list.")


class ClosedByThem(Refused):
    def __init__(self) -> None:
        super().__init__(
            "The patient closed this account. Open it under Closed accounts; you say there who asked."
        )


class SecondPersonNeeded(Refused):
    def __init__(self) -> None:
        super().__init__(
            "You wrote these details, so somebody else has to verify them. Please ask another manager."
        )


class TwiceAtOnce(Refused):
    def __init__(self) -> None:
        super().__init__("Your form arrived twice. Please look for our letter in your mailbox.")


@transaction.atomic
def register(email: str, *, password: str, given_name: str, family_name: str) -> User:
    """Make the account and the record of somebody who signs up: always a patient.

    :raises TwiceAtOnce: the same address is signing up at this moment
    """
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                email, password, role=Role.PATIENT, given_name=given_name, family_name=family_name
            )
    except IntegrityError:
        raise TwiceAtOnce from None
    with acting_as(user):
        patient = Patient.objects.add(by=user, why="Signed up.", user=user)
        consenting.agree(patient, kinds=[Consent.Kind.PRIVACY], by=user)
    return user


@transaction.atomic
def invite(email: str, *, role: str, given_name: str, family_name: str, by: User | None) -> User:
    """Make an account for one of the staff and send them a link to choose a password.

    :raises NotAllowed: only managers invite
    :raises AddressTaken: somebody has this address
    """
    _only_managers(by)
    if role == Role.PATIENT:
        raise StaysPatient
    if User.objects.filter(email__iexact=email).exists():
        raise AddressTaken
    with acting_as(by):
        user = User.objects.create_user(email, role=role, given_name=given_name, family_name=family_name)
    # The link goes to this mailbox alone, so whoever follows it has shown that it is theirs.
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    send_invitation(user, by=by)
    return user


def send_invitation(user: User, *, by: User | None) -> None:
    """Send (again) the link by which one of the staff chooses a password."""
    _only_managers(by)
    if not user.is_staff:
        raise StaysPatient
    mailing.queue(
        "account/mail/invitation",
        recipient=user,
        to=user.email,
        context={"role": user.get_role_display().lower()},
        is_confidential=True,
        by=by,
    )


@transaction.atomic
def change_role(user: User, role: str, *, by: User | None, why: str) -> None:
    """Let one of the staff work in another role from now on.

    :raises NotAllowed: only managers change roles
    :raises NotYourself: and never their own
    :raises StaysPatient: staff and patients do not turn into each other
    """
    _only_managers(by)
    _not_oneself(user, by=by)
    if Role.PATIENT in {user.role, role}:
        raise StaysPatient
    user.lock().change(by=by, why=why, role=role)


@transaction.atomic
def deactivate(user: User, *, by: User | None, why: str) -> None:
    """Close an account: its open pages hear nothing more, its sessions end with their next request."""
    _only_managers(by)
    _not_oneself(user, by=by)
    user.lock().change(by=by, why=why, is_active=False)
    staying.end_all(user, by=by, why="The account was closed.")
    streaming.recheck(user)


@transaction.atomic
def activate(user: User, *, by: User | None, why: str) -> None:
    """Open a closed account again.

    :raises ClosedByThem: the patient closed it, and nobody made sure who asks
    """
    _only_managers(by)
    if Closure.objects.filter(patient__user=user, reopened_at=None).exists():
        raise ClosedByThem
    user.lock().change(by=by, why=why, is_active=True)


@transaction.atomic
def reset_second_factor(user: User, *, by: User | None, why: str) -> None:
    """Forget the app and recovery codes that somebody lost; their next sign-in sets up a new one."""
    _only_managers(by)
    _not_oneself(user, by=by)
    for kind in (TOTPDevice, StaticDevice):
        kind.objects.filter(user=user).delete()
    auditing.note(AuditEvent.Action.SECOND_FACTOR, by=by, record=user, why=f"Reset: {why}")
    staying.end_all(user, by=by, why="The second factor was reset.")
    tell_of_second_factor(user, "A practice manager took it back; at your next sign-in you set up a new one.")


def end_sessions(user: User, *, by: User | None, why: str) -> int:
    """End every session of one of the staff, and tell how many these were.

    :raises NotAllowed: only managers end the sessions of others
    :raises StaysPatient: patients end theirs themselves
    """
    _only_managers(by)
    _not_oneself(user, by=by)
    if not user.is_staff:
        raise StaysPatient
    return staying.end_all(user, by=by, why=f"Ended by a manager: {why}")


@transaction.atomic
def lift_lock(user: User, *, by: User | None, why: str) -> None:
    """Let an account take passwords again that is shut after too many wrong ones.

    :raises NotAllowed: only managers do
    """
    _only_managers(by)
    throttling.lift(user.email)
    auditing.note(AuditEvent.Action.LOCK_OUT, by=by, record=user, why=f"Lifted: {why}", outcome="lifted")


def tell_of_second_factor(user: User, what: str) -> None:
    """Owe ``user`` a letter that their second factor is another one now: they may know nothing of it."""
    mailing.queue("account/mail/second_factor_changed", recipient=user, to=user.email, context={"what": what})


@transaction.atomic
def welcome(user: User) -> None:
    """Greet a patient once, when their address is confirmed; hearing it twice changes nothing."""
    if user.lock().is_staff or Letter.objects.filter(recipient=user, template=WELCOME).exists():
        return
    mailing.queue(WELCOME, recipient=user, to=user.email, context={})


@transaction.atomic
def verify_practitioner(practitioner: Practitioner, *, by: User) -> None:
    """Confirm that the registration was looked up; only then may the doctor prescribe.

    :raises NotAllowed: only managers verify
    :raises NotYourself: not their own registration
    :raises SecondPersonNeeded: whoever wrote the details cannot confirm them
    """
    if not by.has_perm("clinic.verify_practitioner"):
        raise NotAllowed
    _not_oneself(practitioner.user, by=by)
    # Versions that were not verified yet are those whose writer needs a second pair of eyes.
    if practitioner.lock().history.filter(history_user=by, verified_at=None).exists():
        raise SecondPersonNeeded
    practitioner.change(by=by, why="Registration verified.", verified_at=timezone.now(), verified_by=by)


@transaction.atomic
def change_details(practitioner: Practitioner, *, changed: Iterable[str], by: User, why: str = "") -> None:
    """Keep the details as they stand on ``practitioner``, a new one or one of whom ``changed`` is different.

    What the second manager looked up asks for another look when it changes.
    """
    if CHECKED & set(changed):
        practitioner.verified_at = practitioner.verified_by = None
    practitioner.sign_with(by=by, why=why).save()


@transaction.atomic
def change_patient(patient: Patient, *, changed: Iterable[str], by: User) -> bool:
    """Keep the details as they stand on ``patient``; tell whether a doctor has to look again who it is."""
    is_void = patient.identified_at is not None and bool(IDENTITY & set(changed))
    if is_void:
        patient.identified_at, patient.identified_by, patient.identity_document = None, None, ""
    patient.sign_with(by=by, why=UNIDENTIFIED if is_void else "").save()
    return is_void


@transaction.atomic
def change_person(user: User, *, changed: Iterable[str], by: User) -> bool:
    """Keep the details as they stand on ``user``; tell whether the identity is to be checked again."""
    user.sign_with(by=by).save()
    patient = Patient.objects.filter(user=user, identified_at__isnull=False).first()
    if patient is None or not IDENTITY & set(changed):
        return False
    void = {"identified_at": None, "identified_by": None, "identity_document": ""}
    patient.lock().change(by=by, why=UNIDENTIFIED, **void)
    return True


@transaction.atomic
def record_identifiers(patient: Patient, *, by: User, why: str = "", **numbers: Any) -> None:
    """Keep the numbers that were read from the patient's card."""
    patient.lock().change(by=by, why=why or "Read from the card.", **numbers)


def reveal_identifiers(patient: Patient, *, by: User, why: str) -> None:
    """Write down that ``by`` looked at the patient's numbers in full, and why."""
    if not by.has_perm("clinic.view_patient_identifiers"):
        raise NotAllowed
    auditing.note(AuditEvent.Action.READ, by=by, record=patient, why=f"Identifiers revealed: {why}")


def _only_managers(by: User | None) -> None:
    if by and not by.has_perm("clinic.add_user"):
        raise NotAllowed


def _not_oneself(user: User, *, by: User | None) -> None:
    if user == by:
        raise NotYourself
