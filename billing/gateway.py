"""Stripe behind a few functions: the only module that imports ``stripe``, and where dollars become cents.

What Stripe says of our balance there is asked in ``billing.banking``, by the same door.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import stripe
from django.conf import settings

from config.base import Refused, forbid_transaction

VERSION = "2026-08-26.dahlia"
PATIENCE = 20  # seconds to wait for Stripe
NEUTRAL = "Consultation"  # all that a card statement or Stripe ever reads about the service
ID = re.compile(r"[A-Za-z0-9_.]{1,200}")

log = logging.getLogger(__name__)


class Unreachable(Refused):
    """Stripe does not answer, or not now. Asking again later is safe."""

    def __init__(self) -> None:
        super().__init__("The payment service cannot be reached right now. Please try again in a minute.")


class Rejected(Refused):
    """Stripe understood the request and will not do it. Asking again does not help."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The payment service refused: {reason}")


class Unsigned(Refused):
    def __init__(self) -> None:
        super().__init__("The signature of this webhook does not match. Check the webhook secret.")


class Malformed(Refused):
    def __init__(self) -> None:
        super().__init__("This webhook is not a Stripe event. Send the event as Stripe writes it.")


@dataclass(frozen=True)
class Session:
    """A payment page as Stripe has it now."""

    id: str
    url: str
    status: str  # open, complete, expired
    is_paid: bool
    amount: Decimal
    currency: str
    livemode: bool
    intent_id: str
    expires_at: datetime
    order_id: str
    payment_id: str


@dataclass(frozen=True)
class Return:
    """A refund as Stripe has it now."""

    id: str
    status: str  # pending, requires_action, succeeded, failed, canceled
    amount: Decimal
    currency: str
    intent_id: str
    refund_id: str
    failure: str


@dataclass(frozen=True)
class Objection:
    """A dispute as Stripe has it now."""

    id: str
    status: str  # as in ``billing.models.Dispute.Status``
    reason: str
    amount: Decimal
    currency: str
    livemode: bool
    intent_id: str
    opened_at: datetime
    due_at: datetime | None
    has_evidence: bool = False


@dataclass(frozen=True)
class Notice:
    """The few parts of a webhook that we go by; what it says about money is never one of them."""

    id: str
    kind: str
    about: str
    livemode: bool


def is_live() -> bool:
    """Whether our key moves real money."""
    return settings.STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_"))


def create_session(
    *,
    payment_id: str,
    order_id: str,
    amount: Decimal,
    success_url: str,
    cancel_url: str,
    expires_at: datetime,
) -> Session:
    """Open a payment page. Asked again with the same ``payment_id``, Stripe gives the same page."""
    metadata: dict[str, str] = {"order": order_id}
    price: Any = {"currency": "aud", "unit_amount": cents(amount), "product_data": {"name": NEUTRAL}}
    with talking() as client:
        made = client.v1.checkout.sessions.create(
            params={
                "mode": "payment",
                "payment_method_types": ["card"],  # with its wallets: nothing that settles days later
                "line_items": [{"quantity": 1, "price_data": price}],
                "client_reference_id": payment_id,
                "metadata": metadata,
                "payment_intent_data": {
                    "description": NEUTRAL,
                    "statement_descriptor_suffix": NEUTRAL.upper(),
                    "metadata": metadata,
                },
                "success_url": success_url,
                "cancel_url": cancel_url,
                "expires_at": int(expires_at.timestamp()),
                "submit_type": "pay",
                "locale": "en",
            },
            options={"idempotency_key": f"payment-{payment_id}"},
        )
    return _session(made)


def fetch_session(session_id: str) -> Session:
    """Ask how a payment page stands."""
    with talking() as client:
        return _session(client.v1.checkout.sessions.retrieve(session_id))


def expire_session(session_id: str) -> Session:
    """Close a payment page, or tell how it stands when it is no longer open."""
    try:
        with talking() as client:
            return _session(client.v1.checkout.sessions.expire(session_id))
    except Rejected:
        return fetch_session(session_id)


def create_refund(*, refund_id: str, intent_id: str, amount: Decimal) -> Return:
    """Send money back. Asked again with the same ``refund_id`` within a day, Stripe sends no more."""
    with talking() as client:
        made = client.v1.refunds.create(
            params={
                "payment_intent": intent_id,
                "amount": cents(amount),
                "metadata": {"refund": refund_id},
            },
            options={"idempotency_key": f"refund-{refund_id}"},
        )
    return _return(made)


def fetch_refund(stripe_id: str) -> Return:
    """Ask how a refund stands."""
    with talking() as client:
        return _return(client.v1.refunds.retrieve(stripe_id))


def fetch_refunds(intent_id: str) -> list[Return]:
    """Ask for every refund of a payment."""
    with talking() as client:
        found = client.v1.refunds.list(params={"payment_intent": intent_id, "limit": 100})
        return [_return(refund) for refund in found.auto_paging_iter()]


