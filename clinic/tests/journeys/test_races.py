"""One slot and many people, one hold and its money and its clock: real processes, real locks."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from datetime import date, timedelta
from datetime import time as wall
from itertools import permutations

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from billing import charging
from clinic import booking, expiring
from clinic.models import Appointment, Roster, Shut, Slot
from config import invariants
from config.base import work_off
from messaging.models import Letter

pytestmark = pytest.mark.django_db(transaction=True)

PAGES = {"success_url": "https://clinic.example/paid", "cancel_url": "https://clinic.example/left"}
RACERS = 8
MISTAKES = {"IntegrityError", "OperationalError", "InternalError", "DoesNotExist", "RuntimeError"}
ENDS = {  # of a hold for which at most one payment was made
    ("confirmed", "paid"),
    ("expired", "void"),
    ("cancelled", "void"),
    ("cancelled", "refunded"),
}
HEAD_START = 0.3  # seconds in which every order arrives


@pytest.fixture(scope="module")
def racers(django_db_setup, stripe_simulator):
    """Processes on the tests' own database, kept for the whole module."""
    there = connection.settings_dict
    query = f"host={there['HOST']}&port={there['PORT']}&user={there['USER']}"
    environment = {
        **os.environ,
        "ENVIRONMENT": "test",
        "DATABASE_URL": f"postgres:///{there['NAME']}?{query}",
        "STRIPE_API_BASE": stripe_simulator.address,
    }
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "clinic.tests.journeys.racer"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=settings.BASE_DIR,
            env=environment,
            text=True,
        )
        for _ in range(RACERS)
    ]
    assert [racer.stdout.readline() for racer in started] == ["ready\n"] * RACERS
    yield started
    for racer in started:
        with racer:
            racer.stdin.close()


@pytest.fixture
def at_once(racers):
    """Have each process ask its rule in the same moment; what came of each, in order."""

    def run(*orders: tuple, apart: float = 0) -> list[str]:
        start = time.time() + HEAD_START
        for number, (racer, (rule, *arguments)) in enumerate(zip(racers, orders, strict=False)):
            at = start + number * apart
            order = {"at": at, "rule": rule, "arguments": [str(argument) for argument in arguments]}
            racer.stdin.write(json.dumps(order) + "\n")
            racer.stdin.flush()
        return [json.loads(racer.stdout.readline()) for racer, _ in zip(racers, orders, strict=False)]

    return run


def test_one_of_many_gets_the_slot(at_once, slot, make_patient, fees):
    patients = [make_patient(f"patient-{number}") for number in range(RACERS)]

    outcomes = at_once(*[("hold", slot.pk, patient.pk) for patient in patients])

    assert Counter(outcomes) == {"done": 1, "SlotTaken": RACERS - 1}
    assert Appointment.objects.live().count() == 1


def test_one_patient_gets_one_of_many_slots_of_the_same_hour(at_once, patient, make_doctor, make_slot, fees):
    slots = [make_slot(of=make_doctor(f"doctor-{number}")) for number in range(RACERS)]

    outcomes = at_once(*[("hold", slot.pk, patient.pk) for slot in slots])

    assert Counter(outcomes) == {"done": 1, "InTwoPlaces": RACERS - 1}


@pytest.mark.parametrize("round", range(3))
def test_payment_and_expiry_agree(at_once, held, patient, simulated_stripe, round):
    payment = booking.start_payment(held, by=patient.user, **PAGES)
    until = held.held_until.isoformat()

    outcomes = at_once(("pay", payment.url), ("expire", until), ("expire", until))
    charging.follow(payment.session_id)

    held.refresh_from_db()
    held.order.refresh_from_db()
    expired = sum(int(count) for count in outcomes[1:])
    assert (expired, held.status, held.order.status) in {(0, "confirmed", "paid"), (1, "expired", "void")}


@pytest.mark.parametrize("round", range(3))
def test_news_of_a_payment_and_a_sweep_agree(at_once, held, patient, simulated_stripe, round):
    payment = booking.start_payment(held, by=patient.user, **PAGES)
    simulated_stripe.press(payment.url, "pay")

    outcomes = at_once(
        ("follow", payment.session_id),
        ("expire", held.held_until.isoformat()),
        ("follow", payment.session_id),
    )

    held.refresh_from_db()
    assert outcomes == ["done", "0", "done"]
    assert (held.status, held.order.status) == ("confirmed", "paid")
    assert [letter.template for letter in Letter.objects.all()] == ["clinic/mail/appointment_confirmed"]


