"""Appointments: what they cost, holding, paying for, confirming and losing them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Case, Exists, Q, QuerySet, Value, When
from django.utils import timezone

from billing import charging, refunding
from billing.models import Payment, Refund
from clinic import announcing, calendars, consenting, reckoning
from clinic.models import (
    Appointment,
    AppointmentType,
    CancellationPolicy,
    Patient,
    Practice,
    Slot,
    WaitlistEntry,
)
from config.base import Refused, enqueue
from messaging import chatting, clocks, mailing

if TYPE_CHECKING:
    from clinic.models import Practitioner, User

MOST_HOLDS = 2  # of one patient at once, so that nobody keeps a day's times from the others


class SlotPast(Refused):
    def __init__(self) -> None:
        super().__init__("This time has passed. Please choose another.")


class SlotWithdrawn(Refused):
    def __init__(self) -> None:
        super().__init__("This time is no longer offered. Please choose another.")


class SlotTaken(Refused):
    def __init__(self) -> None:
        super().__init__("This time has just been taken. Please choose another.")


class InTwoPlaces(Refused):
    def __init__(self) -> None:
        super().__init__(
            "You already have an appointment at this time. Choose another time, or cancel that one first."
        )


CLASHES = {
    "clinic_appointment_has_its_slot_alone": SlotTaken,
    "clinic_appointment_patient_is_in_one_place": InTwoPlaces,
    "clinic_appointment_slot_is_offered": SlotWithdrawn,
    "clinic_appointment_lies_ahead": SlotPast,
}
"""What the database calls it when somebody was faster than a rule could see."""


class HoldsEnough(Refused):
    def __init__(self) -> None:
        super().__init__("Please pay for, or give up, the times you are holding first.")


class HoldOver(Refused):
    def __init__(self) -> None:
        super().__init__("The time to pay for this appointment has run out. Please choose a time again.")


class TermsChanged(Refused):
    def __init__(self) -> None:
        super().__init__(
            "The fee or the terms of cancelling have changed since you opened this page."
            " Please read them again."
        )


class NotHeld(Refused):
    def __init__(self, appointment: Appointment) -> None:
        now = appointment.get_status_display().lower()
        super().__init__(f"This appointment is {now}. There is nothing to pay for it now.")


def fee_for(
    patient: Patient,
    appointment_type: AppointmentType,
    *,
    practice: Practice | None = None,
    after: Appointment | None = None,
) -> charging.Line:
    """What an appointment costs ``patient`` if they hold it today.

    They are returning once they had an appointment with any of the doctors, or missed one, or had ``after``.

    :raises charging.NoFee: nobody has set the fee
    """
    returns = _been_here(patient, after=after).exists()
    code = appointment_type.returning_fee if returns else appointment_type.new_fee
    return charging.line_for(code, on=(practice or Practice.objects.current()).today())


def is_returning(patient: Patient) -> bool:
    return _been_here(patient).exists()


def _been_here(patient: Patient, *, after: Appointment | None = None) -> QuerySet[Appointment]:
    over = Q(status__in=[Appointment.Status.COMPLETED, Appointment.Status.NO_SHOW])
    if after:
        over |= Q(pk=after.pk)
    return Appointment.objects.filter(over, patient=patient).order_by()


class Terms(NamedTuple):
    """How a time is held: until when at most, and why."""

    until: datetime
    why: str = "Held for payment."
    after: Appointment | None = None
    """The visit that this one follows; it counts as one that was, though it may still be under way."""


def hold(
    slot: Slot | UUID,
    *,
    patient: Patient,
    by: User | None,
    consents: Iterable[str] = (),
    terms: Terms | None = None,
    read: str = "",
) -> Appointment:
    """Keep ``slot``, or the one of that key, for ``patient`` while they pay; its price stays as it is now.

    ``read`` is what ``shown`` called the fee and the policy that the patient saw, if they saw any, and after
    it the ``mark`` of the words that they agree to.

    :raises TermsChanged: either is another by now
    :raises consenting.WordsChanged: the words are others by now
    :raises SlotPast: it has begun
    :raises SlotWithdrawn: it is no longer offered
    :raises SlotTaken: someone else was faster
    :raises InTwoPlaces: the patient has another appointment then
    :raises HoldsEnough: the patient keeps others waiting already
    :raises Slot.DoesNotExist: there is no such time
    """
    key = slot.pk if isinstance(slot, Slot) else slot
    try:
        with transaction.atomic():
            return _hold(key, patient=patient, by=by, consents=consents, terms=terms, read=read)
    except IntegrityError as clash:
        raise refusal(clash) from clash


def _hold(
    key: UUID, *, patient: Patient, by: User | None, consents: Iterable[str], terms: Terms | None, read: str
) -> Appointment:
    now = timezone.now()
    # The patient first: two holds of one patient would wait for each other in the database's own check.
    Patient.objects.select_for_update().values_list("pk").get(pk=patient.pk)
    slot = ask_for(key, patient=patient, now=now, most_holds=MOST_HOLDS)
    practice = Practice.objects.current()
    terms = terms or Terms(now + timedelta(minutes=practice.hold_minutes))
    policy, fee = _agreed(patient, slot.appointment_type, practice=practice, after=terms.after)
    saw, _, words = read.rpartition(":")
    if read and saw != shown(policy, fee):
        raise TermsChanged
    consenting.agree(patient, kinds=consents, by=by, policy=policy, read=words if read else None)
    order = charging.open_order(payer=patient.user, lines=[fee], earner=slot.practitioner.user, by=by)
    announcing.taken(slot.pk)
    return Appointment.objects.add(
        slot=slot,
        patient=patient,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        order=order,
        policy=policy,
        held_until=min(terms.until, slot.starts_at),
        by=by,
        why=terms.why,
    )


def shown(policy: CancellationPolicy | None, fee: charging.Line) -> str:
    """What a page that shows this policy and fee sends along with the patient's yes."""
    return f"{policy.pk if policy else ''}:{fee.amount}"


