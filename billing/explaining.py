"""Naming where the ledger and Stripe differ, following each until it is explained or gone."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from billing.comparing import Found
from billing.models import Account, Difference, Entry, Posting
from billing.posting import Leg, post, reverse
from config.base import Refused, uuid7

if TYPE_CHECKING:
    from clinic.models import User

NOTHING = Decimal("0.00")


class NotOurMoney(Refused):
    def __init__(self) -> None:
        super().__init__(
            "This difference moved no money of ours, so there is nothing to book. Explain it only."
        )


def bring_up_to_date(found: list[Found]) -> tuple[int, int]:
    """Bring the differences up to date; how many are new or back, and how many are gone."""
    standing = {
        (one.kind, one.about): one
        for one in Difference.objects.filter(
            ~Q(status=Difference.Status.GONE) | Q(about__in=[one.about for one in found])
        ).exclude(kind=Difference.Kind.BALANCE)
    }
    fresh = sum(_note(one, standing.pop((one.kind, one.about), None)) for one in found)
    gone = [one for one in standing.values() if one.status != Difference.Status.GONE]
    for one in gone:
        _close(one)
    return fresh, len(gone)


def _note(found: Found, known: Difference | None) -> bool:
    """Write down one disagreement; true when it is new, or open again."""
    if known is None:
        Difference.objects.add(**found._asdict(), by=None, why="Found.")
        return True
    facts = found._asdict()
    if known.status == Difference.Status.GONE:
        known.move_to(Difference.Status.OPEN, by=None, why="It is back.", **facts)
        return True
    if (known.ours, known.theirs) == (found.ours, found.theirs):
        return False
    if known.status == Difference.Status.OPEN:
        known.change(by=None, why="The amounts changed.", **facts)
        return False
    _reopen(known, Difference.Status.OPEN, why="The amounts changed.", **facts)
    return True


def _close(difference: Difference) -> None:
    _reopen(difference, Difference.Status.GONE, why="Both sides agree again.")


def _reopen(difference: Difference, status: str, *, why: str, **facts: object) -> None:
    """Take back what a person made of it: what they booked, and that they explained it."""
    if difference.booking:
        reverse(
            difference.booking,
            Entry.Kind.ADJUSTED,
            key=f"unadjusted:{difference.booking.pk}",
            by=None,
            why=why,
        )
    difference.move_to(
        status, by=None, why=why, booking=None, resolved_at=None, resolved_by=None, words="", **facts
    )


def compare_balances(there: Decimal, *, now: datetime) -> tuple[Decimal, bool]:
    """Compare our Stripe account with what Stripe holds, less what is named; true when a gap is new."""
    stripe = Posting.objects.filter(account=Account.STRIPE)
    ours = _total(stripe)
    standing = Difference.objects.exclude(status=Difference.Status.GONE).filter(kind__in=Difference.OF_MONEY)
    named = standing.exclude(kind=Difference.Kind.BALANCE).select_related("movement")
    gaps = sum((one.gap() for one in named if one.is_in_dollars()), NOTHING)
    expected = ours - _total(stripe.filter(entry__in=standing.values("booking"))) + gaps
    known = Difference.objects.filter(kind=Difference.Kind.BALANCE).first()
    if expected != there:
        return ours, _note(Found(Difference.Kind.BALANCE, "balance", expected, there, now), known)
    if known and known.status != Difference.Status.GONE:
        _close(known)
    return ours, False


def _total(postings: QuerySet[Posting]) -> Decimal:
    return postings.aggregate(total=Sum("amount"))["total"] or NOTHING


@transaction.atomic
def resolve(difference: Difference, *, by: User, why: str, book: bool = False) -> None:
    """Note why both sides differ, and book the gap where the ledger is to follow Stripe.

    :raises NotOurMoney: there is nothing to book
    """
    difference.lock()
    booking = None
    if book:
        booking = _book(difference, by=by, why=why)
    difference.move_to(
        Difference.Status.RESOLVED,
        by=by,
        why=why,
        words=why,
        booking=booking,
        resolved_at=timezone.now(),
        resolved_by=by,
    )


def _book(difference: Difference, *, by: User, why: str) -> Entry | None:
    if difference.kind not in Difference.OF_MONEY or not difference.is_in_dollars():
        raise NotOurMoney
    gap = difference.gap()
    legs = [Leg(Account.STRIPE, gap), Leg(Account.DIFFERENCES, -gap)]
    return post(Entry.Kind.ADJUSTED, key=f"adjusted:{uuid7()}", legs=legs, by=by, why=why)
