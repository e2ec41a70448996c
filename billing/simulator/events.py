"""What the simulator tells the world: events, and the webhooks owed for them."""

from __future__ import annotations

import time

from billing.simulator.state import State
from billing.simulator.wire import ApiError, Tree

SUBSCRIBED = frozenset(
    {
        "checkout.session.completed",
        "checkout.session.expired",
        "charge.refunded",
        "refund.updated",
        "refund.failed",
        "charge.dispute.created",
        "charge.dispute.updated",
        "charge.dispute.closed",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
        "payout.paid",
        "payout.failed",
    }
)


def emit(state: State, kind: str, about: Tree, *, version: str | None = None) -> None:
    """Write down that something happened to ``about``, and owe a webhook where one is wanted."""
    event = state.add(
        "event",
        "evt",
        {
            "type": kind,
            "api_version": version,
            "data": {"object": public(about)},
            "pending_webhooks": int(kind in SUBSCRIBED),
            "request": {"id": None, "idempotency_key": None},
        },
    )
    if kind in SUBSCRIBED:
        fate = "dropped" if state.switch("webhooks", "normal") == "drop" else "owed"
        state.db.execute(
            "INSERT INTO deliveries (event, due, state) VALUES (?, ?, ?)", (event["id"], time.time(), fate)
        )


def public(body: Tree) -> Tree:
    """An object as the world sees it; names that begin with an underscore are the simulator's own."""
    return {name: value for name, value in body.items() if not name.startswith("_")}


def expanded(state: State, body: Tree, paths: list[str]) -> Tree:
    """Put whole objects in the place of the ids that ``paths`` name."""
    shown = public(body)
    for path in paths:
        name, _, rest = path.partition(".")
        if name not in shown:
            raise ApiError(f"This property cannot be expanded ({path}).", param="expand")
        inner = state.find(shown[name]) if isinstance(shown[name], str) else None
        if inner is not None:
            shown = {**shown, name: expanded(state, inner, [rest] if rest else [])}
    return shown
