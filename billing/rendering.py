"""The papers of receipts and credit notes: printed once from what was written down, and kept."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from stdnum.au import abn

from billing import signals
from billing.composing import NO_REBATE, Issuer
from billing.models import Gst, Receipt, ReceiptPaper
from billing.periods import Period
from billing.stating import Statement
from config import hashing, printing
from config.base import Refused, forbid_transaction
from messaging import clocks, mailing

if TYPE_CHECKING:
    from clinic.models import User

TEMPLATE = "billing/pdf/receipt.html"
STATEMENT = "billing/pdf/statement.html"
STATEMENT_FORMAT = 1  # of a statement's content; raise it when a field changes its meaning
NOTHING = "0.00"
LETTERS = {
    Receipt.Kind.RECEIPT: "billing/mail/receipt_ready",
    Receipt.Kind.CREDIT_NOTE: "billing/mail/refund_made",
}


class NotPrinted(Refused):
    def __init__(self) -> None:
        super().__init__("This receipt is still being printed. Please try again in a minute.")


def print_receipt(receipt: Receipt) -> None:
    """Print the paper of ``receipt`` and tell the payer; asked again, nothing happens."""
    forbid_transaction()
    if ReceiptPaper.objects.filter(receipt=receipt).exists():
        return
    name, sha256 = printing.keep(write_pdf(receipt), folder="receipts")
    try:
        with transaction.atomic():
            ReceiptPaper.objects.create(receipt=receipt, file=name, sha256=sha256)
            _tell_payer(receipt)
    except IntegrityError:  # another worker was faster, and its paper counts
        printing.drop(name)


def write_pdf(receipt: Receipt) -> bytes:
    """The paper as PDF/A-3a with what was written down attached; the same content gives the same bytes."""
    content = receipt.content
    attached = printing.Attachment(
        name=f"{_plain_number(receipt)}.json",
        description="What this paper was printed from",
        content=content,
        made_at=datetime.datetime.fromisoformat(content["issued_at"]),
    )
    context = context_of(content) | {"sha256": receipt.content_sha256}
    return printing.write(TEMPLATE, context, attached=attached, identity=receipt.content_sha256)


def context_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content in the words of the paper."""
    practice, service, zone = content["practice"], content["service"], content["zone"]
    starts_at = datetime.datetime.fromisoformat(service["starts_at"]) if service else None
    return {
        **content,
        "title": title_of(content),
        "issued_on": _day(content["issued_on"]),
        "abn": abn.format(practice["abn"]) if practice["abn"] else "",
        "when": clocks.in_words(starts_at, zone=zone) if starts_at else "",
        "amount": _spelled(content["amount"]),
        "gst": _spelled(content["gst"]),
        "paid": _spelled(content.get("paid", NOTHING)),
        "lines": [_line(line) for line in content.get("lines", [])],
        "payments": _dated(content.get("payments", [])),
        "refunds": _dated(content["refunds"]),
        "corrected_on": _day(content["corrects"]["issued_on"]) if content["corrects"] else None,
        "is_taxed": content["gst"] != NOTHING,
        "is_let_off": content.get("let_off", NOTHING) != NOTHING,
        "no_rebate": NO_REBATE,
    }


def _dated(moved: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one | {"on": _day(one["on"]), "amount": _spelled(one["amount"])} for one in moved]


def _line(line: dict[str, str]) -> dict[str, str]:
    return line | {"gst": Gst(line["gst_code"]).label, "amount": _spelled(line["amount"])}


def _spelled(amount: str) -> str:
    return f"{Decimal(amount):,.2f}"


def title_of(content: Mapping[str, Any]) -> str:
    if content["kind"] == Receipt.Kind.CREDIT_NOTE:
        return "Credit note (adjustment note)" if content["is_tax_invoice"] else "Credit note"
    return "Tax invoice and receipt" if content["is_tax_invoice"] else "Receipt"


def read(receipt: Receipt) -> bytes:
    """The kept paper, the same bytes every time.

    :raises NotPrinted: the worker has not come to it yet
    :raises printing.Damaged: the stored file is not the one that was printed
    """
    paper = ReceiptPaper.objects.filter(receipt=receipt).first()
    if paper is None:
        raise NotPrinted
    return printing.read(str(paper.file), sha256=paper.sha256)


def file_name(receipt: Receipt) -> str:
    return f"{_plain_number(receipt)}.pdf"


def _plain_number(receipt: Receipt) -> str:
    return f"{receipt.kind.replace('_', '-')}-{receipt.number.replace('/', '-')}"


def _day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def _tell_payer(receipt: Receipt) -> None:
    payer = receipt.order.payer
    mailing.queue(
        LETTERS[Receipt.Kind(receipt.kind)],
        recipient=payer,
        to=payer.email,
        context={
            "name": payer.get_short_name(),
            "what": receipt.get_kind_display().lower(),
            "path": "/portal/receipts/",
        },
    )


def issuer() -> Issuer | None:
    """Who writes papers that are about no order; the app above knows."""
    answers: list[tuple[Any, Any]] = signals.issuer_wanted.send(None)
    return next((answer for _, answer in answers if answer is not None), None)


def write_statement(stated: Statement, *, payer: User, period: Period) -> bytes:
    """Print a statement as PDF/A-3a with its lines attached. It is not kept: the ledger is."""
    forbid_transaction()
    content = _statement_content(stated, payer=payer, period=period)
    fingerprint = hashing.fingerprint(content)
    attached = printing.Attachment(
        name="statement.json",
        description="What this paper was printed from",
        content=content,
        made_at=datetime.datetime.fromisoformat(content["issued_at"]),
    )
    practice = content["practice"]
    context = {
        **content,
        "abn": abn.format(practice["abn"]) if practice["abn"] else "",
        "first": period.first,
        "last": period.last,
        "issued_on": clocks.day(attached.made_at, zone=period.zone),
        "stated": stated,
        "sha256": fingerprint,
    }
    return printing.write(STATEMENT, context, attached=attached, identity=fingerprint)


def _statement_content(stated: Statement, *, payer: User, period: Period) -> dict[str, Any]:
    by = issuer() or Issuer(legal_name="", trading_name="", abn="", address="", phone="")
    return {
        "format": STATEMENT_FORMAT,
        "practice": asdict(by),
        "payer": payer.get_full_name() or payer.email,
        "first": period.first.isoformat(),
        "last": period.last.isoformat(),
        "zone": period.zone,
        "issued_at": timezone.now().isoformat(),
        "opening": f"{stated.opening:.2f}",
        "closing": f"{stated.closing:.2f}",
        "lines": [
            {
                "at": line.happened_at.isoformat(),
                "what": line.what,
                "order": line.order,
                "change": f"{line.change:.2f}",
                "balance": f"{line.balance:.2f}",
            }
            for line in stated.lines
        ],
    }
