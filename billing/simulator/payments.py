"""What lies under a paid session: payment intents, charges, balance transactions."""

from __future__ import annotations

from billing.simulator.events import emit
from billing.simulator.state import State
from billing.simulator.wire import Tree

RATES = {"domestic": 170, "international": 350, "odd": 199}  # of ten thousand: 1.7 % on Australian cards
FEE_FIXED = 30  # cents
DECLINES = {
    "card_declined": "Your card was declined.",
    "payment_intent_authentication_failure": (
        "We are unable to authenticate your payment method. "
        "Please choose a different payment method and try again."
    ),
}


def begin(state: State, *, amount: int, currency: str, data: Tree) -> Tree:
    return state.add(
        "payment_intent",
        "pi",
        {
            "amount": amount,
            "amount_capturable": 0,
            "amount_received": 0,
            "capture_method": "automatic",
            "confirmation_method": "automatic",
            "currency": currency,
            "description": data.get("description"),
            "last_payment_error": None,
            "latest_charge": None,
            "metadata": data.get("metadata", {}),
            "payment_method_types": ["card"],
            "statement_descriptor_suffix": data.get("statement_descriptor_suffix"),
            "status": "requires_payment_method",
        },
    )


def succeed(state: State, intent: Tree, *, version: str | None) -> Tree:
    charge = state.add(
        "charge",
        "ch",
        {
            "amount": intent["amount"],
            "amount_captured": intent["amount"],
            "amount_refunded": 0,
            "balance_transaction": None,
            "billing_details": {"address": None, "email": None, "name": None, "phone": None},
            "captured": True,
            "currency": intent["currency"],
            "disputed": False,
            "metadata": intent["metadata"],
            "paid": True,
            "payment_intent": intent["id"],
            "payment_method_details": {
                "type": "card",
                "card": {"brand": "visa", "exp_month": 12, "exp_year": 2034, "last4": "4242"},
            },
            "refunded": False,
            "status": "succeeded",
            "_version": version,
        },
    )
    rate = RATES[state.switch("fees", "domestic")]
    fee = intent["amount"] * rate // 10_000 + FEE_FIXED
    entry = record_balance(
        state,
        kind="charge",
        amount=intent["amount"] - int(state.switch("slip", "0")),
        fee=fee,
        currency=intent["currency"],
        source=charge["id"],
    )
    charge = state.save({**charge, "balance_transaction": entry["id"]})
    emit(state, "charge.succeeded", charge, version=version)
    intent = state.save(
        {
            **intent,
            "status": "succeeded",
            "amount_received": intent["amount"],
            "latest_charge": charge["id"],
            "last_payment_error": None,
        }
    )
    emit(state, "payment_intent.succeeded", intent, version=version)
    return intent


def fail(state: State, intent: Tree, *, code: str, version: str | None) -> Tree:
    error = {"type": "card_error", "code": code, "message": DECLINES[code]}
    intent = state.save({**intent, "status": "requires_payment_method", "last_payment_error": error})
    emit(state, "payment_intent.payment_failed", intent, version=version)
    return intent


def record_balance(
    state: State, *, kind: str, amount: int, fee: int, currency: str, source: str | None, category: str = ""
) -> Tree:
    """Write down a movement of the clinic's balance at Stripe."""
    part = {"amount": fee, "application": None, "currency": currency, "type": "stripe_fee"}
    details = [{**part, "description": "Stripe processing fees"}]
    return state.add(
        "balance_transaction",
        "txn",
        {
            "amount": amount,
            "available_on": state.now(),
            "balance_type": "payments",
            "currency": currency,
            "description": None,
            "exchange_rate": None,
            "fee": fee,
            "fee_details": details if fee else [],
            "net": amount - fee,
            "reporting_category": category or kind,
            "source": source,
            "status": "available",
            "type": kind,
            "_payout": None,
        },
    )
