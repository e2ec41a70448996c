"""Checkout sessions: opened by the clinic, paid or left by a person, closed by the clock."""

from __future__ import annotations

from billing.simulator import payments
from billing.simulator.events import emit
from billing.simulator.state import State
from billing.simulator.wire import ApiError, Tree

SHORTEST = 30 * 60
LONGEST = 24 * 60 * 60
SMALLEST = 50  # cents, Stripe's minimum for Australian dollars


def create(state: State, asked: Tree, *, origin: str, version: str | None) -> Tree:
    items = asked["line_items"]
    currencies = {item["price_data"]["currency"].lower() for item in items}
    if len(currencies) != 1:
        raise ApiError("All line items must have the same currency.", param="line_items")
    total = sum(item["price_data"]["unit_amount"] * item["quantity"] for item in items)
    if total < SMALLEST:
        message = "The Checkout Session's total amount due must add up to at least A$0.50."
        raise ApiError(message, code="amount_too_small", param="line_items")
    session = state.add(
        "checkout.session",
        "cs_test",
        {
            "amount_subtotal": total,
            "amount_total": total,
            "automatic_tax": {"enabled": False, "liability": None, "status": None},
            "cancel_url": asked.get("cancel_url"),
            "client_reference_id": asked.get("client_reference_id"),
            "currency": currencies.pop(),
            "custom_fields": [],
            "custom_text": {"after_submit": None, "shipping_address": None, "submit": None},
            "customer": None,
            "customer_details": None,
            "expires_at": _expires_at(asked.get("expires_at"), now=state.now()),
            "locale": asked.get("locale"),
            "metadata": asked.get("metadata", {}),
            "mode": asked["mode"],
            "payment_intent": None,
            "payment_method_types": asked.get("payment_method_types", ["card"]),
            "payment_status": "unpaid",
            "shipping_options": [],
            "status": "open",
            "submit_type": asked.get("submit_type"),
            "success_url": asked["success_url"],
            "ui_mode": "hosted_page",
            "url": None,
            "_description": items[0]["price_data"]["product_data"]["name"],
            "_intent": None,
            "_intent_data": asked.get("payment_intent_data", {}),
            "_version": version,
        },
    )
    return state.save({**session, "url": f"{origin}/c/pay/{session['id']}"})


def _expires_at(asked: int | None, *, now: int) -> int:
    if asked is None:
        return now + LONGEST
    if asked < now + SHORTEST:
        message = "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation."
        raise ApiError(message, param="expires_at")
    if asked > now + LONGEST:
        message = "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation."
        raise ApiError(message, param="expires_at")
    return asked


def retrieve(state: State, key: str) -> Tree:
    session = state.get("checkout.session", key, param="session")
    if session["status"] == "open" and session["expires_at"] <= state.now():
        return _close(state, session)
    return session


def expire(state: State, key: str) -> Tree:
    session = retrieve(state, key)
    if session["status"] != "open":
        raise ApiError(
            'Only Checkout Sessions with a status in ["open"] can be expired. '
            f"This Checkout Session has a status of {session['status']}."
        )
    return _close(state, session)


def expire_overdue(state: State) -> None:
    overdue = {"lte": state.now()}
    for session in state.every("checkout.session", status="open", expires_at=overdue):
        _close(state, session)


def _close(state: State, session: Tree) -> Tree:
    closed = state.save({**session, "status": "expired", "url": None})
    emit(state, "checkout.session.expired", closed, version=session["_version"])
    return closed


def pay(state: State, session: Tree) -> Tree:
    """What happens when the bank says yes."""
    intent = payments.succeed(state, _intent(state, session), version=session["_version"])
    paid = state.save(
        {
            **session,
            "status": "complete",
            "payment_status": "paid",
            "payment_intent": intent["id"],
            "_intent": intent["id"],
            "url": None,
        }
    )
    emit(state, "checkout.session.completed", paid, version=session["_version"])
    return paid


def pay_twice(state: State, session: Tree) -> Tree:
    """What an impatient finger does: Stripe takes the money once, and its webhook may come again."""
    paid = pay(state, session)
    emit(state, "checkout.session.completed", paid, version=session["_version"])
    return paid


def decline(state: State, session: Tree, *, code: str) -> Tree:
    """What happens when the bank says no; the person may try again while the session is open."""
    intent = payments.fail(state, _intent(state, session), code=code, version=session["_version"])
    return state.save({**session, "_intent": intent["id"]})


def _intent(state: State, session: Tree) -> Tree:
    if session["_intent"]:
        return state.get("payment_intent", session["_intent"])
    return payments.begin(
        state,
        amount=session["amount_total"],
        currency=session["currency"],
        data={"description": session["_description"], **session["_intent_data"]},
    )
