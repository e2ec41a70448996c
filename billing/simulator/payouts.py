"""What Stripe sends to the clinic's bank: every day by the simulator's clock, or when a lever asks."""

from __future__ import annotations

from billing.simulator import payments
from billing.simulator.events import emit
from billing.simulator.state import OLDEST_FIRST, State
from billing.simulator.wire import ApiError, Tree

DAY = 24 * 60 * 60
UNDER_WAY = ("pending", "in_transit")
CURRENCY = "aud"
RHYTHMS = ("manual", "daily")
STEPS = ("make", "pay", "fail")


def step(state: State, name: str) -> None:
    """Make a payout of all there is, or end those that are under way.

    :raises ApiError: there is nothing to do it with
    """
    if name == "make":
        if make(state, at=state.now()) is None:
            raise ApiError("There is nothing to pay out.")
        return
    for payout in state.every("payout", status=[*UNDER_WAY]):
        _pay(state, payout) if name == "pay" else _fail(state, payout)


def sweep(state: State) -> None:
    """Do what the calendar asks in the daily rhythm: pay out once a day, and pay what has arrived."""
    if state.switch("payouts", "manual") != "daily":
        return
    today = state.now() // DAY * DAY
    made_until = int(state.switch("paid_out_until", "0"))
    if made_until < today:
        state.turn("paid_out_until", str(today))
        make(state, at=today)
    for payout in state.every("payout", status=[*UNDER_WAY], arrival_date={"lte": state.now()}):
        _pay(state, payout)


def make(state: State, *, at: int) -> Tree | None:
    """Pay out everything that came before ``at`` and was not paid out, unless that is nothing or a debt."""
    entries = state.some(
        "balance_transaction",
        {"_payout": None, "currency": CURRENCY, "created": {"lte": at}},
        order=OLDEST_FIRST,
    )
    amount = sum(entry["net"] for entry in entries)
    if amount <= 0:
        return None
    payout = state.add("payout", "po", _fields(amount, at=at))
    entry = payments.record_balance(
        state, kind="payout", amount=-amount, fee=0, currency=CURRENCY, source=payout["id"]
    )
    for one in [*entries, entry]:
        state.save({**one, "_payout": payout["id"]})
    payout = state.save({**payout, "balance_transaction": entry["id"]})
    emit(state, "payout.created", payout)
    return payout


def _fields(amount: int, *, at: int) -> Tree:
    return {
        "amount": amount,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": (at // DAY + 1) * DAY,
        "automatic": True,
        "balance_transaction": None,
        "currency": CURRENCY,
        "description": "STRIPE PAYOUT",
        "destination": "ba_simulated",
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "metadata": {},
        "method": "standard",
        "original_payout": None,
        "reconciliation_status": "completed",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": None,
        "status": "pending",
        "type": "bank_account",
    }


def _pay(state: State, payout: Tree) -> None:
    emit(state, "payout.paid", state.save({**payout, "status": "paid"}))


def _fail(state: State, payout: Tree) -> None:
    """The bank sends the money back, and it is part of the balance again."""
    entry = payments.record_balance(
        state,
        kind="payout_failure",
        amount=payout["amount"],
        fee=0,
        currency=payout["currency"],
        source=payout["id"],
    )
    failed = {
        **payout,
        "status": "failed",
        "failure_balance_transaction": entry["id"],
        "failure_code": "account_closed",
        "failure_message": "The bank account has been closed.",
    }
    emit(state, "payout.failed", state.save(failed))


def balance(state: State) -> Tree:
    """What is left of everything that ever moved."""
    amount = state.total("balance_transaction", "net", currency=CURRENCY)
    there = {"amount": amount, "currency": CURRENCY, "source_types": {"card": amount}}
    none = {"amount": 0, "currency": CURRENCY, "source_types": {"card": 0}}
    return {
        "object": "balance",
        "available": [there],
        "connect_reserved": [],
        "livemode": False,
        "pending": [none],
    }
