"""The calls of Stripe's interface that the simulator knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from billing.simulator import disputes, parameters, payouts, refunds, sessions
from billing.simulator.state import State
from billing.simulator.wire import Tree

EVENTS_LAST = 30 * 24 * 60 * 60  # seconds for which Stripe lists an event


@dataclass(frozen=True)
class Call:
    """One call being answered."""

    state: State
    origin: str
    version: str | None
    asked: Tree


@dataclass(frozen=True)
class Listing:
    """Which objects a list is made of."""

    kind: str
    having: Tree


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    kinds: Tree
    run: Callable[..., Tree | Listing]


def _retrieve(kind: str) -> Callable[..., Tree]:
    return lambda call, key: call.state.get(kind, key)


def _list(kind: str, **renamed: str) -> Callable[..., Listing]:
    """A list whose parameters, but those of its pages, ask for fields of the same name."""

    def run(call: Call) -> Listing:
        asked = {name: value for name, value in call.asked.items() if name not in parameters.PAGE}
        return Listing(kind, {renamed.get(name, name): value for name, value in asked.items()})

    return run


def _events(call: Call) -> Listing:
    asked = call.asked
    kinds = asked.get("types") or ([asked["type"]] if "type" in asked else None)
    created = dict(asked.get("created", {}))
    created["gte"] = max(created.get("gte", 0), call.state.now() - EVENTS_LAST)
    return Listing("event", {"created": created} | ({"type": kinds} if kinds else {}))


def _payouts(call: Call) -> Listing:
    payouts.sweep(call.state)
    return _list("payout")(call)


def _balance_transactions(call: Call) -> Listing:
    payouts.sweep(call.state)
    return _list("balance_transaction", payout="_payout")(call)


ROUTES = [
    Route(
        "POST",
        "/v1/checkout/sessions",
        parameters.SESSION_CREATE,
        lambda call: sessions.create(call.state, call.asked, origin=call.origin, version=call.version),
    ),
    Route("GET", "/v1/checkout/sessions", parameters.SESSION_LIST, _list("checkout.session")),
    Route(
        "GET",
        "/v1/checkout/sessions/{id}",
        parameters.RETRIEVE,
        lambda call, key: sessions.retrieve(call.state, key),
    ),
    Route(
        "POST",
        "/v1/checkout/sessions/{id}/expire",
        parameters.SESSION_EXPIRE,
        lambda call, key: sessions.expire(call.state, key),
    ),
    Route("GET", "/v1/payment_intents", parameters.INTENT_LIST, _list("payment_intent")),
    Route("GET", "/v1/payment_intents/{id}", parameters.RETRIEVE, _retrieve("payment_intent")),
    Route("GET", "/v1/charges", parameters.CHARGE_LIST, _list("charge")),
    Route("GET", "/v1/charges/{id}", parameters.RETRIEVE, _retrieve("charge")),
    Route(
        "POST",
        "/v1/refunds",
        parameters.REFUND_CREATE,
        lambda call: refunds.create(call.state, call.asked, version=call.version),
    ),
    Route("GET", "/v1/refunds", parameters.REFUND_LIST, _list("refund")),
    Route("GET", "/v1/refunds/{id}", parameters.RETRIEVE, _retrieve("refund")),
    Route("GET", "/v1/disputes", parameters.DISPUTE_LIST, _list("dispute")),
    Route("GET", "/v1/disputes/{id}", parameters.RETRIEVE, _retrieve("dispute")),
    Route(
        "POST",
        "/v1/disputes/{id}",
        parameters.DISPUTE_UPDATE,
        lambda call, key: disputes.update(call.state, key, call.asked),
    ),
    Route(
        "POST",
        "/v1/disputes/{id}/close",
        parameters.DISPUTE_CLOSE,
        lambda call, key: disputes.close(call.state, key),
    ),
    Route("GET", "/v1/events", parameters.EVENT_LIST, _events),
    Route("GET", "/v1/events/{id}", parameters.RETRIEVE, _retrieve("event")),
    Route("GET", "/v1/balance", parameters.RETRIEVE, lambda call: payouts.balance(call.state)),
    Route("GET", "/v1/balance_transactions", parameters.BALANCE_LIST, _balance_transactions),
    Route("GET", "/v1/balance_transactions/{id}", parameters.RETRIEVE, _retrieve("balance_transaction")),
    Route("GET", "/v1/payouts", parameters.PAYOUT_LIST, _payouts),
    Route("GET", "/v1/payouts/{id}", parameters.RETRIEVE, _retrieve("payout")),
]