def _agreed(
    patient: Patient, kind: AppointmentType, *, practice: Practice, after: Appointment | None
) -> tuple[CancellationPolicy | None, charging.Line]:
    """What ``patient`` agrees to if they book today, and what it costs them; read in one."""
    today = practice.today()
    code = Case(
        When(Exists(_been_here(patient, after=after)), then=Value(kind.returning_fee)),
        default=Value(kind.new_fee),
    )
    policy = charging.with_fee(CancellationPolicy.objects.in_force(today), code=code, on=today).first()
    if policy:
        return policy, charging.fee_with(policy)
    return None, fee_for(patient, kind, practice=practice, after=after)


def ask_for(key: UUID, *, patient: Patient, now: datetime, most_holds: int | None = None) -> Slot:
    """Lock a time and tell what it is, or refuse it when it cannot be had; the patient is locked already.

    What else there is of them is read in the same statement: that is why theirs is the first lock.
    """
    wanted = Slot.objects.wanted_by(patient).select_related("appointment_type", "practitioner__user")
    slot: Any = wanted.select_for_update(of=("self",)).get(pk=key)
    if most_holds is not None and slot.holds >= most_holds:
        raise HoldsEnough
    if slot.starts_at <= now:
        raise SlotPast
    is_offered = slot.is_offered and slot.appointment_type.is_offered
    if not (is_offered and slot.practitioner.accepts_patients and slot.practitioner.user.is_active):
        raise SlotWithdrawn
    if slot.is_taken:
        raise SlotTaken
    if slot.is_elsewhere:
        raise InTwoPlaces
    return slot


def freed(slots: Iterable[UUID]) -> None:
    """What follows wherever times become free again: cancelled, moved, not paid for. The one place for it.

    It is called in the transaction that frees them, once for all of a set.
    """
    slots = [*slots]
    if WaitlistEntry.objects.filter(status=WaitlistEntry.Status.WAITING).exists():
        enqueue("clinic.tasks.offer_freed", *slots)
    announcing.freed(slots)


def refusal(clash: IntegrityError) -> Exception:
    """The same sentence where only the database saw that somebody was faster."""
    constraint = getattr(getattr(clash.__cause__, "diag", None), "constraint_name", "") or ""
    told = CLASHES.get(constraint)
    return told() if told else clash


def start_payment(
    appointment: Appointment,
    *,
    success_url: str,
    cancel_url: str,
    by: User | None,
    consents: Iterable[str] = (),
    read: str | None = None,
) -> Payment:
    """Open the payment page. The first time, the hold starts anew: nobody is to hurry there (WCAG 2.2.1).

    Where somebody else chose the time, the patient says yes now, to ``consents`` in the words they ``read``.

    :raises NotHeld: it is not waiting for payment
    :raises HoldOver: the hold has run out
    :raises gateway.Unreachable: the payment service does not answer
    """
    extend(appointment, by=by, why="The payment page was opened.", consents=consents, read=read)
    return charging.start_checkout(
        appointment.order, success_url=success_url, cancel_url=cancel_url, expires=appointment.held_until
    )


