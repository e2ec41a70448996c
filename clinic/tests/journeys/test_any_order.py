"""Holds, payments, news of them, clocks and changes of mind in any order: what must hold always holds."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from billing import charging
from billing.models import Order, Payment, Refund
from clinic import attending, booking, cancelling, expiring, moving
from clinic.models import Appointment
from config import invariants
from config.base import Refused, work_off

PAGES = {"success_url": "https://clinic.example/paid", "cancel_url": "https://clinic.example/left"}
LONG_AFTER = timedelta(hours=2)  # every hold has run out by then


class Life(RuleBasedStateMachine):
    """Two patients and six times, of which some are at the same hour."""

    stage: dict  # patients, slots, manager and the simulator: the same for every run

    appointments = Bundle("appointments")
    pages = Bundle("pages")

    def __init__(self) -> None:
        super().__init__()
        # As a test case's own: what talks to the outside may do so in it, and nothing of it stays.
        self.undone = transaction.atomic()
        self.undone._from_testcase = True
        self.undone.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.undone.__exit__(None, None, None)

    @rule(target=appointments, patient=st.integers(0, 1), slot=st.integers(0, 5))
    def hold(self, patient, slot):
        someone = self.stage["patients"][patient]
        try:
            held = booking.hold(self.stage["slots"][slot], patient=someone, by=someone.user)
        except Refused:
            return multiple()
        return held.pk

    @rule(target=appointments, patient=st.integers(0, 1), slot=st.integers(0, 5))
    def book_without_a_hitch(self, patient, slot):
        """As most people do: or hardly any run of so many steps would get as far as a visit."""
        someone = self.stage["patients"][patient]
        try:
            held = booking.hold(self.stage["slots"][slot], patient=someone, by=someone.user)
        except Refused:
            return multiple()
        payment = booking.start_payment(held, by=someone.user, **PAGES)
        self.stage["simulator"].press(payment.url, "pay")
        charging.follow(payment.session_id)
        return held.pk

    @rule(target=pages, pk=appointments)
    def open_payment_page(self, pk):
        found = Appointment.objects.get(pk=pk)
        try:
            payment = booking.start_payment(found, by=found.patient.user, **PAGES)
        except Refused:
            return multiple()
        return (payment.session_id, payment.url)

    @rule(page=pages)
    def pay(self, page):
        self.stage["simulator"].press(page[1], "pay")

    @rule(page=pages)
    def hear_of_the_page(self, page):
        """A webhook, in time, late, or for the tenth time."""
        charging.follow(page[0])

    @rule(later=st.sampled_from([timedelta(0), LONG_AFTER]))
    def sweep(self, later):
        expiring.expire_holds(now=timezone.now() + later)

    @rule(pk=appointments, by_patient=st.booleans())
    def cancel(self, pk, by_patient):
        found = Appointment.objects.get(pk=pk)
        with_refusals(
            cancelling.cancel,
            found,
            by=found.patient.user if by_patient else self.stage["manager"],
            why="No.",
        )

    @rule(target=appointments, pk=appointments, slot=st.integers(0, 5), by_patient=st.booleans())
    def move(self, pk, slot, by_patient):
        found = Appointment.objects.get(pk=pk)
        by = found.patient.user if by_patient else self.stage["manager"]
        try:
            moved = moving.move(found, to=self.stage["slots"][slot], by=by, why="Another time.")
        except Refused:
            return multiple()
        return moved.pk

    @rule(pk=appointments)
    def miss(self, pk):
        found = Appointment.objects.get(pk=pk)
        with time_machine.travel(found.starts_at + timedelta(minutes=20)):
            with_refusals(attending.no_show, found, by=self.stage["manager"], why="Did not answer.")

    @rule()
    def let_the_worker_work(self):
        work_off()

    @invariant()
    def what_must_always_be_true_is_true(self):
        broken = [(found.check.name, found.examples) for found in invariants.examine() if found.broken]
        assert broken == []


def with_refusals(rule_, *args, **kwargs) -> None:
    """Ask a rule that may say no."""
    try:
        rule_(*args, **kwargs)
    except Refused:
        return


class Settled(Life):
    """The same, and at the end everybody has heard of everything."""

    def teardown(self) -> None:
        try:
            self.settle()
        finally:
            super().teardown()

    def settle(self) -> None:
        for session_id in Payment.objects.exclude(session_id=None).values_list("session_id", flat=True):
            charging.follow(session_id)
        expiring.expire_holds(now=timezone.now() + LONG_AFTER)
        work_off()
        self.what_must_always_be_true_is_true()
        assert not Refund.objects.unfinished().exists()
        stays = Appointment.objects.filter(status__in=["confirmed", "no_show"]).values("order")
        lost = Order.objects.exclude(pk__in=stays).exclude(kept=0)
        assert [(order.number, order.kept) for order in lost] == []


@pytest.mark.django_db
def test_every_order_of_events_ends_well(
    make_patient, make_doctor, make_slot, fees, manager, simulated_stripe
):
    doctors = [make_doctor("first"), make_doctor("second")]
    Life.stage = {
        "patients": [make_patient("ada"), make_patient("ben")],
        "slots": [make_slot(hours, of=doctor) for doctor in doctors for hours in (24, 25, 40)],
        "manager": manager,
        "simulator": simulated_stripe,
    }

    run_state_machine_as_test(
        Settled,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )
