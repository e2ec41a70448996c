"""Giving money back: owing it, sending it, following it to the end."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, Sum
from django.utils import timezone

from billing import bookkeeping, gateway, receipting, signals
from billing.models import MoneySettings, Order, Payment, Posting, Refund
from config.base import Refused, enqueue

if TYPE_CHECKING:
    from clinic.models import User

KEYS_LAST = timedelta(hours=23)  # Stripe forgets an idempotency key after a day
SENT_BY = timedelta(minutes=2)  # a worker should have sent a refund by then
SETTLED_BY = timedelta(hours=6)  # and heard of its end by then
NOTHING = Decimal("0.00")


class NothingToRefund(Refused):
    def __init__(self, order: Order) -> None:
        super().__init__(f"{order} has nothing left to give back.")


class TooMuch(Refused):
    def __init__(self, left: Decimal) -> None:
        super().__init__(f"At most A${left:,.2f} can be given back. Please enter a smaller amount.")


class DepositUsed(Refused):
    def __init__(self, left: Decimal) -> None:
        super().__init__(
            f"Some of this deposit has been used: at most A${left:,.2f} of it can be given back."
            if left > NOTHING
            else "This deposit has been used up. Nothing of it is left to give back."
        )


class Unconfirmed(Refused):
    def __init__(self, amount: Decimal, *, before: Decimal, limit: Decimal) -> None:
        in_all = f", A${before + amount:,.2f} with what went back before" if before else ""
        super().__init__(
            f"A${amount:,.2f} would go back{in_all}, which is more than A${limit:,.2f}."
            " Please type that amount a second time to confirm it."
        )


class NotByHand(Refused):
    def __init__(self, owed: Refund) -> None:
        now = owed.get_status_display().lower()
        super().__init__(f"{owed} is {now}, or not for a person to hand over. There is nothing to note.")


class StrangeRefund(Refused):
    """Stripe has a refund that we do not, or another amount; a person has to look."""


@transaction.atomic
def refund(
    order: Order,
    *,
    by: User | None,
    why: str,
    amount: Decimal | None = None,
    payment: Payment | None = None,
    cause: str = Refund.Cause.DECISION,
    way: str = Refund.Way.AS_IT_CAME,
) -> Refund:
    """Owe the payer some of one payment, all of it unless ``amount`` says less; a worker sends it.

    :raises NothingToRefund: everything has gone back already, or nothing was paid
    :raises TooMuch: less is left than asked for
    :raises DepositUsed: so is of a deposit, some of which was used
    :raises bookkeeping.CreditGone: the deposit is used in this very moment
    """
    order.lock()
    payment, left = _fullest(order, only=payment)
    amount = _within(order, left, amount=amount)
    owed = Refund.objects.add(
        payment=payment, amount=amount, cause=cause, way=way, reason=why, by=by, why=why
    )
    with bookkeeping.within_credit():
        bookkeeping.promised(order, owed, by=by)
    if payment.method == Payment.Method.CREDIT or way == Refund.Way.CREDIT:
        _finish(order, owed, Refund.Status.SUCCEEDED, by=by, why="Given as credit.")
    elif payment.method == Payment.Method.CARD:
        enqueue("billing.tasks.send_refund", owed.pk)
    return owed


@transaction.atomic
def unwind(
    order: Order,
    *,
    by: User | None,
    why: str,
    keep: Decimal = NOTHING,
    cause: str = Refund.Cause.DECISION,
) -> list[Refund]:
    """Give back what was paid for something that will not take place, all but ``keep``.

    What is kept is the cancellation fee that the payer agreed to; nothing goes back where it is all of it.
    What is still owed is asked for no more; what a bank holds back in a dispute is not ours to give.

    :raises TooMuch: more is to be kept than was paid
    """
    order.lock()
    held = _held(order)
    if not NOTHING <= keep <= held:
        raise TooMuch(held)
    if order.owing > 0:
        bookkeeping.given_up(order, by=by, why=why)
    owed = _spread(order, held - keep, by=by, why=why, cause=cause)
    if keep:
        bookkeeping.kept(order, keep, by=by, why=why)
        receipting.owe(order)
    return owed


@transaction.atomic
def decide(
    order: Order,
    *,
    by: User,
    why: str,
    amount: Decimal | None = None,
    again: Decimal | None = None,
    way: str = Refund.Way.AS_IT_CAME,
    cause: str = Refund.Cause.DECISION,
) -> list[Refund]:
    """Give back what a manager decides, all of it unless ``amount`` says less.

    :raises NothingToRefund: everything has gone back already, or nothing was paid
    :raises TooMuch: less is left than asked for
    :raises DepositUsed: so is of a deposit, some of which was used
    :raises Unconfirmed: with what went back before, it is more than the practice's limit, and ``again`` is
        another amount
    """
    going = weigh(order.lock(), amount=amount, again=again)
    return _spread(order, going, by=by, why=why, way=way, cause=cause)


def limit() -> Decimal:
    """Up to how much of one order goes back without a second confirmation, be it at once or in parts."""
    return MoneySettings.objects.current().refund_limit


def weigh(order: Order, *, amount: Decimal | None, again: Decimal | None) -> Decimal:
    """How much ``decide`` would give back now.

    :raises NothingToRefund: everything has gone back already, or nothing was paid
    :raises TooMuch: less is left than asked for
    :raises DepositUsed: so is of a deposit, some of which was used
    :raises Unconfirmed: with what went back before, it is more than the practice's limit, and ``again`` is
        another amount
    """
    held = _held(order)
    if held <= NOTHING:
        raise NothingToRefund(order)
    amount = _within(order, held, amount=amount)
    before = order.promised + order.refunded
    if before + amount > (most := limit()) and again != amount:
        raise Unconfirmed(amount, before=before, limit=most)
    return amount


def _spread(order: Order, amount: Decimal, **how: Any) -> list[Refund]:
    """Owe ``amount`` over as many payments as it takes, the fullest first."""
    owed: list[Refund] = []
    while amount > NOTHING:
        payment, most = _fullest(order, only=None)
        owed.append(refund(order, payment=payment, amount=min(most, amount), **how))
        amount -= owed[-1].amount
    return owed


@transaction.atomic
def hand_over(owed: Refund, *, by: User) -> None:
    """Note that a person has given the money back: in cash, at the terminal, by bank transfer.

    :raises NotByHand: it is done, or Stripe sends it
    """
    order = Order.objects.get(payments__refunds=owed).lock()
    owed.lock()
    if not is_to_hand_over(owed):
        raise NotByHand(owed)
    _finish(order, owed, Refund.Status.SUCCEEDED, by=by, why="Handed over.")


def _held(order: Order) -> Decimal:
    """How much of the order's money is ours to give back."""
    return sum((remaining(payment) for payment in order.payments.succeeded()), NOTHING)


