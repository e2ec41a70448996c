"""What a bank is told about a disputed payment: what was sold, agreed to and paid, and when it took place.

Stripe, a bank and a card scheme read it, so nothing in it tells of anybody's health: no note, no reason in
anybody's words, no doctor, no kind of appointment.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.formats import date_format
from stdnum.au import abn

from billing import gateway, signals
from billing.composing import money
from billing.models import Dispute, Evidence, Gst, Order, Receipt, Refund
from billing.receipting import particulars_of
from config import hashing, printing
from messaging import clocks

FORMAT = 1  # of this content; raise it when a field changes its meaning
TEMPLATE = "billing/pdf/evidence.html"
LONGEST = 20_000  # characters in one part, says Stripe


class Moment(NamedTuple):
    """Something that happened, in a few neutral words."""

    at: datetime.datetime
    what: str


@dataclass(frozen=True)
class Terms:
    """What the payer was shown before paying; the words only where they are known to be the same."""

    version: str
    words: str
    agreed_at: datetime.datetime | None


@dataclass(frozen=True)
class Visit:
    """When what was sold was booked, begun and ended; the app above tells it."""

    starts_at: datetime.datetime
    moments: list[Moment]
    letters: list[Moment]
    terms: Terms | None = None


def content_of(dispute: Dispute) -> dict[str, Any]:
    """What was sent, or what would be sent now."""
    sent = Evidence.objects.filter(dispute=dispute).first()
    content: dict[str, Any] = sent.content if sent else compose(dispute)
    return content


def compose(dispute: Dispute) -> dict[str, Any]:
    """Write down all that may be told, as it is now."""
    order = dispute.payment.order
    facts = particulars_of(order)
    visit = visit_of(order)
    return {
        "format": FORMAT,
        "made_at": _utc(timezone.now()),
        "zone": facts.zone,
        "dispute": {
            "reference": dispute.stripe_id,
            "reason": dispute.reason,
            "amount": money(dispute.amount),
            "opened_at": _utc(dispute.opened_at),
            "due_at": _utc(dispute.due_at) if dispute.due_at else None,
        },
        "practice": asdict(facts.issuer),
        "payer": {"name": str(order.payer), "email": order.payer.email},
        **_money(order),
        "visit": _visit(visit) if visit else None,
    }


def visit_of(order: Order) -> Visit | None:
    """What the apps above know of what ``order`` was for."""
    answers: list[tuple[Any, Any]] = signals.visit_wanted.send(Order, order=order)
    return next((answer for _, answer in answers if answer is not None), None)


def _money(order: Order) -> dict[str, Any]:
    refunds = Refund.objects.filter(payment__order=order, status=Refund.Status.SUCCEEDED)
    return {
        "order": {"number": order.number, "at": _utc(order.created_at), "amount": money(order.amount)},
        # As the payer's card statement and Stripe know it: a description may say what it was about.
        "lines": [
            {
                "description": gateway.NEUTRAL,
                "gst": Gst(line.gst_code).label,
                "amount": money(line.amount),
            }
            for line in order.lines.all()
        ],
        "payments": [
            {
                "reference": payment.intent_id,
                "method": payment.get_method_display(),
                "at": _utc(payment.paid_at or payment.created_at),
                "amount": money(payment.amount),
            }
            for payment in order.payments.succeeded().order_by("paid_at", "pk")
        ],
        "refunds": [
            {"at": _utc(refund.created_at), "amount": money(refund.amount)}
            for refund in refunds.order_by("created_at", "pk")
        ],
        "papers": [_paper(paper) for paper in order.receipts.order_by("year", "sequence")],
    }


def _paper(paper: Receipt) -> dict[str, str]:
    return {
        "kind": paper.get_kind_display(),
        "number": paper.number,
        "issued_on": paper.issued_on.isoformat(),
        "amount": money(paper.amount),
    }


def _visit(visit: Visit) -> dict[str, Any]:
    terms = visit.terms
    return {
        "starts_at": _utc(visit.starts_at),
        "moments": _moments(visit.moments),
        "letters": _moments(visit.letters),
        "terms": {
            "version": terms.version,
            "words": terms.words,
            "agreed_at": _utc(terms.agreed_at) if terms.agreed_at else None,
        }
        if terms
        else None,
    }


def _moments(moments: Iterable[Moment]) -> list[dict[str, str]]:
    return [{"at": _utc(moment.at), "what": moment.what} for moment in sorted(moments)]


def _utc(at: datetime.datetime) -> str:
    return at.astimezone(datetime.UTC).isoformat()


def parts(content: Mapping[str, Any]) -> dict[str, str]:
    """The same by Stripe's names, in words; what there is nothing to say about is left out."""
    told = context_of(content)
    visit, terms = told["visit"], told["terms"]
    found = {
        "product_description": f"{gateway.NEUTRAL}, order {content['order']['number']}.",
        "customer_name": content["payer"]["name"],
        "customer_email_address": content["payer"]["email"],
        "service_date": visit["when"] if visit else "",
        "access_activity_log": _lines(visit["moments"]) if visit else "",
        "cancellation_policy_disclosure": _terms_in_words(terms) if terms else "",
        "uncategorized_text": _in_words(told),
    }
    return {name: text[:LONGEST] for name, text in found.items() if text}


