"""Freed times: keeping each for the one who waited longest for it, until they take or decline it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from billing import charging
from clinic import booking, cancelling, consenting, moving, waitlisting
from clinic.models import Appointment, Practice, Slot, WaitlistEntry, WaitlistOffer
from config.base import Refused
from messaging import clocks

if TYPE_CHECKING:
    from clinic.models import User
    from messaging.models import Letter

# Nobody has to answer at night: between these hours, by the patient's clock, the time to do so stands still.
NIGHT, DAY = time(21), time(8)
MOST_SILENCES = 2
"""Offers that somebody leaves unanswered before their wait ends: times must not be kept for nobody."""
# Of these no other patient could get the time either.
FOR_NOBODY = (booking.SlotTaken, booking.SlotPast, booking.SlotWithdrawn, charging.NoFee)


class OfferOver(Refused):
    def __init__(self) -> None:
        super().__init__("This time is not kept for you any more. You are still on the waiting list.")


class TooSoon(Refused):
    def __init__(self) -> None:
        super().__init__("This time begins before anybody could answer an offer. Please call the patient.")


class DoesNotSuit(Refused):
    def __init__(self) -> None:
        super().__init__("This time does not suit the patient any more. Choose another time or patient.")


def offer_all(slots: Iterable[UUID]) -> int:
    """Offer each of the freed times to one who waits for it, earliest first; tell how many were offered."""
    freed = Slot.objects.filter(pk__in=slots, starts_at__gt=timezone.now())
    return sum(offer(slot) is not None for slot in freed.order_by("starts_at", "pk"))


def offer(slot: Slot) -> WaitlistOffer | None:
    """Offer ``slot`` to the one who waited longest and whom it suits, if there is one and it is free.

    Of two workers the second finds it taken: it is kept by an appointment like any other.
    """
    settle(WaitlistOffer.objects.filter(slot=slot))
    for entry in waitlisting.waiting_for(slot):
        try:
            return _offer(slot, entry=entry, by=None)
        except FOR_NOBODY:
            return None
        except (Refused, IntegrityError):  # this one has just got something else
            continue
    return None


def offer_to(slot: Slot, *, entry: WaitlistEntry, by: User) -> WaitlistOffer:
    """Offer ``slot`` to the one whom somebody in the practice chose among those whom it suits.

    :raises DoesNotSuit: it does not suit them, or they had it offered before
    :raises TooSoon: it begins too soon
    :raises booking.SlotTaken, booking.SlotPast, booking.SlotWithdrawn: it cannot be had
    """
    settle(WaitlistOffer.objects.filter(slot=slot))
    chosen = next((each for each in waitlisting.waiting_for(slot) if each == entry), None)
    if chosen is None:
        raise DoesNotSuit
    try:
        return _offer(slot, entry=chosen, by=by)
    except IntegrityError as clash:
        raise DoesNotSuit from clash


@transaction.atomic
def _offer(slot: Slot, *, entry: WaitlistEntry, by: User | None) -> WaitlistOffer:
    until = answer_by(slot, zone=entry.patient.user.time_zone, now=timezone.now())
    entry.move_to(WaitlistEntry.Status.OFFERED, by=by, why="A time was freed.")
    held = booking.hold(
        slot, patient=entry.patient, by=by, terms=booking.Terms(until, why="Kept for one who waits.")
    )
    offered = WaitlistOffer.objects.add(entry=entry, slot=slot, appointment=held, by=by)
    _tell(offered, "clinic/mail/waitlist_offer")
    return offered


def answer_by(slot: Slot, *, zone: str, now: datetime) -> datetime:
    """Until when ``slot`` is kept for somebody whose clock is that of ``zone``.

    :raises TooSoon: it begins before that
    """
    lasts = timedelta(minutes=Practice.objects.current().offer_minutes)
    by_day = _day_begins(now, zone=zone) + lasts
    until = by_day if by_day <= slot.starts_at else now + lasts
    if until > slot.starts_at:
        raise TooSoon
    return until


def _day_begins(now: datetime, *, zone: str) -> datetime:
    """Now, or the next morning when it is night."""
    there = clocks.local(now, zone=zone)
    if DAY <= there.time() < NIGHT:
        return now
    morning = there.date() + timedelta(days=there.time() >= NIGHT)
    return datetime.combine(morning, DAY, ZoneInfo(zone))


def accept(
    offered: WaitlistOffer, *, by: User, consents: Iterable[str] = (), read: str | None = None
) -> Appointment:
    """Take the time: it waits for payment now, or what they have and paid for moves there.

    :raises OfferOver: it was taken, declined or not answered in time
    :raises moving.TooLateToMove, IllegalMove: what they have has begun, or is over
    """
    if offered.entry.booking_id is None:
        return _keep(offered, by=by, consents=consents, read=read)
    with transaction.atomic():
        _open(offered)
        has = Appointment.objects.current().get(order=offered.entry.booking_id)
        cancelling.cancel(offered.appointment, by=by, why="Taken in exchange for what they have.")
        # Not the patient's own wish to move, for which it may be too late: the practice asked them to.
        moved = moving.move(has, to=offered.slot, by=None, why="The patient took an earlier time we offered.")
        offered.move_to(WaitlistOffer.Status.TAKEN, by=by)
        offered.entry.move_to(WaitlistEntry.Status.TAKEN, by=by)
    return moved


@transaction.atomic
def _keep(offered: WaitlistOffer, *, by: User, consents: Iterable[str], read: str | None) -> Appointment:
    _open(offered)
    held = offered.appointment
    consenting.agree(held.patient, kinds=consents, by=by, policy=held.policy, read=read)
    return held


def _open(offered: WaitlistOffer) -> None:
    """Lock the wait and its offer.

    :raises OfferOver: it cannot be taken any more
    """
    offered.entry.lock()
    offered.lock()
    if not WaitlistOffer.objects.open(timezone.now()).filter(pk=offered.pk).exists():
        raise OfferOver


def exchange_for(held: Appointment) -> WaitlistOffer | None:
    """The open offer for which ``held`` keeps a time that costs nothing more: it is taken, not paid for."""
    if held.status != Appointment.Status.HELD:
        return None
    offers = WaitlistOffer.objects.filter(status=WaitlistOffer.Status.OPEN, entry__booking__isnull=False)
    return offers.filter(appointment=held).first()


def decline(offered: WaitlistOffer, *, by: User) -> None:
    """Let the next one have the time; they go on waiting for another.

    :raises OfferOver: it is over already
    """
    if not WaitlistOffer.objects.open(timezone.now()).filter(pk=offered.pk).exists():
        raise OfferOver
    cancelling.cancel(offered.appointment, by=by, why="Declined.")
    settle(WaitlistOffer.objects.filter(pk=offered.pk))


def settle(offers: QuerySet[WaitlistOffer] | None = None) -> int:
    """Note what became of offers, by the appointments that kept their times; tell how many were over."""
    offers = WaitlistOffer.objects.all() if offers is None else offers
    over = offers.filter(status=WaitlistOffer.Status.OPEN).exclude(
        appointment__status=Appointment.Status.HELD
    )
    told = over.select_related("appointment", "slot", "entry__patient__user", "entry__appointment_type")
    return sum(_settle(offered) for offered in told)


@transaction.atomic
def _settle(offered: WaitlistOffer) -> bool:
    entry = offered.entry.lock()
    if offered.lock().status != WaitlistOffer.Status.OPEN:
        return False
    became = _what_became_of(offered.appointment)
    offered.move_to(became, by=None)
    if became == WaitlistOffer.Status.TAKEN:
        entry.move_to(WaitlistEntry.Status.TAKEN, by=None)
        return True
    entry.move_to(WaitlistEntry.Status.WAITING, by=None, why=offered.get_status_display())
    if became == WaitlistOffer.Status.LAPSED:
        _after_silence(offered)
    return True


def _what_became_of(appointment: Appointment) -> str:
    if appointment.room_id:  # opened when it was paid for, and kept since
        return WaitlistOffer.Status.TAKEN
    if appointment.status == Appointment.Status.EXPIRED:
        return WaitlistOffer.Status.LAPSED
    return WaitlistOffer.Status.DECLINED


def _after_silence(offered: WaitlistOffer) -> None:
    silences = offered.entry.offers.filter(status=WaitlistOffer.Status.LAPSED).count()
    if silences >= MOST_SILENCES:
        waitlisting.end(offered.entry, why="They did not answer.")
    else:
        _tell(offered, "clinic/mail/waitlist_lapsed")


def _tell(offered: WaitlistOffer, template: str) -> None:
    entry, slot, held = offered.entry, offered.slot, offered.appointment
    zone = entry.patient.user.time_zone
    waitlisting.tell(
        entry,
        template,
        practitioner=str(slot.practitioner),
        when=clocks.in_words(slot.starts_at, zone=zone),
        until=clocks.in_words(held.held_until, zone=zone),
        fee="" if entry.booking_id else f"{held.order.amount:,.2f}",
        offer=str(offered.pk),
        path=f"/portal/waiting/offers/{offered.pk}/",
    )


def _still_open(letter: Letter) -> bool:
    return WaitlistOffer.objects.open(timezone.now()).filter(pk=letter.context["offer"]).exists()


def _tells_more_than_ours(letter: Letter) -> bool:
    """Whether a letter about the end of a hold says what the patient does not know already.

    What was kept for one who waits ends by their own answer, or with a letter of its own.
    """
    patient = F("appointment__patient__user")
    theirs = Q(appointment__cancelled_by=None) | Q(appointment__cancelled_by=patient)
    kept = WaitlistOffer.objects.filter(theirs, appointment=letter.context["path"].split("/")[-2])
    return not kept.filter(appointment__room=None).exists()


STILL_WANTED = {
    "clinic/mail/waitlist_offer": _still_open,
    "clinic/mail/appointment_expired": _tells_more_than_ours,
    "clinic/mail/appointment_cancelled": _tells_more_than_ours,
}
