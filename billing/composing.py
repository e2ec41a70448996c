"""Everything that stands on a receipt or a credit note, written down as it is at the moment of issue."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from billing.models import Gst, MedicareItem, Order, Payment, Receipt, Refund
from billing.models.receipts import number_of
from messaging import clocks

FORMAT = 1  # of this content; raise it when a field changes its meaning
TAX_INVOICE_FROM = Decimal("82.50")  # of taxable supplies, with GST: GST Act 1999, s 29-80
NO_REBATE = "Not eligible for a Medicare rebate"
NOTHING = Decimal("0.00")

# What a credit note says as the receipt said it.
COPIED = ("order", "practice", "patient", "practitioner", "service", "is_tax_invoice")


@dataclass(frozen=True)
class Issuer:
    """Who charges: the practice, as the tax office knows it."""

    legal_name: str
    trading_name: str
    abn: str
    address: str
    phone: str


@dataclass(frozen=True)
class Provider:
    """Who did the work; the provider number belongs to the place where it was done."""

    name: str
    provider_number: str


@dataclass(frozen=True)
class Service:
    """What was or will be done, and when; ``reference`` tells it from any other."""

    reference: str
    description: str
    starts_at: datetime.datetime


@dataclass(frozen=True)
class Particulars:
    """What billing cannot know of an order; the app above tells it when a receipt is written.

    ``zone`` is the practice's: its clock dates the receipt and everything on it.
    """

    issuer: Issuer
    patient: str
    zone: str
    provider: Provider | None = None
    service: Service | None = None


class Charge(NamedTuple):
    """One line of what is charged, including GST."""

    description: str
    gst_code: str
    amount: Decimal


@dataclass(frozen=True)
class Bill:
    """What a receipt charges for, and the GST inside; a cancellation fee takes the place of the service."""

    lines: list[Charge]
    gst: Decimal
    is_fee: bool = False

    @property
    def amount(self) -> Decimal:
        return sum((line.amount for line in self.lines), NOTHING)

    @property
    def taxable(self) -> Decimal:
        return sum((line.amount for line in self.lines if line.gst_code == Gst.TEN), NOTHING)


@dataclass(frozen=True)
class Sums:
    """What a paper is about, including GST, and the GST inside."""

    amount: Decimal
    gst: Decimal


@dataclass(frozen=True)
class Head:
    """What is decided when a paper gets its number."""

    kind: Receipt.Kind
    year: int
    sequence: int
    now: datetime.datetime
    zone: str

    @property
    def number(self) -> str:
        return number_of(self.year, self.sequence)

    @property
    def issued_on(self) -> datetime.date:
        return clocks.local(self.now, zone=self.zone).date()


def receipt(order: Order, *, head: Head, facts: Particulars, bill: Bill) -> dict[str, Any]:
    """Write down a receipt: what was charged, and what has come in and gone back for it so far."""
    payments = order.payments.succeeded().order_by("paid_at", "pk")
    outstanding = max(order.owing, NOTHING)
    return {
        **_head(head),
        "order": order.number,
        "practice": asdict(facts.issuer),
        "patient": {"name": facts.patient},
        "practitioner": asdict(facts.provider) if facts.provider else None,
        "service": _service(facts.service) if facts.service else None,
        "medicare": _medicare(order),
        "is_fee": bill.is_fee,
        "is_tax_invoice": bill.taxable >= TAX_INVOICE_FROM,
        "lines": [_line(line) for line in bill.lines],
        "amount": money(bill.amount),
        "gst": money(bill.gst),
        "payments": [_payment(payment, zone=head.zone) for payment in payments],
        "refunds": [_refund(refund, zone=head.zone) for refund in _given_back(order)],
        "paid": money(order.paid - order.refunded),
        "let_off": money(max(bill.amount - order.paid - outstanding, NOTHING)),
        "outstanding": money(outstanding),
        "corrects": None,
        "why": "",
    }


def credit_note(
    corrected: Receipt, *, head: Head, sums: Sums, refunds: Iterable[Refund], why: str
) -> dict[str, Any]:
    """Write down by how much a receipt is put right, and how that money went back, if it did."""
    return {
        **_head(head),
        **{name: corrected.content[name] for name in COPIED},
        "amount": money(sums.amount),
        "gst": money(sums.gst),
        "refunds": [_refund(refund, zone=head.zone) for refund in refunds],
        "corrects": {"number": corrected.number, "issued_on": corrected.issued_on.isoformat()},
        "why": why,
    }


def money(amount: Decimal) -> str:
    """Write an amount so that it has one form: dollars, a point, two digits."""
    return f"{amount:.2f}"


def _head(head: Head) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "kind": str(head.kind),
        "number": head.number,
        "issued_on": head.issued_on.isoformat(),
        "issued_at": head.now.astimezone(datetime.UTC).isoformat(),
        "zone": head.zone,
    }


def charges(content: Mapping[str, Any]) -> list[Charge]:
    """The lines of a receipt, read back."""
    return [
        Charge(line["description"], line["gst_code"], Decimal(line["amount"])) for line in content["lines"]
    ]


def untold(order: Order) -> list[Refund]:
    """The refunds that went through and stand on no paper of ``order`` yet."""
    papers = order.receipts.values_list("content", flat=True)
    told = {refund["reference"] for content in papers for refund in content["refunds"]}
    return [refund for refund in _given_back(order) if str(refund.pk) not in told]


def _given_back(order: Order) -> Iterable[Refund]:
    rows = Refund.objects.filter(payment__order=order, status=Refund.Status.SUCCEEDED)
    return rows.select_related("payment").order_by("created_at", "pk")


def _service(service: Service) -> dict[str, str]:
    return {
        "reference": service.reference,
        "description": service.description,
        "starts_at": service.starts_at.astimezone(datetime.UTC).isoformat(),
    }


def _medicare(order: Order) -> dict[str, str] | None:
    item = MedicareItem.objects.filter(order=order, removed_at=None).first()
    if item is None:
        return None
    return {"item": item.item_number, "eligibility": item.get_eligibility_display()}


def _line(line: Charge) -> dict[str, str]:
    return {"description": line.description, "gst_code": line.gst_code, "amount": money(line.amount)}


def _payment(payment: Payment, *, zone: str) -> dict[str, str]:
    return {
        "method": payment.get_method_display(),
        "on": _day(payment.paid_at or payment.created_at, zone),
        "amount": money(payment.amount),
    }


def _refund(refund: Refund, *, zone: str) -> dict[str, str]:
    return {
        "reference": str(refund.pk),
        "method": refund.payment.get_method_display(),
        "on": _day(refund.created_at, zone),
        "amount": money(refund.amount),
    }


def _day(moment: datetime.datetime, zone: str) -> str:
    return clocks.local(moment, zone=zone).date().isoformat()
