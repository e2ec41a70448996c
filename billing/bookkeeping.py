"""Which accounts a fact moves money between. Every rule here wants its order locked."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import IntegrityError, connection
from django.db.models import Q, Sum
from django.utils import timezone

from billing.models import Account, Dispute, Entry, Order, OrderLine, Payment, Refund
from billing.posting import Leg, post, reverse, write
from billing.receipting import gst_within, rounded
from config import tracing
from config.base import Refused

if TYPE_CHECKING:
    from clinic.models import User

NOTHING = Decimal("0.00")
GIVEN_UP = """
INSERT INTO billing_entry
  (id, recorded_at, recorded_by_id, trace, key, kind, happened_at, why, parts, order_id, payer_id, earner_id)
SELECT gen_random_uuid(), %s, %s, %s::jsonb, 'voided:' || o.id, %s, %s, %s, first.parts, o.id, o.payer_id,
  o.earner_id
FROM billing_order o JOIN billing_entry first ON first.key = 'ordered:' || o.id
WHERE o.id = ANY(%s)
"""
GIVEN_UP_PARTS = """
INSERT INTO billing_posting (id, recorded_at, recorded_by_id, trace, entry_id, account, amount, happened_at)
SELECT gen_random_uuid(), %s, %s, %s::jsonb, fresh.id, part.account, -part.amount, %s
FROM unnest(%s::uuid[]) AS o(id)
JOIN billing_entry fresh ON fresh.key = 'voided:' || o.id
JOIN billing_entry first ON first.key = 'ordered:' || o.id
JOIN billing_posting part ON part.entry_id = first.id
"""
TILL: dict[str, str] = {
    Payment.Method.CARD: Account.STRIPE,
    Payment.Method.TERMINAL: Account.TERMINAL,
    Payment.Method.TRANSFER: Account.BANK,
    Payment.Method.CASH: Account.CASH,
    Payment.Method.CREDIT: Account.CREDITS,
}
"""Where the money of a payment lies."""

# What an order stands for, in the order in which a part of it is rounded; the last gets what is left.
WORTH = (Account.GST, Account.CANCELLATION, Account.INCOME, Account.CREDITS)
PRICE = (
    Entry.Kind.ORDERED,
    Entry.Kind.VOIDED,
    Entry.Kind.REOPENED,
    Entry.Kind.PROMISED,
    Entry.Kind.WITHDRAWN,
)
"""What makes a deposit larger or smaller; credit that is used or given back is another matter."""


class CreditGone(Refused):
    def __init__(self) -> None:
        super().__init__("This credit has just been used for something else. Please look again.")


@contextmanager
def within_credit() -> Iterator[None]:
    """Say in a sentence what the database refuses, when somebody was faster in using the same credit.

    :raises CreditGone: more credit would be used than there is
    """
    try:
        yield
    except IntegrityError as clash:
        constraint = getattr(getattr(clash.__cause__, "diag", None), "constraint_name", "")
        if constraint == "billing_credit_suffices":
            raise CreditGone from clash
        raise


def is_deposit(order: Order) -> bool:
    """Whether the order is money left for later, and no income."""
    first = order.postings.filter(entry__kind=Entry.Kind.ORDERED)
    return first.filter(account=Account.CREDITS).exists()


def opened(order: Order, lines: Iterable[OrderLine], *, into: str, by: User | None) -> None:
    """The payer owes the order's lines, which are income, or of a deposit the payer's credit."""
    gst = gst_within(lines)
    legs = [
        Leg(Account.RECEIVABLE, order.amount),
        Leg(Account.GST, -gst),
        Leg(into, gst - order.amount),
    ]
    key = f"ordered:{order.pk}"  # the order is new: nobody has written this yet
    write(Entry.Kind.ORDERED, key=key, legs=legs, by=by, order=order, at=order.created_at)
    order.forget_sums()


def given_up(order: Order, *, by: User | None, why: str) -> None:
    """What is still owed is asked for no more, because nothing was given for it."""
    legs = [Leg(Account.RECEIVABLE, -order.owing), *_less(order, order.owing)]
    post(Entry.Kind.VOIDED, key=f"voided:{order.pk}", legs=legs, by=by, why=why, order=order)


def given_up_all(orders: Collection[UUID], *, by: User | None, why: str) -> None:
    """What is owed of many orders is asked for no more; nothing was ever paid or let off of any of them.

    Each is the opposite of how it began, so that nothing is left to be worked out.
    """
    now, trace = timezone.now(), json.dumps(tracing.current())
    recorded_by = by.pk if by else None
    with connection.cursor() as cursor:
        cursor.execute(GIVEN_UP, [now, recorded_by, trace, Entry.Kind.VOIDED, now, why, list(orders)])
        cursor.execute(GIVEN_UP_PARTS, [now, recorded_by, trace, now, list(orders)])


def reopened(order: Order, *, payment: Payment, by: User | None, why: str) -> None:
    """The order counts again, because it was paid after all."""
    first = order.entries.get(kind=Entry.Kind.ORDERED)
    legs = [Leg(posting.account, posting.amount) for posting in first.postings.all()]
    key = f"reopened:{payment.pk}"
    post(Entry.Kind.REOPENED, key=key, legs=legs, by=by, why=why, order=order, payment=payment)


def handed_over(order: Order, *, before: User | None, by: User | None, why: str) -> None:
    """The income is the order's earner's now, no more that of ``before``."""
    legs = []
    for account, amount in _worth(order).items():
        if account != Account.GST:
            legs += [Leg(account, amount), Leg(account, -amount, order.earner_id)]
    number = order.entries.filter(kind=Entry.Kind.HANDED_OVER).count() + 1
    key = f"handed_over:{order.pk}:{number}"
    former = before.pk if before else None
    post(Entry.Kind.HANDED_OVER, key=key, legs=legs, by=by, why=why, order=order, earner_id=former)


def received(order: Order, payment: Payment, *, by: User | None) -> None:
    """The money of a payment is in its till."""
    legs = [Leg(TILL[payment.method], payment.amount), Leg(Account.RECEIVABLE, -payment.amount)]
    post(
        Entry.Kind.RECEIVED,
        key=f"received:{payment.pk}",
        legs=legs,
        by=by,
        at=payment.paid_at,
        order=order,
        payment=payment,
    )


def waived(order: Order, *, by: User, why: str) -> None:
    """What is still owed is a present."""
    _let_off(order, Entry.Kind.WAIVED, Account.WAIVED, by=by, why=why)


def written_off(order: Order, *, by: User, why: str) -> None:
    """What is still owed will never come."""
    _let_off(order, Entry.Kind.WRITTEN_OFF, Account.WRITTEN_OFF, by=by, why=why)


def _let_off(order: Order, kind: str, account: str, *, by: User, why: str) -> None:
    owing = order.owing
    tax = [leg for leg in _less(order, owing) if leg.account == Account.GST]
    loss = owing - sum(leg.amount for leg in tax)
    legs = [Leg(Account.RECEIVABLE, -owing), Leg(account, loss), *tax]
    post(kind, key=f"{kind}:{order.pk}", legs=legs, by=by, why=why, order=order)


def promised(order: Order, refund: Refund, *, by: User | None) -> None:
    """Some of a payment is to go back.

    While something is owed, a refund brings the debt back. Otherwise it first gives back what was
    paid too much, then lowers the price.
    """
    debt = refund.amount if order.owing > 0 else min(refund.amount, -order.owing)
    legs = [
        Leg(Account.RECEIVABLE, debt),
        *_less(order, refund.amount - debt),
        Leg(Account.REFUNDS, -refund.amount),
    ]
    key = f"promised:{refund.pk}"
    post(Entry.Kind.PROMISED, key=key, legs=legs, by=by, why=refund.reason, order=order, refund=refund)


def returned(order: Order, refund: Refund, *, by: User | None) -> None:
    """The money has left its till."""
    is_credit = refund.way == Refund.Way.CREDIT
    till = Account.CREDITS if is_credit else TILL[refund.payment.method]
    legs = [Leg(Account.REFUNDS, refund.amount), Leg(till, -refund.amount)]
    post(Entry.Kind.RETURNED, key=f"returned:{refund.pk}", legs=legs, by=by, order=order, refund=refund)


def withdrawn(order: Order, refund: Refund, *, by: User | None, why: str) -> None:
    """The refund did not work out: what was sent is back, and nothing is promised any more."""
    sent = order.entries.filter(key=f"returned:{refund.pk}").first()
    if sent:
        reverse(sent, Entry.Kind.CAME_BACK, key=f"came_back:{refund.pk}", by=by, why=why)
    promise = order.entries.get(key=f"promised:{refund.pk}")
    reverse(promise, Entry.Kind.WITHDRAWN, key=f"withdrawn:{refund.pk}", by=by, why=why)
    order.refresh_from_db()


def kept(order: Order, amount: Decimal, *, by: User | None, why: str) -> None:
    """What was paid for a service stays as a cancellation fee, of which a part is GST."""
    gst = rounded(amount / 11)
    legs = [*_less(order, amount), Leg(Account.GST, -gst), Leg(Account.CANCELLATION, gst - amount)]
    post(Entry.Kind.KEPT, key=f"kept:{order.pk}", legs=legs, by=by, why=why, order=order)


def _less(order: Order, amount: Decimal) -> list[Leg]:
    """The debits that lower what ``order`` stands for by ``amount``, its tax by the same share."""
    worth = _worth(order)
    total = sum(worth.values(), NOTHING)
    legs = []
    left = amount
    for account in [*worth][:-1]:
        share = rounded(amount * worth[account] / total)
        legs.append(Leg(account, share))
        left -= share
    return [*legs, Leg([*worth][-1] if worth else Account.INCOME, left)]


def _worth(order: Order) -> dict[str, Decimal]:
    """What the order stands for now, account by account."""
    rows = order.postings.filter(account__in=WORTH).exclude(
        ~Q(entry__kind__in=PRICE), account=Account.CREDITS
    )
    sums = dict(rows.values_list("account").order_by().annotate(Sum("amount")))
    return {account: -sums[account] for account in WORTH if sums.get(account, NOTHING) < 0}


def disputed(dispute: Dispute, order: Order) -> None:
    """Stripe holds the money of a payment back until a bank has decided."""
    legs = [Leg(Account.DISPUTED, dispute.amount), Leg(Account.STRIPE, -dispute.amount)]
    _of_dispute(Entry.Kind.DISPUTED, f"disputed:{dispute.pk}", legs, dispute=dispute, order=order)


def decided(dispute: Dispute, order: Order) -> None:
    """The bank has decided, and may think again: what it decided before is undone first."""
    kind, account = {
        Dispute.Status.WON: (Entry.Kind.DISPUTE_WON, Account.STRIPE),
        Dispute.Status.LOST: (Entry.Kind.DISPUTE_LOST, Account.DISPUTE_LOSSES),
    }[Dispute.Status(dispute.status)]
    ends = [Entry.Kind.DISPUTE_WON, Entry.Kind.DISPUTE_LOST]
    earlier = order.entries.filter(dispute=dispute, kind__in=ends).order_by("recorded_at", "pk")
    last = earlier.last()
    if last and last.kind == kind:
        return
    if last:
        reverse(last, Entry.Kind.DISPUTED, key=f"undecided:{last.pk}", by=None)
    key = f"{kind}:{dispute.pk}:{earlier.count() + 1}"
    legs = [Leg(account, dispute.amount), Leg(Account.DISPUTED, -dispute.amount)]
    _of_dispute(kind, key, legs, dispute=dispute, order=order)


def _of_dispute(kind: str, key: str, legs: list[Leg], *, dispute: Dispute, order: Order) -> None:
    post(kind, key=key, legs=legs, by=None, order=order, payment=dispute.payment, dispute=dispute)


def key_of_fee(movement: str) -> str:
    return f"fee:{movement}"


def key_of_payout(movement: str) -> str:
    return f"paid_out:{movement}"


def took_fee(movement: str, amount: Decimal, *, at: datetime, intent_id: str) -> None:
    """Stripe kept a fee, or gave one back, in one movement of our balance there."""
    payment = Payment.objects.filter(intent_id=intent_id).first() if intent_id else None
    legs = [Leg(Account.STRIPE_FEES, amount), Leg(Account.STRIPE, -amount)]
    post(Entry.Kind.FEE, key=key_of_fee(movement), legs=legs, by=None, at=at, payment=payment)


def paid_out(movement: str, amount: Decimal, *, at: datetime) -> None:
    """Stripe sent money to our bank, or got it back."""
    legs = [Leg(Account.BANK, amount), Leg(Account.STRIPE, -amount)]
    post(Entry.Kind.PAID_OUT, key=key_of_payout(movement), legs=legs, by=None, at=at)
