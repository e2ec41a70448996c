"""Closing one's account: what ends, what is kept, and how it opens again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from clinic import cancelling, enrolling, filling, opting, roles, staying, subscribing, waitlisting
from clinic.models import Appointment, Closure, Patient, WaitlistEntry, WaitlistOffer
from config.base import Refused
from messaging import choosing, mailing, streaming
from messaging.models import Letter

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from clinic.models import User

FOR_STAFF = "clinic/mail/account_closed"
FOR_PATIENT = "clinic/mail/account_ended"
WHY = "The patient closed their account."


class NotYours(Refused):
    def __init__(self) -> None:
        super().__init__("Only the patient closes their account.")


class HasAppointments(Refused):
    def __init__(self) -> None:
        super().__init__(
            "There is an appointment to come. Cancel it first, or say that it is cancelled with the account."
        )


class SeenNow(Refused):
    def __init__(self) -> None:
        super().__init__("A doctor is seeing you, or waits for you. Close your account when that is over.")


class IsOpen(Refused):
    def __init__(self) -> None:
        super().__init__("This account was opened again already. Reload the page.")


class NotAllowed(Refused):
    def __init__(self) -> None:
        super().__init__("This is a practice manager's to do. Please ask one.")


class Unknown(Refused):
    def __init__(self) -> None:
        super().__init__("Write how you made sure who asks.")


def to_come(patient: Patient) -> QuerySet[Appointment]:
    """What would be cancelled: paid visits that are still to come."""
    confirmed = [Appointment.Status.CONFIRMED, Appointment.Status.ARRIVED]
    return Appointment.objects.filter(patient=patient, status__in=confirmed).order_by("starts_at", "pk")


def close(patient: Patient, *, cancels: bool, by: User) -> None:
    """End what ``patient`` has open here, and their sign-in; the record stays.

    With ``cancels`` the visits to come are cancelled, as the agreed policy says. Where that fails, nothing
    is closed.

    :raises NotYours: ``by`` is somebody else
    :raises SeenNow: they are being seen
    :raises HasAppointments: there is a visit to come, and it is not to be cancelled
    :raises gateway.Unreachable: a payment page is open and cannot be closed now
    """
    if by != patient.user:
        raise NotYours
    busy = [Appointment.Status.ARRIVED, Appointment.Status.IN_CONSULTATION]
    begun = {"status": Appointment.Status.CONFIRMED, "starts_at__lte": timezone.now()}
    # Of one that has begun nobody has said yet what became of it; it cannot be cancelled any more.
    if patient.appointments.filter(Q(status__in=busy) | Q(**begun)).exists():
        raise SeenNow
    if not cancels and to_come(patient).exists():
        raise HasAppointments
    for offer in WaitlistOffer.objects.open(timezone.now()).filter(entry__patient=patient):
        filling.decline(offer, by=by)
    for appointment in patient.appointments.filter(status__in=Appointment.TO_COME):
        cancelling.cancel(appointment, by=by, why=WHY)
    _close(patient, by=by)


@transaction.atomic
def _close(patient: Patient, *, by: User) -> None:
    user = patient.user.lock()
    if not user.is_active:
        return  # the form came twice
    if patient.appointments.filter(status__in=Appointment.TO_COME).exists():
        raise HasAppointments
    for entry in WaitlistEntry.objects.filter(patient=patient, status=WaitlistEntry.Status.WAITING):
        waitlisting.leave(entry, by=by, why=WHY)
    opting.end(patient, by=by)
    choosing.choose(user, wanted=(), by=by, why=WHY, mobile="")
    subscribing.close(user)
    closure = Closure.objects.add(by=by, why=WHY, patient=patient)
    user.lock().change(by=by, why=WHY, is_active=False)
    staying.end_all(user, by=by, why=WHY)
    streaming.recheck(user)
    _tell(patient, closure)


def _tell(patient: Patient, closure: Closure) -> None:
    user = patient.user
    mailing.queue(FOR_PATIENT, recipient=user, to=user.email, context={"name": user.get_short_name()})
    path, now = reverse("admin:clinic_closure_change", args=[closure.pk]), timezone.now()
    mailing.queue_all(
        [
            Letter(
                template=FOR_STAFF,
                recipient=person,
                to=person.email,
                context={"name": person.get_short_name(), "path": path},
                next_attempt_at=now,
            )
            for person in roles.who_may("clinic.reopen_closure")
        ]
    )


@transaction.atomic
def reopen(closure: Closure, *, identity_how: str, by: User) -> None:
    """Let the patient sign in again, who asked for it and was recognised; letters and offers stay off.

    :raises NotAllowed: ``by`` may not
    :raises Unknown: nothing says how the patient was recognised
    :raises IsOpen: it is open again
    """
    if not by.has_perm("clinic.reopen_closure"):
        raise NotAllowed
    if not identity_how.strip():
        raise Unknown
    if closure.lock().reopened_at is not None:
        raise IsOpen
    closure.change(
        by=by,
        why="The patient asked for it.",
        identity_how=identity_how.strip(),
        reopened_at=timezone.now(),
        reopened_by=by,
    )
    enrolling.activate(closure.patient.user, by=by, why="The patient asked for it.")
