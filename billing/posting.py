"""Writing the ledger: entries that balance, each written once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from billing.models import Entry, Order, Posting

if TYPE_CHECKING:
    from clinic.models import User

NOTHING = Decimal("0.00")


class Leg(NamedTuple):
    """One account's part: a debit above zero, a credit below; earned by the entry's earner unless said."""

    account: str
    amount: Decimal
    earner_id: UUID | None = None


@transaction.atomic
def post(
    kind: str,
    *,
    key: str,
    legs: Iterable[Leg],
    by: User | None,
    why: str = "",
    at: datetime | None = None,
    order: Order | None = None,
    **about: Any,
) -> Entry | None:
    """Write down once what happened; nothing, when ``key`` is known already.

    An entry about an order carries its payer and earner, and ``order`` is read again afterwards: its
    sums and its status are then those that the database made of the postings.
    """
    if Entry.objects.filter(key=key).exists():
        return None
    entry = write(kind, key=key, legs=legs, by=by, why=why, at=at, order=order, **about)
    if order is not None:
        order.refresh_from_db()
    return entry


def write(
    kind: str,
    *,
    key: str,
    legs: Iterable[Leg],
    by: User | None,
    why: str = "",
    at: datetime | None = None,
    order: Order | None = None,
    **about: Any,
) -> Entry:
    """Write an entry whose ``key`` nobody can have written yet; ``order`` is left as it was read."""
    if order is not None:
        about = {"payer_id": order.payer_id, "earner_id": order.earner_id, **about}
    at = at or timezone.now()
    parts = _summed(legs)
    entry = Entry.objects.create(
        key=key,
        kind=kind,
        happened_at=at,
        why=why,
        parts=len(parts),
        order=order,
        recorded_by=by,
        **about,
    )
    Posting.objects.bulk_create(
        Posting(entry=entry, **part._asdict(), happened_at=at, recorded_by=by) for part in parts
    )
    return entry


def _summed(legs: Iterable[Leg]) -> list[Leg]:
    """Each account once, and none that nothing happened to."""
    sums: dict[tuple[str, UUID | None], Decimal] = {}
    for account, amount, earner_id in legs:
        sums[account, earner_id] = sums.get((account, earner_id), NOTHING) + amount
    return [Leg(account, amount, earner_id) for (account, earner_id), amount in sums.items() if amount]


def reverse(entry: Entry, kind: str, *, key: str, by: User | None, why: str = "") -> Entry | None:
    """Take back what an earlier entry did, by its opposite."""
    return post(
        kind,
        key=key,
        legs=[Leg(part.account, -part.amount, part.earner_id) for part in entry.postings.all()],
        by=by,
        why=why,
        order=entry.order,
        payer_id=entry.payer_id,
        earner_id=entry.earner_id,
        payment=entry.payment,
        refund=entry.refund,
        dispute=entry.dispute,
    )
