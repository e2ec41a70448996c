"""Levers for tests and demonstrations: what Stripe, a bank or a payer does next, and what time it is.

``POST /simulator/<lever>`` with ``{"mode": "…"}``. Some stay where they were put, the others act once.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from billing.simulator import disputes, payments, payouts, refunds, webhooks
from billing.simulator.state import State
from billing.simulator.wire import Answer, ApiError, Request, Tree, json_answer

ENTRIES = ("adjustment", "stripe_fee")


@dataclass(frozen=True)
class Lever:
    """What one lever can be put to, and what else happens then."""

    allows: Callable[[str], bool]
    act: Callable[[State, str], object] | None = None
    stays: bool = True


def answer(state: State, request: Request) -> Answer:
    """Move a lever, and tell where it stands and how many webhooks are owed."""
    name, lever = LEVERS[request.path]
    if request.method == "POST":
        try:
            value = str(json.loads(request.body)["mode"])
        except (ValueError, KeyError, TypeError):
            return json_answer({"error": 'Send JSON with "mode".'}, status=400)
        if not lever.allows(value):
            return json_answer({"error": f"{name} cannot be {value}."}, status=400)
        try:
            with state.writing():
                _move(state, name, lever, value)
        except ApiError as no:
            return json_answer({"error": str(no)}, status=no.http_status)
    return json_answer({"mode": state.switch(name, ""), "webhooks": webhooks.counts(state)})


def _move(state: State, name: str, lever: Lever, value: str) -> None:
    if lever.stays:
        state.turn(name, value)
    if lever.act is not None:
        lever.act(state, value)


def _is_whole(value: str) -> bool:
    return value.removeprefix("-").isdecimal()


def _finish_refunds(state: State, outcome: str) -> None:
    if outcome != "pending":
        refunds.finish_pending(state, outcome)


def _is_entry(value: str) -> bool:
    kind, _, amount = value.partition(":")
    return kind in ENTRIES and _is_whole(amount)


def _enter(state: State, value: str) -> Tree:
    """A movement of the balance that Stripe makes by itself: a correction, a monthly fee."""
    kind, _, amount = value.partition(":")
    category = {"adjustment": "other_adjustment", "stripe_fee": "fee"}[kind]
    return payments.record_balance(
        state, kind=kind, category=category, amount=int(amount), fee=0, currency=payouts.CURRENCY, source=None
    )


def _open_dispute(state: State, value: str) -> Tree:
    key, _, reason = value.partition(":")
    return disputes.open_one(state, key, reason=reason or "general")


LEVERS: dict[str, tuple[str, Lever]] = {
    f"/simulator/{name}": (name, lever)
    for name, lever in {
        # How webhooks travel from now on, and where to.
        "webhooks": Lever(lambda value: value in webhooks.MODES),
        "target": Lever(lambda value: value.startswith("http://127.0.0.1:")),
        # How refunds end: those that wait, and those to come. One that went through comes back, by its id.
        "refunds": Lever(lambda value: value in refunds.OUTCOMES, _finish_refunds),
        "returned": Lever(lambda value: value.startswith("re_"), refunds.bring_back, stays=False),
        # A payer disputes a payment (``pi_…`` or ``ch_…``, with ``:reason``); the bank decides all disputes.
        "dispute": Lever(lambda value: value.startswith(("pi_", "ch_")), _open_dispute, stays=False),
        "disputes": Lever(lambda value: value in disputes.OUTCOMES, disputes.end_open, stays=False),
        # Payouts by themselves every day, or only when asked; make one, have the bank take or refuse them.
        "payouts": Lever(lambda value: value in payouts.RHYTHMS),
        "payout": Lever(lambda value: value in payouts.STEPS, payouts.step, stays=False),
        # What Stripe takes for the payments to come, and by how many cents it books them wrongly.
        "fees": Lever(lambda value: value in payments.RATES),
        "slip": Lever(_is_whole),
        # ``adjustment:-500`` or ``stripe_fee:-220``, in cents.
        "entry": Lever(_is_entry, _enter, stays=False),
        # Forget everything, levers included.
        "memory": Lever(lambda value: value == "wipe", lambda state, _: state.wipe(), stays=False),
        # Seconds ahead of the real time.
        "clock": Lever(_is_whole),
    }.items()
}