def _free(order: Order, held: Decimal) -> Decimal:
    """How much of ``held`` can go back: of a deposit, no more than the payer has not used."""
    return min(held, Posting.objects.credit_of(order.payer)) if bookkeeping.is_deposit(order) else held


def _within(order: Order, held: Decimal, *, amount: Decimal | None) -> Decimal:
    """How much of ``held`` goes back, all that can unless ``amount`` says less."""
    free = _free(order, held)
    amount = free if amount is None else amount
    if not NOTHING < amount <= free:
        raise DepositUsed(free) if free < held else TooMuch(held)
    return amount


def is_to_hand_over(owed: Refund) -> bool:
    """Whether it waits for a person to hand the money over."""
    return Refund.objects.to_hand_over().filter(pk=owed.pk).exists()


def can_give_back(order: Order) -> bool:
    """Whether any of the order's money can go back."""
    return order.kept > order.promised and _free(order, order.kept - order.promised) > NOTHING


def _fullest(order: Order, *, only: Payment | None) -> tuple[Payment, Decimal]:
    """The payment with the most left of it, and how much that is."""
    payments = order.payments.succeeded().filter(pk=only.pk) if only else order.payments.succeeded()
    left = [(payment, remaining(payment)) for payment in payments]
    payment, most = max(left, key=lambda pair: pair[1], default=(None, NOTHING))
    if payment is None or most <= NOTHING:
        raise NothingToRefund(order)
    return payment, most


def remaining(payment: Payment) -> Decimal:
    """How much of a payment is neither given back, nor promised, nor disputed."""
    promised = payment.refunds.exclude(status=Refund.Status.FAILED).aggregate(total=Sum("amount"))["total"]
    disputed = payment.disputes.against_us().aggregate(total=Sum("amount"))["total"]
    return max(payment.amount - (promised or NOTHING) - (disputed or NOTHING), NOTHING)


