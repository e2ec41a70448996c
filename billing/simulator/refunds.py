"""Giving money back, at once, later or not at all, as a test has asked."""

from __future__ import annotations

from billing.simulator import payments
from billing.simulator.events import emit
from billing.simulator.state import State
from billing.simulator.wire import ApiError, Tree

OUTCOMES = ("succeeded", "pending", "failed", "canceled")


def create(state: State, asked: Tree, *, version: str | None) -> Tree:
    charge = _charge(state, asked)
    left = charge["amount"] - charge["amount_refunded"]
    if left <= 0:
        message = f"Charge {charge['id']} has already been refunded."
        raise ApiError(message, code="charge_already_refunded")
    amount = asked.get("amount", left)
    if amount <= 0:
        raise ApiError("Invalid positive integer", code="parameter_invalid_integer", param="amount")
    if amount > left:
        message = (
            f"Refund amount (A${amount / 100:.2f}) is greater than unrefunded amount on charge "
            f"(A${left / 100:.2f})"
        )
        raise ApiError(message, param="amount")

    outcome = state.switch("refunds", "succeeded")
    refund = state.add(
        "refund",
        "re",
        {
            "amount": amount,
            "balance_transaction": None,
            "charge": charge["id"],
            "currency": charge["currency"],
            "metadata": asked.get("metadata", {}),
            "payment_intent": charge["payment_intent"],
            "reason": asked.get("reason"),
            "receipt_number": None,
            "status": "pending",
            "_version": version,
        },
    )
    emit(state, "refund.created", refund, version=version)
    charge = _move_charge(state, charge, amount)
    emit(state, "charge.refunded", charge, version=version)
    return refund if outcome == "pending" else finish(state, refund, outcome)


def finish(state: State, refund: Tree, outcome: str) -> Tree:
    """The bank's last word on a refund."""
    if outcome == "succeeded":
        entry = payments.record_balance(
            state,
            kind="refund",
            amount=-refund["amount"],
            fee=0,
            currency=refund["currency"],
            source=refund["id"],
        )
        refund = state.save({**refund, "status": "succeeded", "balance_transaction": entry["id"]})
        emit(state, "refund.updated", refund, version=refund["_version"])
        return refund
    _move_charge(state, state.get("charge", refund["charge"]), -refund["amount"])
    if outcome == "canceled":
        refund = state.save({**refund, "status": "canceled"})
        emit(state, "refund.updated", refund, version=refund["_version"])
        return refund
    refund = state.save({**refund, "status": "failed", "failure_reason": "lost_or_stolen_card"})
    emit(state, "refund.failed", refund, version=refund["_version"])
    return refund


def bring_back(state: State, key: str) -> Tree:
    """The bank returns money that had gone back to the payer, days after it said that it arrived."""
    refund = state.get("refund", key)
    if refund["status"] != "succeeded":
        raise ApiError(f"Refund {key} has a status of {refund['status']}.")
    entry = payments.record_balance(
        state,
        kind="refund_failure",
        amount=refund["amount"],
        fee=0,
        currency=refund["currency"],
        source=refund["id"],
    )
    return finish(state, state.save({**refund, "failure_balance_transaction": entry["id"]}), "failed")


def finish_pending(state: State, outcome: str) -> None:
    for refund in state.every("refund", status="pending"):
        finish(state, refund, outcome)


def _move_charge(state: State, charge: Tree, amount: int) -> Tree:
    refunded = charge["amount_refunded"] + amount
    return state.save({**charge, "amount_refunded": refunded, "refunded": refunded == charge["amount"]})


def _charge(state: State, asked: Tree) -> Tree:
    if "charge" in asked:
        return state.get("charge", asked["charge"], param="charge")
    if "payment_intent" not in asked:
        message = "One of the following params should be provided for this request: payment_intent or charge."
        raise ApiError(message, code="parameter_missing")
    intent = state.get("payment_intent", asked["payment_intent"], param="payment_intent")
    if intent["latest_charge"] is None:
        message = f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
        raise ApiError(message, param="payment_intent")
    return state.get("charge", intent["latest_charge"])
