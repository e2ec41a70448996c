"""A process of its own that asks one rule at a time, as it reads on its standard input."""

import json
import os
import sys
import time
from datetime import datetime


def race() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django  # noqa: PLC0415  not before the settings are named

    django.setup()
    print("ready", flush=True)  # noqa: T201  what the test reads
    for line in sys.stdin:
        order = json.loads(line)
        time.sleep(max(0, order["at"] - time.time()))
        print(json.dumps(outcome(order["rule"], order["arguments"])), flush=True)  # noqa: T201


def outcome(rule: str, arguments: list[str]) -> str:
    """What came of it: "done", a number, or the name of the refusal or mistake."""
    try:
        answer = RULES[rule](*arguments)
    except Exception as error:
        return type(error).__name__
    return str(answer) if isinstance(answer, int) else "done"


def hold(slot: str, patient: str) -> None:
    from clinic import booking  # noqa: PLC0415  Django is up only now
    from clinic.models import Patient, Slot  # noqa: PLC0415

    booking.hold(Slot.objects.get(pk=slot), patient=Patient.objects.get(pk=patient), by=None)


def expire(now: str) -> int:
    from clinic import expiring  # noqa: PLC0415

    return expiring.expire_holds(now=datetime.fromisoformat(now))


def tell_expired(now: str) -> None:
    from clinic import expiring  # noqa: PLC0415
    from clinic.models import Appointment  # noqa: PLC0415

    expiring.tell_expired(Appointment.objects.values_list("pk", flat=True), now=datetime.fromisoformat(now))


def cancel(appointment: str) -> None:
    from clinic import cancelling  # noqa: PLC0415
    from clinic.models import Appointment  # noqa: PLC0415

    found = Appointment.objects.get(pk=appointment)
    cancelling.cancel(found, by=found.patient.user, why="No.")


def open_page(appointment: str) -> None:
    from clinic import booking  # noqa: PLC0415
    from clinic.models import Appointment  # noqa: PLC0415

    found = Appointment.objects.get(pk=appointment)
    address = "https://clinic.example/"
    booking.start_payment(found, by=found.patient.user, success_url=address, cancel_url=address)


def pay(page: str) -> None:
    from billing.simulator.running import RunningSimulator  # noqa: PLC0415

    RunningSimulator("").press(page, "pay")


def follow(session: str) -> None:
    from billing import charging  # noqa: PLC0415

    charging.follow(session)


def offer(now: str) -> int:
    from clinic import rostering  # noqa: PLC0415

    return rostering.offer(now=datetime.fromisoformat(now))


def write_papers(order: str, moment: str, fate: str) -> None:
    import time_machine  # noqa: PLC0415
    from django.db import transaction  # noqa: PLC0415

    from billing import receipting  # noqa: PLC0415
    from billing.models import Order  # noqa: PLC0415

    with time_machine.travel(datetime.fromisoformat(moment), tick=False), transaction.atomic():
        receipting.catch_up(Order.objects.get(pk=order))
        transaction.set_rollback(fate == "lost")


def guess(email: str) -> None:
    from clinic import throttling  # noqa: PLC0415

    attempt = throttling.begin(email, address="203.0.113.9", browser="")
    time.sleep(0.3)  # as long as a password takes to be looked at
    throttling.fail(attempt, email=email)


def knock(source: str) -> None:
    from datetime import timedelta  # noqa: PLC0415

    from clinic import throttling  # noqa: PLC0415

    throttling.knock("door", source=source, most=3, within=timedelta(minutes=15))


RULES = {
    "guess": guess,
    "knock": knock,
    "hold": hold,
    "open": open_page,
    "expire": expire,
    "tell_expired": tell_expired,
    "cancel": cancel,
    "pay": pay,
    "follow": follow,
    "offer": offer,
    "write_papers": write_papers,
}

if __name__ == "__main__":
    race()
