"""Many people at the same times over HTTP, and processes that are killed in the middle of it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import NamedTuple

import pytest
from django.conf import settings

from billing.simulator.running import RunningSimulator
from clinic.tests.journeys.stage import Stage
from config.benchmarks.crowd import Visitor

CROWD, DOCTORS, TIMES = 200, 10, 9  # people, doctors, times of each doctor
TAKEN_AT_KILLS = (5, 15, 30)  # web and worker are killed when so many of the 50 times are taken
MOVERS = 20
PATIENCE = 600  # seconds after which something hangs, however slow the machine is

# Everybody's claims on the times that are wanted.
CLAIMS = """
SELECT slot_id::text, patient_id::text, id::text, status FROM clinic_appointment
WHERE status IN ('held', 'confirmed', 'arrived', 'in_consultation', 'completed', 'no_show')
  AND slot_id = ANY(%s::uuid[])
"""
OVERLAPS = """
SELECT count(*) FROM clinic_appointment AS one JOIN clinic_appointment AS other
  ON one.id < other.id AND one.patient_id = other.patient_id
 AND tstzrange(one.starts_at, one.ends_at) && tstzrange(other.starts_at, other.ends_at)
WHERE one.status IN ('held', 'confirmed') AND other.status IN ('held', 'confirmed')
"""
MONEY = """
SELECT (SELECT coalesce(sum(amount), 0) FROM billing_payment WHERE status = 'succeeded'),
       (SELECT coalesce(sum(amount), 0) FROM billing_refund WHERE status = 'succeeded'),
       (SELECT coalesce(sum(billing_order.amount), 0) FROM billing_order
        JOIN clinic_appointment ON order_id = billing_order.id WHERE clinic_appointment.status = 'confirmed')
"""
MOVED = """
SELECT count(*) FILTER (WHERE status = 'confirmed'), count(*) FILTER (WHERE status = 'moved')
FROM clinic_appointment
"""
UNFINISHED = """
SELECT (SELECT count(*) FROM billing_refund WHERE status IN ('requested', 'sent'))
     + (SELECT count(*) FROM billing_stripeevent WHERE processed_at IS NULL)
     + (SELECT count(*) FROM billing_payment JOIN billing_order ON order_id = billing_order.id
        WHERE billing_payment.status = 'pending' AND billing_order.status <> 'open')
