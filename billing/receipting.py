"""Receipts: the tax inside prices, numbers without a gap, issuing once, correcting by a credit note."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import Max, Sum
from django.utils import timezone

from billing import composing, signals
from billing.composing import Head, Particulars, Sums
from billing.models import Gst, Order, OrderLine, Receipt, Refund
from config import hashing
from config.base import Refused, enqueue
from messaging import clocks

if TYPE_CHECKING:
    from clinic.models import User

CENT = Decimal("0.01")
NOTHING = Decimal("0.00")
JULY = 7  # the financial year runs from 1 July to 30 June


class Replaced(Refused):
    def __init__(self, receipt: Receipt) -> None:
        super().__init__(f"{receipt} has been corrected already. Open the newest receipt of this order.")


class NothingLeft(Refused):
    def __init__(self, receipt: Receipt) -> None:
        super().__init__(f"{receipt} has been credited in full. There is nothing left to correct.")


def rounded(amount: Decimal) -> Decimal:
    """To whole cents, half a cent up."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def gst_within(lines: Iterable[OrderLine]) -> Decimal:
    """The tax inside the taxable lines: an eleventh of their sum, rounded once for all of them.

    GST Act 1999, s 9-70 (a tenth of the price before tax) and s 9-90 (rounding on the total).
    """
    taxable = sum((line.amount for line in lines if line.gst_code == Gst.TEN), Decimal(0))
    return rounded(taxable / 11)


def financial_year(day: datetime.date) -> int:
    """The calendar year in which the financial year of ``day`` began."""
    return day.year if day.month >= JULY else day.year - 1


@transaction.atomic
def issue(order: Order, *, by: User | None = None) -> Receipt | None:
    """Write the receipt of ``order``, or give the one that stands; none where nothing was paid."""
    standing = order.lock().receipts.standing().first()
    if standing or not order.payments.succeeded().exists():
        return standing
    return _write_receipt(order, by=by)


@transaction.atomic
def credit(order: Order, *, refund: Refund, by: User | None) -> Receipt | None:
    """Write a credit note for what has gone back of the price; nothing where the papers say so already."""
    standing = order.lock().receipts.standing().first()
    if standing is None:
        return None
    excess = _left(standing) - _held(order)
    if excess <= NOTHING:  # it was paid twice, or an earlier credit note stands for a refund that failed
        return None
    return _write_credit_note(standing, amount=excess, refunds=[refund], why="Money was given back.", by=by)


@transaction.atomic
def correct(receipt: Receipt, *, by: User, why: str) -> Receipt:
    """Take a receipt back by a credit note, and write another with the facts as they are now.

    ``why`` is printed on the credit note.

    :raises Replaced: it is not the one that stands
    :raises NothingLeft: all of it has been credited
    """
    order = receipt.order.lock()
    if receipt != order.receipts.standing().first():
        raise Replaced(receipt)
    left = _left(receipt)
    if left <= NOTHING:
        raise NothingLeft(receipt)
    _write_credit_note(receipt, amount=left, refunds=[], why=why, by=by)
    return _write_receipt(order, by=by, replaces=receipt)


def particulars_of(order: Order) -> Particulars:
    """What the apps above know of ``order``."""
    answers: list[tuple[Any, Any]] = signals.particulars_wanted.send(Order, order=order)
    return next(answer for _, answer in answers if answer is not None)


def _write_receipt(order: Order, *, by: User | None, replaces: Receipt | None = None) -> Receipt:
    facts, held = particulars_of(order), _held(order)
    gst = gst_within(order.lines.all())
    head = _head(Receipt.Kind.RECEIPT, zone=facts.zone)
    content = composing.receipt(order, head=head, facts=facts, gst=gst)
    sums = Sums(held, _share(gst, held, of=order.amount))
    return _keep(order, head=head, sums=sums, content=content, by=by, replaces=replaces)


def _write_credit_note(
    receipt: Receipt, *, amount: Decimal, refunds: list[Refund], why: str, by: User | None
) -> Receipt:
    credited = _credited(receipt)
    is_rest = credited.amount + amount == receipt.amount
    gst = receipt.gst - credited.gst if is_rest else _share(receipt.gst, amount, of=receipt.amount)
    sums = Sums(amount, gst)
    head = _head(Receipt.Kind.CREDIT_NOTE, zone=receipt.content["zone"])
    content = composing.credit_note(receipt, head=head, sums=sums, refunds=refunds, why=why)
    return _keep(receipt.order, head=head, sums=sums, content=content, by=by, corrects=receipt)


def _head(kind: Receipt.Kind, *, zone: str) -> Head:
    """Date a paper by the practice's clock, and take the next number of its financial year."""
    now = timezone.now()
    year = financial_year(clocks.local(now, zone=zone).date())
    return Head(kind, year, _next_in(year), now, zone)


def _next_in(year: int) -> int:
    """The next number of ``year``, which is nobody else's until our transaction ends.

    The papers themselves are the count, so there is none that could differ from them; who rolls back has
    taken no number. Take this lock last: everybody who writes a receipt waits for it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('billing_receipt'), %s)", [year])
    return (Receipt.objects.filter(year=year).aggregate(last=Max("sequence"))["last"] or 0) + 1


def _keep(
    order: Order, *, head: Head, sums: Sums, content: dict[str, Any], by: User | None, **links: Any
) -> Receipt:
    receipt = Receipt.objects.create(
        kind=head.kind,
        order=order,
        year=head.year,
        sequence=head.sequence,
        issued_on=head.issued_on,
        amount=sums.amount,
        gst=sums.gst,
        content=content,
        content_sha256=hashing.fingerprint(content),
        recorded_at=head.now,
        recorded_by=by,
        **links,
    )
    enqueue("billing.tasks.print_receipt", receipt.pk)
    return receipt


def _held(order: Order) -> Decimal:
    """What we hold of the price; more than the price is somebody's to have back, and on no receipt."""
    return min(order.amount, Order.objects.with_sums().get(pk=order.pk).kept)


def _left(receipt: Receipt) -> Decimal:
    return receipt.amount - _credited(receipt).amount


def _credited(receipt: Receipt) -> Sums:
    found = receipt.credit_notes.aggregate(amount=Sum("amount"), gst=Sum("gst"))
    return Sums(found["amount"] or NOTHING, found["gst"] or NOTHING)


def _share(tax: Decimal, part: Decimal, *, of: Decimal) -> Decimal:
    return rounded(tax * part / of) if of else NOTHING
