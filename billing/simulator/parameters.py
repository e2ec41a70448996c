"""Which parameters each call takes, and of what kind. Any other is refused, as Stripe refuses it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from billing.simulator.state import COMPARISONS
from billing.simulator.wire import ApiError, Tree

LONGEST_TEXT = 20_000
# Files of evidence would need Stripe's file interface: not simulated, so not taken.
EVIDENCE = (
    "access_activity_log",
    "billing_address",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_tracking_number",
    "uncategorized_text",
)
# Evidence that is a file, by its id.
FILES = (
    "cancellation_policy",
    "customer_communication",
    "customer_signature",
    "duplicate_charge_documentation",
    "receipt",
    "refund_policy",
    "service_documentation",
    "shipping_documentation",
    "uncategorized_file",
)


@dataclass(frozen=True)
class Needed:
    """A parameter that must be there."""

    kind: Any


def text(value: Any, param: str) -> str:
    if not isinstance(value, str) or not value:
        raise ApiError(f"Invalid string: {value}", param=param, code="parameter_invalid_empty")
    return value


def free(value: Any, param: str) -> str:
    """Text that may be empty, up to what Stripe takes as evidence in one field."""
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise ApiError(f"Invalid string: must be at most {LONGEST_TEXT} characters", param=param)
    return value


def whole(value: Any, param: str) -> int:
    if not isinstance(value, str) or not value.removeprefix("-").isdecimal():
        raise ApiError(f"Invalid integer: {value}", param=param, code="parameter_invalid_integer")
    return int(value)


def address(value: Any, param: str) -> str:
    if not isinstance(value, str) or not value.startswith(("http://", "https://")):
        raise ApiError("Not a valid URL", param=param, code="url_invalid")
    return value


def truth(value: Any, param: str) -> bool:
    if value not in {"true", "false"}:
        raise ApiError(f"Invalid boolean: {value}", param=param)
    return value == "true"


def moments(value: Any, param: str) -> Tree:
    """A moment, or the bounds of a stretch of time, as ``{"gte": 5}``."""
    if isinstance(value, str):
        exactly = whole(value, param)
        return {"gte": exactly, "lte": exactly}
    return checked(value, dict.fromkeys(COMPARISONS, whole), within=param)


def labels(value: Any, param: str) -> dict[str, str]:
    """Free keys and values that travel with an object."""
    flat = isinstance(value, dict) and all(isinstance(inner, str) for inner in value.values())
    if not flat or len(value) > 50:
        raise ApiError("Invalid object", param=param)
    return value


def one_of(*allowed: str) -> Callable[[Any, str], str]:
    def check(value: Any, param: str) -> str:
        if value not in allowed:
            raise ApiError(f"Invalid {param}: must be one of {', '.join(allowed)}", param=param)
        return value

    return check


PAGE: Tree = {"limit": whole, "starting_after": text, "ending_before": text, "expand": [text]}
RETRIEVE: Tree = {"expand": [text]}
SESSION_EXPIRE = RETRIEVE
SESSION_CREATE: Tree = {
    "mode": Needed(one_of("payment")),
    "success_url": Needed(address),
    "cancel_url": address,
    "client_reference_id": text,
    "expires_at": whole,
    "locale": text,
    "submit_type": one_of("auto", "book", "donate", "pay"),
    "payment_method_types": [one_of("card")],
    "metadata": labels,
    "payment_intent_data": {"metadata": labels, "description": text, "statement_descriptor_suffix": text},
    "line_items": Needed(
        [
            {
                "quantity": Needed(whole),
                "price_data": Needed(
                    {
                        "currency": Needed(text),
                        "unit_amount": Needed(whole),
                        "product_data": Needed({"name": Needed(text), "description": text}),
                    }
                ),
            }
        ]
    ),
    "expand": [text],
}
REFUND_CREATE: Tree = {
    "payment_intent": text,
    "charge": text,
    "amount": whole,
    "reason": one_of("duplicate", "fraudulent", "requested_by_customer"),
    "metadata": labels,
    "expand": [text],
}
SESSION_LIST: Tree = {**PAGE, "created": moments, "payment_intent": text, "status": text}
INTENT_LIST: Tree = {**PAGE, "created": moments}
CHARGE_LIST: Tree = {**PAGE, "created": moments, "payment_intent": text}
REFUND_LIST: Tree = {**PAGE, "created": moments, "payment_intent": text, "charge": text}
EVENT_LIST: Tree = {**PAGE, "created": moments, "type": text, "types": [text]}
BALANCE_LIST: Tree = {**PAGE, "created": moments, "type": text, "source": text, "payout": text}
PAYOUT_LIST: Tree = {**PAGE, "created": moments, "arrival_date": moments, "status": text}
DISPUTE_LIST: Tree = {**PAGE, "created": moments, "payment_intent": text, "charge": text}
DISPUTE_CLOSE = RETRIEVE
DISPUTE_UPDATE: Tree = {
    "evidence": dict.fromkeys(EVIDENCE, free),
    "metadata": labels,
    "submit": truth,
    "expand": [text],
}


def checked(given: Any, kinds: Tree, *, within: str = "") -> Tree:
    """Give back ``given`` with every value of its kind.

    :raises ApiError: a parameter is unknown, missing or malformed
    """
    if not isinstance(given, dict):
        raise ApiError("Invalid object", param=within)
    for name in given:
        if name not in kinds:
            param = _path(within, name)
            raise ApiError(f"Received unknown parameter: {param}", param=param, code="parameter_unknown")
    for name, kind in kinds.items():
        if isinstance(kind, Needed) and name not in given:
            param = _path(within, name)
            raise ApiError(f"Missing required param: {param}.", param=param, code="parameter_missing")
    return {name: _checked_value(value, kinds[name], _path(within, name)) for name, value in given.items()}


def _checked_value(value: Any, kind: Any, param: str) -> Any:
    if isinstance(kind, Needed):
        return _checked_value(value, kind.kind, param)
    if isinstance(kind, dict):
        return checked(value, kind, within=param)
    if not isinstance(kind, list):
        return kind(value, param)
    if not isinstance(value, list) or not value:
        raise ApiError("Invalid array", param=param)
    return [_checked_value(item, kind[0], f"{param}[{number}]") for number, item in enumerate(value)]


def _path(within: str, name: str) -> str:
    return f"{within}[{name}]" if within else name