"""

GIVE_UP = """
from datetime import timedelta
from django.utils import timezone
from clinic import expiring
expiring.expire_holds(now=timezone.now() + timedelta(hours=2))
"""

pytestmark = [pytest.mark.xdist_group("crowd")]


class Claim(NamedTuple):
    slot: str
    patient: str
    appointment: str
    status: str


@pytest.fixture(scope="module")
def crowded(tmp_path_factory):
    stage = Stage(tmp_path_factory.mktemp("crowd"))
    try:
        stage.start()
        gathered = subprocess.run(
            [sys.executable, "-m", "config.benchmarks.crowd", str(CROWD), str(DOCTORS), str(TIMES)],
            cwd=settings.BASE_DIR,
            env=stage.environment,
            check=True,
            capture_output=True,
            timeout=PATIENCE,
        )
        found = json.loads(gathered.stdout)
        stage.people = [person["patient"] for person in found["people"]]
        stage.visitors = [Visitor(stage.web, person["session"]) for person in found["people"]]
        stage.slots, stage.yes = [offered["slot"] for offered in found["times"]], found["yes"]
        yield stage
    finally:
        stage.stop()


def at_once(*asks) -> list:
    with ThreadPoolExecutor(len(asks)) as pool:
        return [asked.result() for asked in [pool.submit(ask) for ask in asks]]


def hold(stage: Stage, visitor: Visitor, slot: str) -> tuple[int, str]:
    return visitor.press(f"/portal/book/{slot}/", **stage.yes)


def asked(stage: Stage, query: str) -> tuple:
    with stage.sql() as connection:
        return connection.execute(query).fetchone()


def times_of_doctor(stage: Stage, number: int) -> list[str]:
    return stage.slots[number * TIMES : (number + 1) * TIMES]


def test_one_of_fifty_gets_the_time_and_the_others_are_told(crowded):
    slot = times_of_doctor(crowded, 0)[-1]

    answers = at_once(
        *[lambda visitor=visitor: hold(crowded, visitor, slot) for visitor in crowded.visitors[:50]]
    )

    assert Counter(status for status, _ in answers) == {302: 1, 409: 49}
    refusals = [text for status, text in answers if status == 409]
    assert [("has just been taken" in text) for text in refusals] == [True] * 49


def test_one_patient_gets_one_of_ten_doctors_at_the_same_hour(crowded):
    visitor = crowded.visitors[50]
    same_hour = [times_of_doctor(crowded, number)[-2] for number in range(DOCTORS)]

    answers = at_once(*[lambda slot=slot: hold(crowded, visitor, slot) for slot in same_hour])

    assert Counter(status for status, _ in answers) == {302: 1, 409: 9}


def test_twenty_who_move_to_one_time_share_it_out_to_one(crowded):
    """Each has a paid time of their own, and keeps it unless the new one is theirs."""
    own = [slot for number in range(DOCTORS) for slot in times_of_doctor(crowded, number)[5:7]]
    movers, until = crowded.visitors[100 : 100 + MOVERS], time.monotonic() + PATIENCE
    target = times_of_doctor(crowded, 1)[-1]
    with ThreadPoolExecutor(MOVERS) as pool:
        plans = zip(movers, own, strict=True)
        booked = list(pool.map(lambda plan: book_and_pay(crowded, plan[0], [plan[1]], until=until), plans))
    await_confirmed(crowded, MOVERS, until=until)

    answers = at_once(
        *[
            lambda visitor=visitor, where=where: visitor.press(f"{where}move/{target}/")
            for visitor, where in zip(movers, booked, strict=True)
        ]
    )

    assert Counter(status for status, _ in answers) == {302: 1, 409: MOVERS - 1}
    refusals = [text for status, text in answers if status == 409]
    assert [("has just been taken" in text) for text in refusals] == [True] * (MOVERS - 1)
    assert asked(crowded, MOVED) == (MOVERS, 1)
    settle_down(crowded)
    crowded.manage("check_invariants")
    assert [line for line in crowded.errors() if "Internal Server Error" in line] == []


def await_confirmed(stage: Stage, number: int, *, until: float) -> None:
    """Wait until the worker has confirmed so many appointments."""
    while asked(stage, MOVED)[0] < number:
        assert time.monotonic() < until, "A payment was not heard of."
        time.sleep(0.3)


def book_and_pay(stage: Stage, visitor: Visitor, slots: list[str], *, until: float) -> str:
    """Want one time after the other until one is had and paid for; its page, or nothing."""
    for slot in slots:
        status, where = visitor.press_until_answered(f"/portal/book/{slot}/", until=until, **stage.yes)
        if status == 302:
            _, page = visitor.press_until_answered(f"{where}pay/", until=until)
            RunningSimulator(stage.payments).press(page, "pay")
            return where
    return ""


def claims(stage: Stage, slots: list[str]) -> list[Claim]:
    with stage.sql() as connection:
        return [Claim(*row) for row in connection.execute(CLAIMS, [slots])]


def kill_in_the_middle(stage: Stage, wanted: list[str], *, until: float) -> None:
    """Kill web and worker as often as was said, each time when so many of the times are taken."""
    for number in TAKEN_AT_KILLS:
        while len(claims(stage, wanted)) < number:
            assert time.monotonic() < until, "Nobody gets a time."
            time.sleep(0.05)
        for name in ("web", "worker"):
            stage.kill(name)
            stage.run(name)
        stage.wait()


def test_kills_in_the_middle_lose_no_time_and_no_money(crowded):
    """200 people want 50 times while web and worker are killed again and again."""
    wanted = [slot for number in range(DOCTORS) for slot in times_of_doctor(crowded, number)[:5]]
    random, until = Random(7), time.monotonic() + PATIENCE  # noqa: S311  no secret
    wishes = [random.sample(wanted, 4) for _ in crowded.visitors]

    with ThreadPoolExecutor(40) as pool:
        going = [
            pool.submit(book_and_pay, crowded, visitor, slots, until=until)
            for visitor, slots in zip(crowded.visitors, wishes, strict=True)
        ]
        kill_in_the_middle(crowded, wanted, until=until)
        told = {page.split("/")[-2] for page in [one.result() for one in going] if page}
    settle_down(crowded)
    found = claims(crowded, wanted)

    taken, having = {claim.slot for claim in found}, {claim.patient for claim in found}
    assert len(found) == len(taken)
    assert asked(crowded, OVERLAPS) == (0,)
    # Whoever was told that they have a time has it, and nobody else does: but an answer may be lost with
    # the process that had it ready, and then the time is held by somebody who does not know.
    assert told
    assert {claim.appointment for claim in found if claim.status == "confirmed"} == told
    nobody_knows = [claim for claim in found if claim.appointment not in told]
    presses = dict(zip(crowded.people, crowded.visitors, strict=True))
    assert [c for c in nobody_knows if f"/portal/book/{c.slot}/" not in presses[c.patient].unanswered] == []
    # Who has nothing was refused each time they wanted, so somebody has it.
    left = [slots for person, slots in zip(crowded.people, wishes, strict=True) if person not in having]
    assert {slot for slots in left for slot in slots} <= taken
    paid, refunded, kept = asked(crowded, MONEY)
    assert paid == kept + refunded
    crowded.manage("check_invariants")

    # What nobody knows of is free again when its time to pay is over, and can be had at once.
    crowded.manage("shell", "-v0", "-c", GIVE_UP)
    assert {claim.appointment for claim in claims(crowded, wanted)} == told
    others = [presses[person] for person in crowded.people if person not in having][: len(nobody_knows)]
    free = [claim.slot for claim in nobody_knows]
    again = [hold(crowded, other, slot)[0] for other, slot in zip(others, free, strict=True)]
    assert again == [302] * len(free)
    assert [line for line in crowded.errors() if "Internal Server Error" in line] == []


def settle_down(stage: Stage) -> None:
    """Wait until the worker has heard of every payment, and every refund has come to its end."""
    simulator, until = RunningSimulator(stage.payments), time.monotonic() + PATIENCE
    while simulator.counts().get("owed") or asked(stage, UNFINISHED) != (0,):
        assert time.monotonic() < until, "Money is still under way."
        time.sleep(0.5)
