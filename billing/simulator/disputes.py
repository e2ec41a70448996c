"""A payer who asks their bank for the money back: opened by a lever, fought by evidence, ended by a lever."""

from __future__ import annotations

from billing.simulator import payments
from billing.simulator.events import emit, public
from billing.simulator.parameters import EVIDENCE, FILES
from billing.simulator.state import State
from billing.simulator.wire import ApiError, Tree

FEE = 2500  # cents; kept by Stripe whoever wins
TIME_TO_ANSWER = 7 * 24 * 60 * 60
OPEN = ("needs_response", "under_review")
OUTCOMES = ("won", "lost")


def open_one(state: State, key: str, *, reason: str = "general") -> Tree:
    """The bank takes the money of a charge, or of a payment intent's charge, until it has decided."""
    charge = _charge(state, key)
    if charge["disputed"]:
        raise ApiError(f"Charge {charge['id']} is disputed already.")
    version = charge["_version"]
    dispute = state.add(
        "dispute",
        "dp",
        {
            "amount": charge["amount"],
            "balance_transactions": [],
            "charge": charge["id"],
            "currency": charge["currency"],
            "enhanced_eligibility_types": [],
            "evidence": dict.fromkeys([*EVIDENCE, *FILES]) | {"enhanced_evidence": {}},
            "evidence_details": {
                "due_by": state.now() + TIME_TO_ANSWER,
                "enhanced_eligibility": {},
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
            },
            "is_charge_refundable": False,
            "metadata": {},
            "network_reason_code": None,
            "payment_intent": charge["payment_intent"],
            "payment_method_details": {
                "type": "card",
                "card": {
                    "brand": "visa",
                    "case_type": "chargeback",
                    "network": "visa",
                    "network_reason_code": "10.4",
                },
            },
            "reason": reason,
            "status": "needs_response",
            "_version": version,
        },
    )
    state.save({**charge, "disputed": True})
    emit(state, "charge.dispute.created", dispute, version=version)
    dispute = _move_money(state, dispute, amount=-dispute["amount"], fee=FEE, category="dispute")
    emit(state, "charge.dispute.funds_withdrawn", dispute, version=version)
    return dispute


def _charge(state: State, key: str) -> Tree:
    if key.startswith("pi_"):
        key = state.get("payment_intent", key)["latest_charge"] or key
    return state.get("charge", key)


def _move_money(state: State, dispute: Tree, *, amount: int, fee: int, category: str) -> Tree:
    entry = payments.record_balance(
        state,
        kind="adjustment",
        category=category,
        amount=amount,
        fee=fee,
        currency=dispute["currency"],
        source=dispute["id"],
    )
    entries = [*dispute["balance_transactions"], public(entry)]
    return state.save({**dispute, "balance_transactions": entries})


def update(state: State, key: str, asked: Tree) -> Tree:
    """Keep evidence, and hand it to the bank unless told to wait."""
    dispute = state.get("dispute", key)
    if dispute["status"] not in OPEN:
        raise ApiError(f"This dispute is already closed with a status of {dispute['status']}.")
    details = dispute["evidence_details"]
    evidence = {**dispute["evidence"], **asked.get("evidence", {})}
    changes: Tree = {"evidence": evidence, "metadata": {**dispute["metadata"], **asked.get("metadata", {})}}
    has_evidence = any(evidence[name] for name in EVIDENCE)
    if "evidence" in asked and asked.get("submit", True):
        if details["submission_count"]:
            raise ApiError("Evidence for this dispute has been submitted already.")
        changes["status"] = "under_review"
        details = {**details, "submission_count": 1}
    changes["evidence_details"] = {**details, "has_evidence": has_evidence}
    dispute = state.save({**dispute, **changes})
    emit(state, "charge.dispute.updated", dispute, version=dispute["_version"])
    return dispute


def close(state: State, key: str) -> Tree:
    """Give the money up."""
    dispute = state.get("dispute", key)
    if dispute["status"] not in OPEN:
        raise ApiError(f"This dispute is already closed with a status of {dispute['status']}.")
    return end(state, dispute, "lost")


def end(state: State, dispute: Tree, outcome: str) -> Tree:
    """The bank's decision."""
    dispute = state.save({**dispute, "status": outcome})
    if outcome == "won":
        dispute = _move_money(state, dispute, amount=dispute["amount"], fee=0, category="dispute_reversal")
        emit(state, "charge.dispute.funds_reinstated", dispute, version=dispute["_version"])
    emit(state, "charge.dispute.closed", dispute, version=dispute["_version"])
    return dispute


def end_open(state: State, outcome: str) -> None:
    for dispute in state.every("dispute", status=[*OPEN]):
        end(state, dispute, outcome)