@transaction.atomic
def extend(
    appointment: Appointment,
    *,
    by: User | None,
    why: str,
    consents: Iterable[str] = (),
    read: str | None = None,
) -> None:
    """Let the hold start anew, once, and write down what the patient says yes to.

    :raises NotHeld: it is not waiting for payment
    :raises HoldOver: the hold has run out
    """
    now = timezone.now()
    if appointment.lock().status != Appointment.Status.HELD:
        raise NotHeld(appointment)
    if appointment.held_until <= now:
        raise HoldOver
    consenting.agree(appointment.patient, kinds=consents, by=by, policy=appointment.policy, read=read)
    if appointment.extended_at is None:
        hold = timedelta(minutes=Practice.objects.current().hold_minutes)
        until = max(appointment.held_until, min(now + hold, appointment.starts_at))
        appointment.change(held_until=until, extended_at=now, by=by, why=why)


@transaction.atomic
def confirm(appointment: Appointment) -> None:
    """Turn a paid hold into a visit; money that came too late takes the time again, or goes back."""
    match appointment.lock().status:
        case Appointment.Status.HELD if appointment.ends_at <= timezone.now():
            appointment.move_to(Appointment.Status.EXPIRED, by=None, why="Paid when its time was over.")
            freed([appointment.slot_id])
            _lose(appointment, why="The payment came when the appointment was over.")
        case Appointment.Status.HELD:
            _confirm(appointment, why="Paid.")
        case Appointment.Status.EXPIRED:
            _confirm_late(appointment)
        case Appointment.Status.CANCELLED | Appointment.Status.MOVED:
            _lose(appointment, why="The payment came after the appointment was cancelled.")


def _confirm(appointment: Appointment, *, why: str) -> None:
    practitioner = appointment.slot.practitioner
    room = chatting.open_room(
        title=room_title(practitioner),
        members=[appointment.patient.user, practitioner.user],
        patient=appointment.patient.user,
        by=None,
    )
    now = timezone.now()
    appointment.move_to(Appointment.Status.CONFIRMED, by=None, why=why, room=room, confirmed_at=now)
    tell(appointment, "clinic/mail/appointment_confirmed")


def room_title(practitioner: Practitioner) -> str:
    return f"Consultation with {practitioner}"


def _confirm_late(appointment: Appointment) -> None:
    """Take the slot again for money that came after the hold, if nobody has it by now."""
    try:
        with transaction.atomic():
            patient = appointment.patient.lock()
            ask_for(appointment.slot_id, patient=patient, now=timezone.now())
            _confirm(appointment, why="Paid late; the time was still free.")
    except (Refused, IntegrityError):
        _lose(appointment.lock(), why="The payment came after the hold had ended.")


def _lose(appointment: Appointment, *, why: str) -> None:
    refunding.unwind(appointment.order, by=None, why=why, cause=Refund.Cause.LATE_PAYMENT)
    tell(appointment, "clinic/mail/appointment_lost")


def _dollars(amount: Decimal) -> str:
    return f"{amount:,.2f}" if amount else ""


def _money(appointment: Appointment) -> dict[str, str]:
    """What went back of the order, or is on its way, and what was kept."""
    order = appointment.order
    return {
        "back": _dollars(order.promised + order.refunded),
        "kept": _dollars(order.kept - order.promised),
        "paid": _dollars(order.paid),
    }


def tell(appointment: Appointment, template: str, *, whom: User | None = None) -> None:
    """Owe somebody a letter about ``appointment``, with its time by their own clock."""
    person = whom or appointment.patient.user
    mailing.queue(
        template,
        recipient=person,
        to=person.email,
        context=about(appointment, person=person),
        enclosures=[] if whom else calendars.enclosures(appointment),
    )


def call_path(appointment: Appointment) -> str:
    """Where the call of ``appointment`` takes place; empty while it has no room."""
    return f"/portal/rooms/{appointment.room_id}/call/" if appointment.room_id else ""


def about(appointment: Appointment, *, person: User) -> dict[str, Any]:
    """What a letter to ``person`` says of ``appointment``."""
    return {
        "name": person.get_short_name(),
        "practitioner": str(appointment.slot.practitioner),
        "when": clocks.in_words(appointment.starts_at, zone=person.time_zone),
        "how": appointment.slot.appointment_type.get_modality_display().lower(),
        "appointment": appointment.pk,
        "path": f"/portal/appointments/{appointment.pk}/",
        "call_path": call_path(appointment),
        "until": clocks.in_words(appointment.held_until, zone=person.time_zone),
        "fee": _dollars(appointment.order.amount),
        "free_until": clocks.in_words(reckoning.free_until(appointment), zone=person.time_zone),
        **_money(appointment),
    }