@pytest.mark.parametrize("round", range(3))
def test_a_payment_and_a_change_of_mind_agree(at_once, held, patient, simulated_stripe, round):
    payment = booking.start_payment(held, by=patient.user, **PAGES)
    simulated_stripe.press(payment.url, "pay")

    outcomes = at_once(("follow", payment.session_id), ("cancel", held.pk), ("follow", payment.session_id))

    held.refresh_from_db()
    assert outcomes == ["done"] * 3
    assert (held.status, held.order.status) == ("cancelled", "refunding")


STEPS = ["hold", "open", "pay", "follow", "expire", "cancel"]


@pytest.mark.parametrize("pair", [*permutations(STEPS, 2)], ids="-".join)
def test_any_two_steps_at_once_end_well(at_once, held, make_patient, patient, simulated_stripe, pair):
    """The second comes a moment after the first, while that is under way."""
    payment = booking.start_payment(held, by=patient.user, **PAGES)
    for _ in {"follow"} & {*pair}:  # there is news of a payment only where there is one
        simulated_stripe.press(payment.url, "pay")
    other = make_patient("other")
    orders = {
        "hold": ("hold", held.slot_id, other.pk),
        "open": ("open", held.pk),
        "pay": ("pay", payment.url),
        "follow": ("follow", payment.session_id),
        "expire": ("expire", held.held_until.isoformat()),
        "cancel": ("cancel", held.pk),
    }

    outcomes = at_once(*[orders[step] for step in pair], apart=0.005)
    charging.follow(payment.session_id)
    expiring.expire_holds(now=timezone.now() + timedelta(hours=2))
    work_off()

    assert [name for name in outcomes if name in MISTAKES] == []
    assert [finding.check.name for finding in invariants.examine() if finding.broken] == []
    held.refresh_from_db()
    held.order.refresh_from_db()
    assert (held.status, held.order.status) in ENDS


def test_two_sweeps_expire_each_hold_once(at_once, make_patient, make_slot, fees):
    for number in range(12):
        someone = make_patient(f"patient-{number}")
        last = booking.hold(make_slot(24 + number), patient=someone, by=someone.user)
    until = last.held_until.isoformat()

    outcomes = at_once(*[("expire", until)] * 4)
    at_once(*[("tell_expired", until)] * 4)

    assert sum(int(count) for count in outcomes) == 12
    assert Letter.objects.count() == 12
    assert set(Appointment.objects.values_list("status", flat=True)) == {"expired"}


def test_two_runs_offer_each_time_once(at_once, doctor, short_visit):
    for weekday in range(7):
        Roster.objects.add(
            practitioner=doctor,
            appointment_type=short_visit,
            weekday=weekday,
            starts=wall(9),
            ends=wall(12),
            time_zone="Australia/Sydney",
            from_on=date(2020, 1, 1),
            by=None,
        )
    now = (timezone.now() + timedelta(days=1)).isoformat()

    outcomes = at_once(*[("offer", now)] * 4)

    assert sorted(int(count) for count in outcomes)[:3] == [0, 0, 0]
    assert Slot.objects.count() == Slot.history.count() == max(int(count) for count in outcomes) > 600


class TestDoors:
    def test_many_guesses_at_once_are_no_more_than_one_after_the_other(self, at_once):
        email = "somebody@example.com"
        first = at_once(*[("guess", email)] * RACERS)
        then = at_once(*[("guess", email)] * RACERS)

        assert Counter(first) == {"done": RACERS}
        assert Counter(then) == {"done": 10 - RACERS, "TooOften": 2 * RACERS - 10}
        assert Shut.objects.count() == 1

    def test_many_forms_at_once_are_no_more_than_one_after_the_other(self, at_once):
        assert Counter(at_once(*[("knock", "here")] * RACERS)) == {"done": 3, "TooOften": RACERS - 3}
