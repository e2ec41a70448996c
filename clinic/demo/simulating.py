"""A clinic that never was: weeks of bookings, visits and scripts, made by the rules themselves.

The clock is moved through those weeks, so that every version, letter and payment bears the time at
which it would have been made. The same seed and the same day give the same clinic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

import time_machine
from django.db.models import Q
from django.utils import timezone

from billing import charging
from billing.simulator.running import RunningSimulator
from clinic import attending, booking, cancelling, expiring, rostering
from clinic.demo import casting, hours, telling, visiting
from clinic.models import Appointment, Consent, Patient, Slot, User
from config.base import acting_as, work_off
from messaging import mailing

VISITS_A_DAY = 8
BOOKED_AHEAD = timedelta(days=6)
FAR_AHEAD = 0.2  # share of bookings made for any of the weeks to come
PATIENT_YES = [Consent.Kind.PRIVACY, Consent.Kind.TELEHEALTH, Consent.Kind.FEES]
LONGEST_VISIT = timedelta(minutes=30)
NEVER_PAID, CANCELLED, MISSED = 0.04, 0.05, 0.05  # shares of bookings

Progress = Callable[[int, int, str], None]
"""Called with work done, work in all, and what is being done."""


class Plan(NamedTuple):
    """How large the demo clinic is to be."""

    seed: int
    patients: int
    past_days: int
    future_days: int


class Simulation:
    """One run through the weeks."""

    def __init__(self, plan: Plan, *, till: RunningSimulator, progress: Progress) -> None:
        self.plan, self.till, self.progress = plan, till, progress
        self.random = Random(plan.seed)  # noqa: S311  invented people, no secrets
        self.now = timezone.now().replace(microsecond=0)
        self.zone = ZoneInfo("Australia/Sydney")
        self.today = self.now.astimezone(self.zone).date()
        self.first = self.today - timedelta(days=plan.past_days)

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """Be at ``moment``."""
        with time_machine.travel(moment, tick=False):
            yield

    def morning(self, day: date) -> datetime:
        return datetime.combine(day, time(6), tzinfo=self.zone)

    def run(self) -> dict[str, int]:
        """Live through every day, and tell how much came of it."""
        with self.at(self.morning(self.first) - timedelta(days=1)):
            self.cast = casting.gather(self.plan.patients, random=self.random, progress=self.progress)
        days = [self.first + timedelta(days=number) for number in range(self.plan.past_days)]
        for number, day in enumerate(days):
            self.progress(number, len(days) + 1, f"{day:%d %B}")
            self.live_through(day)
        self.progress(len(days), len(days) + 1, "the weeks ahead")
        self.look_ahead()
        self.progress(len(days) + 1, len(days) + 1, "done")
        return self.told()

    def live_through(self, day: date) -> None:
        """Offer times, take bookings, see patients."""
        with self.at(self.morning(day)):
            rostering.offer(now=timezone.now())
            work_off()
        if day.weekday() < 5:
            self.book_some(day, count=VISITS_A_DAY, within=BOOKED_AHEAD)
        self.see_patients(day)

    def look_ahead(self) -> None:
        """From this morning on: the bookings of the coming weeks, and today's visits so far."""
        with self.at(min(self.morning(self.today), self.now)):
            rostering.offer(now=timezone.now())
        ahead = timedelta(days=self.plan.future_days)
        self.book_some(self.today, count=max(2, self.plan.future_days // 2), within=ahead)
        self.see_patients(self.today, until=self.now - LONGEST_VISIT)
        with self.at(self.now):  # somebody is at the payment page just now
            self.book_one(self.now, within=ahead, pays=False)
            hours.change(self.cast.manager)
        telling.ask(simulation=self)

    def book_some(self, day: date, *, count: int, within: timedelta) -> None:
        start = min(self.morning(day) + timedelta(hours=1), self.now)
        for number in range(count):
            moment = min(start + timedelta(minutes=7 * number), self.now)
            with self.at(moment):
                self.book_one(moment, within=within)

    def book_one(self, moment: datetime, *, within: timedelta, pays: bool = True) -> None:
        """Somebody chooses a time, and mostly pays for it."""
        if self.random.random() < FAR_AHEAD:
            within = max(within, timedelta(days=self.plan.future_days))
        in_reach = Slot.objects.free(moment).filter(
            starts_at__gt=moment + timedelta(hours=2), starts_at__lt=moment + within
        )
        free = list(in_reach.order_by("starts_at", "practitioner__ahpra_number").values_list("pk", flat=True))
        patient = self.random.choice(self.cast.patients)
        if not free or self.is_busy(patient):
            return
        with acting_as(patient.user):
            slots = Slot.objects.select_related("practitioner__user", "appointment_type")
            chosen = slots.get(pk=self.random.choice(free))
            held = booking.hold(chosen, patient=patient, by=patient.user, consents=PATIENT_YES)
            luck = self.random.random()
            if luck < NEVER_PAID or not pays:
                return
            self.pay(held, moment)
            if luck < NEVER_PAID + CANCELLED:
                cancelling.cancel(held, by=patient.user, why="Something came up.")
            else:
                telling.answer(held, simulation=self)
        work_off()

    def is_busy(self, patient: Patient) -> bool:
        open_ones = Q(status=Appointment.Status.HELD) | Q(status=Appointment.Status.CONFIRMED)
        return patient.appointments.filter(open_ones).exists()

    def pay(self, held: Appointment, moment: datetime) -> None:
        """Go to the payment page and press Pay; the clinic hears of it."""
        really = time_machine.escape_hatch.time.time()  # the till's own clock is never moved
        self.till.control("clock", int(moment.timestamp() - really))
        payment = booking.start_payment(
            held,
            success_url="http://127.0.0.1/paid",
            cancel_url="http://127.0.0.1/left",
            by=held.patient.user,
        )
        self.till.press(payment.url, "pay")
        charging.follow(payment.session_id or "")
        work_off()
        held.refresh_from_db()

    def see_patients(self, day: date, *, until: datetime | None = None) -> None:
        """Everybody who is confirmed for ``day``, in the order of the clock."""
        begin = datetime.combine(day, time(0), tzinfo=self.zone)
        end = min(begin + timedelta(days=1), until or begin + timedelta(days=1))
        with self.at(min(begin + timedelta(hours=5), self.now)):
            expiring.expire_holds(now=timezone.now())
            work_off()
        with self.at(min(begin + timedelta(hours=12), self.now)):
            mailing.send_due()  # what waited for the end of the night, in Perth as well
        todays = Appointment.objects.filter(
            status=Appointment.Status.CONFIRMED, starts_at__gte=begin, starts_at__lt=end
        ).order_by("starts_at", "pk")
        for appointment in todays.select_related("patient__user", "slot__practitioner__user", "room"):
            if self.random.random() < MISSED:
                with self.at(appointment.starts_at + timedelta(minutes=12)):
                    attending.no_show(
                        appointment, by=appointment.slot.practitioner.user, why="Did not answer."
                    )
            else:
                visiting.hold_visit(appointment, simulation=self)
            with self.at(appointment.ends_at):
                work_off()

    def told(self) -> dict[str, int]:
        counted = Appointment.objects.values_list("status", flat=True)
        found = dict.fromkeys(Appointment.Status.values, 0)
        for status in counted:
            found[status] += 1
        return {"patients": Patient.objects.count(), **{key: n for key, n in found.items() if n}}


def is_empty() -> bool:
    """Whether nobody lives in this database yet."""
    return not User.objects.exists()
