"""Taking money: from an open order to a paid one."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.utils import timezone

from billing import bookkeeping, gateway, receipting, refunding, reserving, signals
from billing.models import Account, Fee, Order, OrderLine, Payment, Refund
from billing.reserving import NothingToPay
from config.base import Refused

if TYPE_CHECKING:
    from clinic.models import User

# Stripe keeps a page open for 30 minutes to 24 hours; a minute on each side for clocks and the way there.
SHORTEST_PAGE = timedelta(minutes=31)
LONGEST_PAGE = timedelta(hours=23, minutes=59)


class NoFee(Refused):
    def __init__(self, code: str) -> None:
        super().__init__(f"There is no fee for “{code}” on that day. Please ask the clinic to add one.")


class PaymentUnderWay(Refused):
    def __init__(self, order: Order) -> None:
        super().__init__(f"{order} is being paid at this moment. Please look again in a minute.")


class MoreThanOwed(Refused):
    def __init__(self, order: Order) -> None:
        super().__init__(f"A${order.owing:,.2f} is owed. Please enter that much or less.")


class StillHeld(Refused):
    def __init__(self, order: Order) -> None:
        super().__init__(
            f"What {order} is for is still held until it is paid, so nothing is lost yet."
            " Cancel the appointment, or waive the order if the visit is to be free."
        )


class CheckoutClosed(Refused):
    def __init__(self) -> None:
        super().__init__("The time to pay ran out while the payment page was opening. Please start again.")


class Mismatch(Refused):
    """Stripe and we disagree; a person has to look."""


class Line(NamedTuple):
    """One thing to charge for; the amount includes GST, ``code`` is that of the fee."""

    description: str
    gst_code: str
    amount: Decimal
    code: str = ""


def line_for(code: str, *, on: datetime.date) -> Line:
    """Offer the service ``code`` at the fee that holds on that day.

    :raises NoFee: nobody has set one
    """
    fee = Fee.objects.on(on).filter(code=code).first()
    if fee is None:
        raise NoFee(code)
    return Line(fee.description, fee.gst_code, fee.amount, fee.code)


def with_fee(rows: QuerySet[Any], *, code: Case | Value, on: datetime.date) -> QuerySet[Any]:
    """Carry along with ``rows`` the fee for ``code`` on that day; ``fee_with`` reads it off one of them."""
    fee = Fee.objects.on(on).filter(code=code).order_by("-effective_from", "-pk")
    carried = {
        f"fee_{name}": Subquery(fee.values(name)[:1]) for name in ("description", "gst_code", "amount")
    }
    return rows.annotate(fee_code=code, **carried)


def fee_with(row: Any) -> Line:
    """The fee that a row carries along.

    :raises NoFee: nobody has set one
    """
    if row.fee_amount is None:
        raise NoFee(row.fee_code)
    return Line(row.fee_description, row.fee_gst_code, row.fee_amount, row.fee_code)


@transaction.atomic
def open_order(
    *,
    payer: User,
    lines: Sequence[Line],
    by: User | None,
    earner: User | None = None,
    into: str = Account.INCOME,
) -> Order:
    """Write down what ``payer`` owes, for what, and whose income it is; of a deposit, that it is none yet."""
    offered = [Line(*line) for line in lines]
    amount = sum(line.amount for line in offered)
    order = Order.objects.add(payer=payer, earner=earner, amount=amount, by=by, why="Offered.")
    written = OrderLine.objects.bulk_create(
        OrderLine(order=order, recorded_by=by, **line._asdict()) for line in offered
    )
    bookkeeping.opened(order, written, into=into, by=by)
    return order


@transaction.atomic
def hand_over(order: Order, *, earner: User, by: User | None, why: str) -> None:
    """Make what the order brings the income of somebody else, who does the work now."""
    before = order.lock().earner
    if before != earner:
        order.change(earner=earner, by=by, why=why)
        bookkeeping.handed_over(order, before=before, by=by, why=why)


def start_checkout(
    order: Order, *, success_url: str, cancel_url: str, expires: datetime.datetime | None = None
) -> Payment:
    """Open Stripe's payment page for ``order``, or give the one that is open already.

    However often and however close together this is asked, there is one page. Stripe keeps a page
    for at least half an hour: close it earlier with ``expire_checkout``.

    :raises NothingToPay: the order is not open
    :raises CheckoutClosed: the order was given up meanwhile
    :raises gateway.Unreachable: Stripe does not answer
    """
    now = timezone.now()
    if order.payments.pending().filter(expires_at__lte=now).exists():
        expire_checkout(order)
    until = min(max(expires or now, now + SHORTEST_PAGE), now + LONGEST_PAGE)
    payment = reserving.reserve(order, success_url=success_url, cancel_url=cancel_url, expires_at=until)
    if payment.url:
        return payment
    try:
        session = gateway.create_session(
            payment_id=str(payment.pk),
            order_id=str(order.pk),
            amount=payment.amount,
            success_url=payment.success_url,
            cancel_url=payment.cancel_url,
            expires_at=payment.expires_at or until,
        )
    except gateway.Rejected as no:
        reserving.fail(payment, why=str(no))
        raise
    if not reserving.attach(payment, session=session):
        settle(payment, session=gateway.expire_session(session.id))
        raise CheckoutClosed
    return payment


def follow(session_id: str) -> None:
    """Ask Stripe how a payment page stands now, and act on the answer. Asking twice changes nothing.

    :raises Mismatch: it is not one of ours, or it differs from what we asked for
    :raises gateway.Unreachable: Stripe does not answer
    """
    session = gateway.fetch_session(session_id)
    known = Q(session_id=session.id)
    if session.payment_id:
        # We may have stopped between Stripe's answer and our note of it: then only Stripe knows both.
        known |= Q(pk=session.payment_id, session_id=None)
    try:
        payment = Payment.objects.select_related("order").filter(known).first()
    except ValidationError:  # somebody else's reference
        payment = None
    if payment is None:
        raise Mismatch("Stripe has a payment page that we never opened. Look it up in Stripe’s dashboard.")
    settle(payment, session=session)


@transaction.atomic
def settle(payment: Payment, *, session: gateway.Session) -> None:
    """Act on how a payment page stands. Hearing it twice, late or in another order changes nothing.

    :raises Mismatch: what Stripe has is not what we asked for
    """
    order = payment.order.lock()
    payment.lock()
    _compare(payment, session)
    if session.is_paid and payment.status != Payment.Status.SUCCEEDED:
        _take(order, payment, session_id=session.id, intent_id=session.intent_id)
    elif session.status == "expired" and payment.status == Payment.Status.PENDING:
        payment.move_to(Payment.Status.EXPIRED, by=None, why="Stripe closed the payment page.", url="")


def _compare(payment: Payment, session: gateway.Session) -> None:
    here = (payment.amount, payment.order.currency, gateway.is_live(), str(payment.order_id))
    there = (session.amount, session.currency, session.livemode, session.order_id)
    if here != there:
        raise Mismatch(
            f"{payment.order}: Stripe has {session.currency} {session.amount:,.2f}"
            f" ({'live' if session.livemode else 'test'}), we asked for AUD {payment.amount:,.2f}"
            f" ({'live' if gateway.is_live() else 'test'}), or the order differs."
            " Nothing was changed: check the payment in Stripe’s dashboard."
        )


def _take(order: Order, payment: Payment, *, by: User | None = None, **known: str) -> None:
    """The money is here. What it was for may be gone, or paid already; then it goes back."""
    payment.move_to(
        Payment.Status.SUCCEEDED, by=by, why="The money came in.", paid_at=timezone.now(), url="", **known
    )
    if order.status == Order.Status.VOID and payment.amount >= order.amount:
        bookkeeping.reopened(order, payment=payment, by=by, why="Paid after it had been given up.")
    was_owing = order.owing > 0
    bookkeeping.received(order, payment, by=by)
    if order.owing < 0:
        why = "Nothing was owed any more when this came in."
        cause = Refund.Cause.PAID_TWICE
        refunding.refund(order, payment=payment, amount=-order.owing, by=None, why=why, cause=cause)
    if was_owing and order.owing <= 0:
        signals.order_paid.send(Order, order=order)
        receipting.owe(order)


def expire_checkout(order: Order) -> bool:
    """Close the payment page of ``order``, and tell whether it turned out to be paid.

    Call it before what the order was for is given to somebody else.

    :raises gateway.Unreachable: Stripe does not answer, so the page may still be open
    """
    for payment in order.payments.pending():
        if payment.session_id:
            settle(payment, session=gateway.expire_session(payment.session_id))
        else:
            reserving.give_up(payment)
    order.refresh_from_db()
    return order.status == Order.Status.PAID


def waive(order: Order, *, by: User, why: str) -> None:
    """Ask for no money after all; whoever waits for the order goes on as if it were paid.

    :raises NothingToPay: the order is not open
    :raises PaymentUnderWay: the payer opened a payment page in this very moment
    """
    expire_checkout(order)
    with transaction.atomic():
        _still_open(order)
        bookkeeping.waived(order, by=by, why=why)
        signals.order_paid.send(Order, order=order)
        receipting.owe(order)


def write_off(order: Order, *, by: User, why: str) -> None:
    """Give up hope that the rest will be paid. It is no payment, so what waits for one goes on waiting.

    :raises StillHeld: what it is for was not given yet, and is kept for the payer
    :raises NothingToPay: the order is not open
    :raises PaymentUnderWay: the payer opened a payment page in this very moment
    """
    if any(answer for _, answer in signals.hold_wanted.send(Order, order=order)):
        raise StillHeld(order)  # before its payment page is closed: no order comes to be held later
    expire_checkout(order)
    with transaction.atomic():
        _still_open(order)
        bookkeeping.written_off(order, by=by, why=why)
        receipting.owe(order)


@transaction.atomic
def void(order: Order, *, by: User | None, why: str, cause: Refund.Cause = Refund.Cause.DECISION) -> None:
    """Give the order up; what has come in goes back. Close its payment page first, with ``expire_checkout``.

    Nothing is in the way of it that a part of what came in is on its way back already.

    :raises NothingToPay: nothing is owed
    :raises PaymentUnderWay: its payment page is open
    """
    if order.lock().owing <= 0:
        raise NothingToPay(order)
    _not_under_way(order)
    refunding.unwind(order, by=by, why=why, cause=cause)


def hold_untouched(orders: Collection[UUID]) -> set[UUID]:
    """Lock those of many orders of which nothing was paid or is being paid, until the transaction ends.

    What somebody else holds is left to them.
    """
    paying = Payment.objects.pending().filter(order=OuterRef("pk"))
    untouched = Order.objects.filter(status=Order.Status.OPEN, owing=F("amount"), charged=F("amount"), paid=0)
    locked = untouched.filter(pk__in=orders).select_for_update(skip_locked=True, of=("self",))
    return set(locked.exclude(Exists(paying)).values_list("pk", flat=True))


@transaction.atomic
def void_all(orders: Collection[UUID], *, by: User | None, why: str) -> None:
    """Give many orders up, in as many statements as one. Lock them first, with ``hold_untouched``."""
    bookkeeping.given_up_all(orders, by=by, why=why)


def take_payment(
    order: Order, *, by: User, method: str, amount: Decimal | None = None, why: str = "Taken by hand."
) -> Payment:
    """Note money that a person took: at a terminal, in cash, by bank transfer. All that is owed, or a part.

    :raises NothingToPay: the order is not open
    :raises MoreThanOwed: less is owed
    """
    expire_checkout(order)
    with transaction.atomic():
        _still_open(order)
        amount = order.owing if amount is None else amount
        if not 0 < amount <= order.owing:
            raise MoreThanOwed(order)
        payment = Payment.objects.add(order=order, amount=amount, method=method, by=by, why=why)
        _take(order, payment, by=by)
    return payment


def _still_open(order: Order) -> None:
    if order.lock().status != Order.Status.OPEN:
        raise NothingToPay(order)
    _not_under_way(order)


def _not_under_way(order: Order) -> None:
    if order.payments.pending().exists():
        raise PaymentUnderWay(order)