def fetch_intent_of_charge(charge_id: str) -> str:
    """Ask which payment a charge belongs to."""
    with talking() as client:
        return key_of(client.v1.charges.retrieve(charge_id).payment_intent)


def fetch_dispute(stripe_id: str) -> Objection:
    """Ask how a dispute stands."""
    with talking() as client:
        return _objection(client.v1.disputes.retrieve(stripe_id))


def submit_evidence(stripe_id: str, *, evidence: dict[str, str]) -> Objection:
    """Hand evidence to the bank, by Stripe's names of its parts. It is final: Stripe takes it once.

    Nothing about anybody's health belongs here: it goes to Stripe, a bank and the payer's card scheme.

    :raises Rejected: it was handed in already, or the dispute is closed
    """
    parts: Any = evidence
    with talking() as client:
        made = client.v1.disputes.update(
            stripe_id,
            params={"evidence": parts, "submit": True},
            options={"idempotency_key": f"evidence-{stripe_id}"},
        )
    return _objection(made)


def concede(stripe_id: str) -> Objection:
    """Let the payer have their money; the dispute is lost.

    :raises Rejected: it is closed
    """
    with talking() as client:
        return _objection(client.v1.disputes.close(stripe_id))


def read_event(body: bytes, signature: str) -> Notice:
    """Check the signature over the raw body, then read what the webhook is about.

    :raises Unsigned: it was not signed with our secret in the last five minutes
    :raises Malformed: it is signed, but no event
    """
    try:
        stripe.WebhookSignature.verify_header(
            body, signature, settings.STRIPE_WEBHOOK_SECRET, stripe.Webhook.DEFAULT_TOLERANCE
        )
        event = json.loads(body)
        parts = [event["id"], event["type"], event["data"]["object"]["id"]]
        livemode = event["livemode"]
    except stripe.SignatureVerificationError:
        raise Unsigned from None
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Malformed from None
    named = all(isinstance(part, str) and ID.fullmatch(part) for part in parts)
    if not named or not isinstance(livemode, bool):
        raise Malformed
    return Notice(parts[0], parts[1], parts[2], livemode)


def cents(amount: Decimal) -> int:
    """AUD to Stripe's integer cents.

    :raises ValueError: there are parts of a cent
    """
    scaled = amount * 100
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{amount} has parts of a cent.")
    return int(scaled)


def dollars(amount: int) -> Decimal:
    return Decimal(amount).scaleb(-2).quantize(Decimal("0.01"))


@lru_cache(maxsize=2)
def _client(key: str, base: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        stripe_version=VERSION,
        base_addresses={"api": base} if base else None,
        max_network_retries=2,
        http_client=stripe.RequestsClient(timeout=PATIENCE),
    )


@contextmanager
def talking() -> Iterator[stripe.StripeClient]:
    """Hold one conversation with Stripe; its errors become refusals."""
    forbid_transaction()
    try:
        yield _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE)
    except (stripe.InvalidRequestError, stripe.CardError, stripe.IdempotencyError) as error:
        raise Rejected(error.user_message or "no reason was given.") from error
    except stripe.StripeError as error:
        # A wrong key ends here too, and only the operator can mend it.
        log.warning("Stripe did not answer: %s %s", type(error).__name__, error.request_id or "")
        raise Unreachable from error


def _session(found: Any) -> Session:
    metadata = found.metadata or {}
    return Session(
        id=found.id,
        url=found.url or "",
        status=found.status or "",
        is_paid=found.payment_status == "paid",
        amount=dollars(found.amount_total or 0),
        currency=(found.currency or "").upper(),
        livemode=found.livemode,
        intent_id=key_of(found.payment_intent),
        expires_at=moment(found.expires_at),
        order_id=metadata["order"] if "order" in metadata else "",  # noqa: SIM401  a Stripe object has no get
        payment_id=found.client_reference_id or "",
    )


def _return(found: Any) -> Return:
    metadata = found.metadata or {}
    return Return(
        id=found.id,
        status=found.status or "",
        amount=dollars(found.amount),
        currency=found.currency.upper(),
        intent_id=key_of(found.payment_intent),
        refund_id=metadata["refund"] if "refund" in metadata else "",  # noqa: SIM401  a Stripe object has no get
        failure=getattr(found, "failure_reason", None) or "",
    )


def _objection(found: Any) -> Objection:
    due_by = found.evidence_details.due_by
    return Objection(
        id=found.id,
        status=found.status,
        reason=found.reason,
        amount=dollars(found.amount),
        currency=found.currency.upper(),
        livemode=found.livemode,
        intent_id=key_of(found.payment_intent),
        opened_at=moment(found.created),
        due_at=moment(due_by) if due_by else None,
        has_evidence=found.evidence_details.has_evidence,
    )


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def key_of(found: Any) -> str:
    """The id of something that Stripe gives whole or as its id."""
    return found if isinstance(found, str) else getattr(found, "id", None) or ""
