"""What Stripe says of our balance there: its movements, its payouts to our bank, what happened lately.

Everything is asked through ``gateway``'s door, page by page, and read to its end before it is given back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from billing.gateway import Notice, dollars, key_of, moment, talking

PAGE = 100  # the most that Stripe gives at once


@dataclass(frozen=True)
class Movement:
    """One movement of our balance, which Stripe calls a balance transaction. It never changes."""

    id: str
    kind: str  # charge, refund, refund_failure, adjustment, stripe_fee, payout, payout_failure, …
    category: str  # tells adjustments apart: dispute, dispute_reversal, other_adjustment
    amount: Decimal
    fee: Decimal
    net: Decimal
    currency: str
    source_id: str  # the charge, refund, dispute or payout, or nothing
    intent_id: str  # the payment that the source belongs to, or nothing
    created_at: datetime
    available_at: datetime
    description: str


@dataclass(frozen=True)
class Transfer:
    """One payout as Stripe has it now."""

    id: str
    status: str  # pending, in_transit, paid, failed, canceled
    amount: Decimal
    currency: str
    automatic: bool
    created_at: datetime
    arrives_at: datetime
    failure: str


def fetch_movements(*, since: datetime | None) -> list[Movement]:
    """Ask for every movement of our balance from ``since`` on, oldest first."""
    params: Any = {"limit": PAGE, "expand": ["data.source"], **_created(since)}
    with talking() as client:
        found = client.v1.balance_transactions.list(params=params)
        return [_movement(entry) for entry in found.auto_paging_iter()][::-1]


def fetch_paid_out(payout_id: str) -> list[str]:
    """Ask which movements a payout was made of."""
    with talking() as client:
        found = client.v1.balance_transactions.list(params={"limit": PAGE, "payout": payout_id})
        return [entry.id for entry in found.auto_paging_iter() if key_of(entry.source) != payout_id]


def fetch_payouts(*, since: datetime | None) -> list[Transfer]:
    """Ask for every payout begun from ``since`` on, oldest first."""
    params: Any = {"limit": PAGE, **_created(since)}
    with talking() as client:
        found = client.v1.payouts.list(params=params)
        return [_transfer(payout) for payout in found.auto_paging_iter()][::-1]


def fetch_payout(payout_id: str) -> Transfer:
    """Ask how a payout stands."""
    with talking() as client:
        return _transfer(client.v1.payouts.retrieve(payout_id))


def fetch_balance(currency: str = "AUD") -> Decimal:
    """Ask what Stripe holds for us, whether we may have it yet or not."""
    with talking() as client:
        found = client.v1.balance.retrieve()
    parts: list[Any] = [*found.available, *found.pending]
    return dollars(sum(part.amount for part in parts if part.currency.upper() == currency))


def fetch_events(*, since: datetime, kinds: Iterable[str]) -> list[tuple[Notice, str]]:
    """Ask what has happened from ``since`` on, oldest first, with payloads; Stripe goes back 30 days."""
    params: Any = {"limit": PAGE, "types": [*kinds], **_created(since)}
    with talking() as client:
        found = client.v1.events.list(params=params)
        events = [event.to_dict() for event in found.auto_paging_iter()][::-1]
    return [(_notice(event), json.dumps(event)) for event in events]


def _created(since: datetime | None) -> dict[str, dict[str, int]]:
    return {"created": {"gte": int(since.timestamp())}} if since else {}


def _movement(found: Any) -> Movement:
    return Movement(
        id=found.id,
        kind=found.type,
        category=found.reporting_category,
        amount=dollars(found.amount),
        fee=dollars(found.fee),
        net=dollars(found.net),
        currency=found.currency.upper(),
        source_id=key_of(found.source),
        intent_id=key_of(getattr(found.source, "payment_intent", None)),
        created_at=moment(found.created),
        available_at=moment(found.available_on),
        description=found.description or "",
    )


def _transfer(found: Any) -> Transfer:
    return Transfer(
        id=found.id,
        status=found.status,
        amount=dollars(found.amount),
        currency=found.currency.upper(),
        automatic=found.automatic,
        created_at=moment(found.created),
        arrives_at=moment(found.arrival_date),
        failure=found.failure_message or found.failure_code or "",
    )


def _notice(event: dict[str, Any]) -> Notice:
    return Notice(event["id"], event["type"], event["data"]["object"]["id"], event["livemode"])