def _terms_in_words(terms: Mapping[str, str]) -> str:
    agreed = (
        f"The payer agreed to these terms on {terms['agreed']}, before paying."
        if terms["agreed"]
        else "These terms counted at booking."
    )
    return f"{agreed} Version {terms['version']}.\n\n{terms['words']}".strip()


def _in_words(told: Mapping[str, Any]) -> str:
    sums = [
        *(f"{one['when']}: paid A${one['amount']} ({one['method'].lower()})" for one in told["payments"]),
        *(f"{one['when']}: given back A${one['amount']}" for one in told["refunds"]),
        *(
            f"{one['kind']} {one['number']} of {one['issued_on']}, A${one['amount']}"
            for one in told["papers"]
        ),
    ]
    letters = told["visit"]["letters"] if told["visit"] else []
    paragraphs = [
        f"Order {told['order']['number']} of {told['order']['when']}, A${told['order']['amount']}.",
        "\n".join(sums),
        "Letters that were sent by e-mail:\n" + _lines(letters) if letters else "",
        f"All times are those of {told['practice_clock']}.",
    ]
    return "\n\n".join(filter(None, paragraphs))


def _lines(moments: Iterable[Mapping[str, str]]) -> str:
    return "\n".join(f"{one['when']}: {one['what']}" for one in moments)


def context_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content with every time in the words of the practice's clock."""
    zone, visit = content["zone"], content["visit"]

    def words(at: str | None) -> str:
        return clocks.in_words(datetime.datetime.fromisoformat(at), zone=zone) if at else ""

    def timed(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [{**row, "when": words(row["at"])} for row in rows]

    terms = visit["terms"] if visit else None
    return {
        **content,
        "practice_clock": clocks.place(zone),
        "abn": abn.format(content["practice"]["abn"]) if content["practice"]["abn"] else "",
        "made": words(content["made_at"]),
        "opened": words(content["dispute"]["opened_at"]),
        "due": words(content["dispute"]["due_at"]),
        "order": {**content["order"], "when": words(content["order"]["at"])},
        "payments": timed(content["payments"]),
        "refunds": timed(content["refunds"]),
        "papers": [{**paper, "issued_on": _day(paper["issued_on"])} for paper in content["papers"]],
        "visit": visit
        and {
            "when": words(visit["starts_at"]),
            "moments": timed(visit["moments"]),
            "letters": timed(visit["letters"]),
        },
        "terms": terms and {**terms, "agreed": words(terms["agreed_at"])},
    }


def _day(text: str) -> str:
    return date_format(datetime.date.fromisoformat(text), "j F Y")


def write_pdf(content: Mapping[str, Any]) -> bytes:
    """The pack as one PDF/A-3a, with what it was printed from attached."""
    identity = hashing.fingerprint(dict(content))
    attached = printing.Attachment(
        name="evidence.json",
        description="What this paper was printed from",
        content=content,
        made_at=datetime.datetime.fromisoformat(content["made_at"]),
    )
    context = context_of(content) | {"sha256": identity}
    return printing.write(TEMPLATE, context, attached=attached, identity=identity)


def file_name(content: Mapping[str, Any]) -> str:
    return f"evidence-{content['order']['number']}.pdf"