def send(owed: Refund) -> None:
    """Have Stripe send the money. Doing it twice, or dying halfway, sends it once.

    :raises gateway.Unreachable: Stripe does not answer; ask again later
    """
    if owed.status not in Refund.UNFINISHED or owed.payment.method != Payment.Method.CARD:
        return
    try:
        there = _there_already(owed) or gateway.create_refund(
            refund_id=str(owed.pk), intent_id=owed.payment.intent_id, amount=owed.amount
        )
    except gateway.Rejected as no:
        _accept_refusal(owed, failure=str(no))
    else:
        accept(owed, there=there)


def _there_already(owed: Refund) -> gateway.Return | None:
    """What Stripe has of this refund, where its memory of our key cannot be trusted to tell."""
    if owed.stripe_id:
        return gateway.fetch_refund(owed.stripe_id)
    if owed.created_at > timezone.now() - KEYS_LAST:
        return None
    found = gateway.fetch_refunds(owed.payment.intent_id)
    return next((there for there in found if there.refund_id == str(owed.pk)), None)


def follow(stripe_id: str) -> None:
    """Ask Stripe how one refund stands now, and act on the answer.

    :raises StrangeRefund: it is not one of ours
    """
    there = gateway.fetch_refund(stripe_id)
    accept(_ours(there), there=there)


def follow_all(intent_id: str) -> None:
    """Ask Stripe how all refunds of a payment stand now, and act on the answer.

    :raises StrangeRefund: one of them is not ours
    """
    for there in gateway.fetch_refunds(intent_id):
        accept(_ours(there), there=there)


def _ours(there: gateway.Return) -> Refund:
    known = Q(stripe_id=there.id)
    if there.refund_id:
        known |= Q(pk=there.refund_id)
    try:
        owed = Refund.objects.filter(known).first()
    except ValidationError:  # somebody else's reference
        owed = None
    if owed is None:
        raise StrangeRefund(
            f"A${there.amount:,.2f} was given back in Stripe’s own dashboard, not here."
            " Write it down with the order’s receipt."
        )
    return owed


@transaction.atomic
def accept(owed: Refund, *, there: gateway.Return) -> None:
    """Act on how a refund stands at Stripe. Hearing it twice changes nothing.

    :raises StrangeRefund: the amounts differ
    """
    order = Order.objects.get(payments__refunds=owed).lock()
    owed.lock()
    if (there.amount, there.currency) != (owed.amount, order.currency):
        stripes = f"{there.currency} {there.amount:,.2f}"
        raise StrangeRefund(f"{owed}: Stripe has {stripes}. Check it in Stripe’s dashboard.")
    if owed.stripe_id is None:
        owed.change(stripe_id=there.id, by=None, why="Stripe has it.")
    match there.status:
        case "succeeded":
            _finish(order, owed, Refund.Status.SUCCEEDED, by=None, why="Stripe gave the money back.")
        case "failed" | "canceled":
            failure = there.failure or "Stripe could not give the money back."
            _finish(order, owed, Refund.Status.FAILED, by=None, why=failure, failure=failure)
        case _ if owed.status == Refund.Status.REQUESTED:
            owed.move_to(Refund.Status.SENT, by=None, why="Stripe is giving the money back.")


@transaction.atomic
def _accept_refusal(owed: Refund, *, failure: str) -> None:
    order = Order.objects.get(payments__refunds=owed).lock()
    if owed.lock().status in Refund.UNFINISHED:
        _finish(order, owed, Refund.Status.FAILED, by=None, why=failure, failure=failure)


def _finish(order: Order, owed: Refund, status: str, *, by: User | None, why: str, **known: str) -> None:
    """Write down the end of a refund; the order follows."""
    if owed.status in {status, Refund.Status.FAILED}:
        return
    owed.move_to(status, by=by, why=why, **known)
    if status == Refund.Status.SUCCEEDED:
        bookkeeping.returned(order, owed, by=by)
        signals.order_refunded.send(Order, order=order, refund=owed)
        receipting.owe(order)
    else:
        bookkeeping.withdrawn(order, owed, by=by, why=why)


def chase(*, now: datetime) -> None:
    """Ask a worker again about every refund that Stripe should have got, or have ended, by now."""
    late = Refund.objects.unsent(before=now - SENT_BY) | Refund.objects.filter(
        status=Refund.Status.SENT, created_at__lt=now - SETTLED_BY
    )
    for pk in late.at_stripe().values_list("pk", flat=True):
        enqueue("billing.tasks.send_refund", pk)
