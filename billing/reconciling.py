"""Comparing the ledger with Stripe: catching up, writing down what Stripe says, naming what differs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from billing import banking, bookkeeping, comparing, explaining, gateway, receiving
from billing.models import (
    Account,
    BalanceTransaction,
    Entry,
    Payout,
    PayoutLine,
    Posting,
    Reconciliation,
    StripeEvent,
)

if TYPE_CHECKING:
    from clinic.models import User

OVERLAP = timedelta(days=2)  # looked at again each time: clocks differ, and Stripe may be slow
EVENTS_LAST = timedelta(days=29)  # Stripe lists an event for 30 days
LOCK = 4_201  # one at a time writes down what it heard


class Heard(NamedTuple):
    """All that Stripe said, before any of it is written down."""

    cutoff: datetime
    payouts: list[banking.Transfer]
    movements: list[banking.Movement]
    lines: dict[str, list[str]]
    balance: Decimal | None
    """What Stripe holds; nothing, when it moved while we asked."""


def reconcile(*, by: User | None) -> Reconciliation:
    """Compare the ledger with Stripe. Doing it again changes nothing; where Stripe is away, it says so."""
    started_at = timezone.now()
    last = Reconciliation.objects.complete().first()
    since = last.started_at - OVERLAP if last else None
    try:
        events = catch_up(since=since, now=started_at)
        heard = _ask(since)
    except (gateway.Unreachable, gateway.Rejected) as no:
        return Reconciliation.objects.create(
            started_at=started_at, since=since, error=str(no), recorded_by=by
        )
    return _write_down(heard, started_at=started_at, since=since, events=events, by=by)


def catch_up(*, since: datetime | None, now: datetime) -> int:
    """Act on what Stripe told us and we never heard. How much that was.

    :raises gateway.Unreachable: Stripe does not answer
    """
    oldest = now - EVENTS_LAST
    told = banking.fetch_events(since=max(since or oldest, oldest), kinds=receiving.ACTIONS)
    missed = receiving.keep(told)
    for event in StripeEvent.objects.filter(pk__in=missed).order_by("pk"):
        receiving.handle(event)
    return len(missed)


def _ask(since: datetime | None) -> Heard:
    """Hear Stripe out. Payouts come first: every movement of them is then among the movements."""
    cutoff = timezone.now()
    balance = banking.fetch_balance()
    payouts = {payout.id: payout for payout in banking.fetch_payouts(since=since)}
    for stripe_id in Payout.objects.under_way().values_list("stripe_id", flat=True):
        if stripe_id not in payouts:
            payouts[stripe_id] = banking.fetch_payout(stripe_id)
    movements = banking.fetch_movements(since=since)
    # One that had arrived is under way no more: only its movement tells that the bank sent it back.
    for stripe_id in {one.source_id for one in movements if one.kind in comparing.SENT_BACK} - {"", *payouts}:
        payouts[stripe_id] = banking.fetch_payout(stripe_id)
    known = set(
        PayoutLine.objects.filter(payout__stripe_id__in=payouts).values_list("payout__stripe_id", flat=True)
    )
    lines = {
        payout.id: banking.fetch_paid_out(payout.id)
        for payout in payouts.values()
        if payout.automatic and payout.id not in known
    }
    is_quiet = banking.fetch_balance() == balance
    return Heard(cutoff, [*payouts.values()], movements, lines, balance if is_quiet else None)


@transaction.atomic
def _write_down(
    heard: Heard, *, started_at: datetime, since: datetime | None, events: int, by: User | None
) -> Reconciliation:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    movements = _keep_movements(heard.movements)
    payouts = _keep_payouts(heard.payouts)
    _keep_lines(heard.lines)
    _post(heard.movements)
    found = comparing.differences(since=since, started_at=started_at)
    fresh, gone = explaining.bring_up_to_date(found)
    ours, balance_differs = None, False
    if heard.balance is not None and not _moved_since(heard.cutoff):
        ours, balance_differs = explaining.compare_balances(heard.balance, now=started_at)
    return Reconciliation.objects.create(
        started_at=started_at,
        since=since,
        events=events,
        movements=movements,
        payouts=payouts,
        found=fresh + balance_differs,
        gone=gone,
        ours=ours,
        theirs=heard.balance,
        recorded_by=by,
    )


def _moved_since(moment: datetime) -> bool:
    """Whether money moved in the ledger while we asked; then the balances are of different moments."""
    written_here = [Entry.Kind.FEE, Entry.Kind.PAID_OUT, Entry.Kind.ADJUSTED]
    fresh = Posting.objects.filter(account=Account.STRIPE, entry__recorded_at__gt=moment)
    return fresh.exclude(entry__kind__in=written_here).exists()


def _keep_movements(heard: list[banking.Movement]) -> int:
    known = set(
        BalanceTransaction.objects.filter(stripe_id__in=[one.id for one in heard]).values_list(
            "stripe_id", flat=True
        )
    )
    fresh = [
        BalanceTransaction(
            stripe_id=one.id,
            kind=one.kind,
            category=one.category,
            amount=one.amount,
            fee=one.fee,
            net=one.net,
            currency=one.currency,
            source_id=one.source_id,
            intent_id=one.intent_id,
            description=one.description,
            moved_at=one.created_at,
            available_at=one.available_at,
        )
        for one in heard
        if one.id not in known
    ]
    BalanceTransaction.objects.bulk_create(fresh, batch_size=1000)
    return len(fresh)


def _keep_payouts(heard: list[banking.Transfer]) -> int:
    known = {
        payout.stripe_id: payout for payout in Payout.objects.filter(stripe_id__in=[one.id for one in heard])
    }
    for one in heard:
        if one.id not in known:
            Payout.objects.add(
                stripe_id=one.id,
                amount=one.amount,
                currency=one.currency,
                is_automatic=one.automatic,
                status=one.status,
                made_at=one.created_at,
                arrives_at=one.arrives_at,
                failure=one.failure,
                by=None,
                why="Stripe made it.",
            )
        elif known[one.id].status != one.status:
            known[one.id].move_to(one.status, by=None, why="Stripe says so.", failure=one.failure)
    return len(heard) - len(known)


def _keep_lines(heard: dict[str, list[str]]) -> None:
    payouts = dict(Payout.objects.filter(stripe_id__in=heard).values_list("stripe_id", "pk"))
    named = [key for keys in heard.values() for key in keys]
    movements = dict(BalanceTransaction.objects.filter(stripe_id__in=named).values_list("stripe_id", "pk"))
    PayoutLine.objects.bulk_create(
        [
            PayoutLine(payout_id=payouts[payout], movement_id=movements[key])
            for payout, keys in heard.items()
            for key in keys
            if key in movements
        ],
        batch_size=1000,
    )


def _post(heard: Iterable[banking.Movement]) -> None:
    """Enter what only Stripe knows: its fees, and what went to our bank."""
    ours = [one for one in heard if one.currency == "AUD"]
    keys = [bookkeeping.key_of_fee(one.id) for one in ours] + [
        bookkeeping.key_of_payout(one.id) for one in ours
    ]
    known = set(Entry.objects.filter(key__in=keys).values_list("key", flat=True))
    for one in ours:
        fee = one.fee - one.amount if one.kind in comparing.FEES else one.fee
        if fee and bookkeeping.key_of_fee(one.id) not in known:
            bookkeeping.took_fee(one.id, fee, at=one.created_at, intent_id=one.intent_id)
        if one.kind in comparing.PAYOUTS and bookkeeping.key_of_payout(one.id) not in known:
            bookkeeping.paid_out(one.id, -one.amount, at=one.created_at)
