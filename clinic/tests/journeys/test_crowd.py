"""Many people at the same times over HTTP, and processes that are killed in the middle of it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from django.conf import settings

from billing.simulator.running import RunningSimulator
from clinic.tests.journeys.stage import Stage
from config.benchmarks.crowd import Visitor

CROWD, DOCTORS, TIMES = 200, 10, 9  # people, doctors, times of each doctor
KILLS = 3
MOVERS = 20
PATIENCE = 120  # seconds

TAKEN_AND_FREE = """
SELECT count(*) FILTER (WHERE live > 1), count(*) FILTER (WHERE live = 1)
FROM (SELECT slot_id, count(*) AS live FROM clinic_appointment
      WHERE status IN ('held', 'confirmed', 'arrived', 'in_consultation', 'completed', 'no_show')
      GROUP BY slot_id) AS claims
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

pytestmark = [pytest.mark.xdist_group("crowd")]


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
    """Want one time after the other until one is had and paid for; what came of it."""
    for slot in slots:
        status, where = visitor.press_until_answered(f"/portal/book/{slot}/", until=until, **stage.yes)
        if status == 302:
            _, page = visitor.press_until_answered(f"{where}pay/", until=until)
            RunningSimulator(stage.payments).press(page, "pay")
            return where
    return ""


def test_kills_in_the_middle_lose_no_time_and_no_money(crowded):
    """200 people want 50 times while web and worker are killed again and again."""
    wanted = [slot for number in range(DOCTORS) for slot in times_of_doctor(crowded, number)[:5]]
    random, until = Random(7), time.monotonic() + PATIENCE  # noqa: S311  no secret
    plans = [(visitor, random.sample(wanted, 4)) for visitor in crowded.visitors]

    with ThreadPoolExecutor(40) as pool:
        going = [pool.submit(book_and_pay, crowded, visitor, slots, until=until) for visitor, slots in plans]
        for _ in range(KILLS):
            time.sleep(1.5)
            for name in ("web", "worker"):
                crowded.kill(name)
                crowded.run(name)
            crowded.wait()
        outcomes = [one.result() for one in going]
    settle_down(crowded)

    doubled, taken = asked(crowded, TAKEN_AND_FREE)
    paid, refunded, kept = asked(crowded, MONEY)
    assert (doubled, asked(crowded, OVERLAPS)) == (0, (0,))
    # An answer may be lost with the process that had it ready; then its time is held by one who asks again.
    assert len([outcome for outcome in outcomes if outcome]) > 0.8 * len(wanted)
    assert taken > 0.8 * len(wanted)
    assert paid == kept + refunded
    assert asked(crowded, "SELECT count(*) FROM clinic_appointment WHERE status = 'confirmed'")[0] > 0
    assert [line for line in crowded.errors() if "Internal Server Error" in line] == []


def settle_down(stage: Stage) -> None:
    """Wait until the worker has heard of every payment, and every refund has come to its end."""
    simulator, until = RunningSimulator(stage.payments), time.monotonic() + PATIENCE
    while simulator.counts().get("owed") or asked(stage, UNFINISHED) != (0,):
        assert time.monotonic() < until, "Money is still under way."
        time.sleep(0.5)
