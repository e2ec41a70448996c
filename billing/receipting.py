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
from billing.composing import Bill, Charge, Head, Particulars, Sums
from billing.models import Entry, Gst, Order, OrderLine, Receipt, Refund
from config import hashing
from config.base import Refused, enqueue
from messaging import clocks

if TYPE_CHECKING:
    from clinic.models import User

CENT = Decimal("0.01")
NOTHING = Decimal("0.00")
JULY = 7  # the financial year runs from 1 July to 30 June

# Reasons that are printed on credit notes.
GIVEN_BACK = "Money was given back."
FEE_KEPT = "The service did not take place. A cancellation fee is charged in its place."
MOVED = "The service was moved to another time."


class Replaced(Refused):
    def __init__(self, receipt: Receipt) -> None:
        super().__init__(f"{receipt} has been corrected already. Open the newest receipt of this order.")


class NothingLeft(Refused):
    def __init__(self, receipt: Receipt) -> None:
        super().__init__(f"{receipt} has been credited in full. There is nothing left to correct.")


def rounded(amount: Decimal) -> Decimal:
    """To whole cents, half a cent up."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def gst_within(lines: Iterable[OrderLine | Charge]) -> Decimal:
    """The tax inside the taxable lines: an eleventh of their sum, rounded once for all of them.

    GST Act 1999, s 9-70 (a tenth of the price before tax) and s 9-90 (rounding on the total).
    """
    taxable = sum((line.amount for line in lines if line.gst_code == Gst.TEN), Decimal(0))
    return rounded(taxable / 11)


def financial_year(day: datetime.date) -> int:
    """The calendar year in which the financial year of ``day`` began."""
    return day.year if day.month >= JULY else day.year - 1


def owe(order: Order) -> None:
    """Have a worker bring the papers of ``order`` up to date, in a transaction of their own.

    Everybody who takes a number waits for the one before: who holds other locks must not.
    """
    enqueue("billing.tasks.write_papers", order.pk)


@transaction.atomic
def catch_up(order: Order) -> list[Receipt]:
    """Write what the papers of ``order`` do not tell yet of its money; asked again, nothing happens."""
    order.lock()
    written = []
    standing = order.receipts.standing().first()
    if standing is None:
        if not _is_settled(order):
            return []
        standing = _write_receipt(order, by=None)
        written.append(standing)
    if fee := _newly_kept(order, standing):
        written += _exchange(standing, by=None, why=FEE_KEPT, charged=[fee])
    written += _credit(order)
    if _is_elsewhere(standing, particulars_of(order)) and _left(standing).amount > NOTHING:
        written += _exchange(standing, by=None, why=MOVED)
    return written


def _is_settled(order: Order) -> bool:
    return order.paid > order.refunded and order.owing <= NOTHING


def _newly_kept(order: Order, standing: Receipt) -> Charge | None:
    """The cancellation fee, as long as the receipt is one for the service that it took the place of."""
    entry = order.entries.filter(kind=Entry.Kind.KEPT).first()
    if entry is None or standing.content["is_fee"]:
        return None
    kept = entry.postings.filter(amount__lt=0).aggregate(total=Sum("amount"))["total"]
    return Charge("Cancellation fee", Gst.TEN, -kept)


def _is_elsewhere(standing: Receipt, facts: Particulars) -> bool:
    """Whether what was paid for has been moved to another time since."""
    told = standing.content["service"]
    return bool(told and facts.service and told["reference"] != facts.service.reference)


def _credit(order: Order) -> list[Receipt]:
    """A credit note for what has gone back of the price, where the papers do not say so already."""
    standing = order.receipts.standing().get()
    excess = _left(standing).amount - _held(order)
    if excess <= NOTHING:  # it was paid twice, or an earlier credit note stands for a refund that failed
        return []
    refunds = composing.untold(order)
    return [_write_credit_note(standing, amount=excess, refunds=refunds, why=GIVEN_BACK, by=None)]


def stands(receipt: Receipt) -> bool:
    """Whether a receipt still counts for something, and can be corrected."""
    is_last = receipt.order.receipts.standing().filter(pk=receipt.pk).exists()
    return is_last and _left(receipt).amount > NOTHING


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
    if _left(receipt).amount <= NOTHING:
        raise NothingLeft(receipt)
    return _exchange(receipt, by=by, why=why)[-1]


def _exchange(
    receipt: Receipt, *, by: User | None, why: str, charged: list[Charge] | None = None
) -> list[Receipt]:
    left = _left(receipt).amount
    note = _write_credit_note(receipt, amount=left, refunds=[], why=why, by=by)
    return [note, _write_receipt(receipt.order, by=by, replaces=receipt, charged=charged)]


def particulars_of(order: Order) -> Particulars:
    """What the apps above know of ``order``."""
    answers: list[tuple[Any, Any]] = signals.particulars_wanted.send(Order, order=order)
    return next(answer for _, answer in answers if answer is not None)


def _write_receipt(
    order: Order, *, by: User | None, replaces: Receipt | None = None, charged: list[Charge] | None = None
) -> Receipt:
    facts = particulars_of(order)
    bill = _bill(order, replaces, charged)
    held = min(bill.amount, order.paid - order.refunded)
    head = _head(Receipt.Kind.RECEIPT, zone=facts.zone)
    content = composing.receipt(order, head=head, facts=facts, bill=bill)
    sums = Sums(held, _share(bill.gst, held, of=bill.amount))
    return _keep(order, head=head, sums=sums, content=content, by=by, replaces=replaces)


def _bill(order: Order, replaces: Receipt | None, charged: list[Charge] | None) -> Bill:
    """What is charged: what the order offered, until a fee takes its place; a correction charges the same."""
    if charged is not None:
        return Bill(charged, gst_within(charged), is_fee=True)
    if replaces is not None:
        lines = composing.charges(replaces.content)
        return Bill(lines, gst_within(lines), is_fee=replaces.content["is_fee"])
    lines = [Charge(line.description, line.gst_code, line.amount) for line in order.lines.all()]
    return Bill(lines, gst_within(lines))


def _write_credit_note(
    receipt: Receipt, *, amount: Decimal, refunds: list[Refund], why: str, by: User | None
) -> Receipt:
    left = _left(receipt)
    gst = left.gst if amount == left.amount else min(_share(receipt.gst, amount, of=receipt.amount), left.gst)
    head = _head(Receipt.Kind.CREDIT_NOTE, zone=receipt.content["zone"])
    content = composing.credit_note(receipt, head=head, sums=Sums(amount, gst), refunds=refunds, why=why)
    return _keep(receipt.order, head=head, sums=Sums(amount, gst), content=content, by=by, corrects=receipt)


def _head(kind: Receipt.Kind, *, zone: str) -> Head:
    """Date a paper by the practice's clock, and take the next number of its financial year."""
    now = timezone.now()
    year = financial_year(clocks.local(now, zone=zone).date())
    return Head(kind, year, _next_in(year), now, zone)


def _next_in(year: int) -> int:
    """The next number of ``year``, which is nobody else's until our transaction ends.

    The papers themselves are the count, so there is none that could differ from them; who rolls back has
    taken no number.
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
    return min(order.amount, order.paid - order.refunded)


def _left(receipt: Receipt) -> Sums:
    """What of a receipt no credit note has taken back."""
    found = receipt.credit_notes.aggregate(amount=Sum("amount"), gst=Sum("gst"))
    return Sums(receipt.amount - (found["amount"] or NOTHING), receipt.gst - (found["gst"] or NOTHING))


def _share(tax: Decimal, part: Decimal, *, of: Decimal) -> Decimal:
    return rounded(tax * part / of) if of else NOTHING
