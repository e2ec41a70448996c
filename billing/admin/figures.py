"""The figures of a day as rows: what each is, what it was when signed, and the list that it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.http import urlencode

from billing import tallying
from billing.admin.columns import in_words
from billing.closing import Day, Standing
from billing.models import Account, Entry

TILLS = {
    Account.STRIPE: "by card, online",
    Account.TERMINAL: "by card, at the terminal",
    Account.BANK: "by bank transfer",
    Account.CASH: "in cash",
    Account.CREDITS: "from patients’ credit",
}

LABELS = {
    "expected": "Expected",
    "refunded": "Refunded",
    "disputed": "Taken back in disputes",
    "let_off": "Waived or written off",
    "fees": "Stripe’s fees",
    "paid_out": "Paid out by Stripe",
    "outstanding": "Outstanding at the end of the day",
}


class Row(NamedTuple):
    """One figure."""

    label: str
    now: str
    signed: str
    link: str
    is_part: bool = False
    note: str = ""

    @property
    def has_changed(self) -> bool:
        return bool(self.signed) and self.now != self.signed


def rows_of(standing: Standing) -> list[Row]:
    """Every figure of a day, in the order in which money moves."""
    figures, day = standing.figures, standing.day
    signed = standing.closed.figures["figures"] if standing.closed else None

    def row(name: str, accounts: Iterable[str], kinds: Iterable[str], **more: Any) -> Row:
        now = in_words(getattr(figures, name))
        return Row(LABELS[name], now, _was(signed, name), entries(day, kinds, accounts), **more)

    kept = Decimal(sum(Decimal(value) for value in signed["received"].values())) if signed else None
    return [
        row(
            "expected",
            [Account.RECEIVABLE],
            tallying.EXPECTED,
            note="orders made, less those given up",
        ),
        Row(
            "Received",
            in_words(figures.all_received),
            in_words(kept) if kept is not None else "",
            entries(day, tallying.RECEIVED),
        ),
        *_received(standing, signed),
        row("refunded", [Account.REFUNDS], tallying.REFUNDED),
        row(
            "disputed",
            [Account.STRIPE],
            tallying.DISPUTED,
            note="less what was won",
        ),
        row("let_off", [Account.RECEIVABLE], tallying.LET_OFF),
        row("fees", [Account.STRIPE_FEES], [Entry.Kind.FEE]),
        row("paid_out", [Account.BANK], [Entry.Kind.PAID_OUT]),
        Row(
            LABELS["outstanding"],
            in_words(figures.outstanding),
            _was(signed, "outstanding"),
            f"{reverse('admin:billing_order_changelist')}?{urlencode({'status__exact': 'open'})}",
            note="the list shows what is owed now",
        ),
    ]


def _received(standing: Standing, signed: Mapping[str, Any] | None) -> list[Row]:
    """What came in by each way that was used."""
    here = standing.figures.received
    there = signed["received"] if signed else {}
    return [
        Row(
            label,
            in_words(here.get(till, tallying.NOTHING)),
            in_words(Decimal(there.get(till, 0))) if signed else "",
            entries(standing.day, tallying.RECEIVED, [till]),
            is_part=True,
        )
        for till, label in TILLS.items()
        if till in here or till in there
    ]


def signed_pairs(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each figure of a signature with what it is called."""
    received = figures["received"]
    return [
        (LABELS["expected"], in_words(Decimal(figures["expected"]))),
        *((f"Received {TILLS[Account(till)]}", in_words(Decimal(received[till]))) for till in received),
        *((label, in_words(Decimal(figures[name]))) for name, label in LABELS.items() if name != "expected"),
        ("Postings in the ledger", str(figures["postings"])),
    ]


def _was(signed: Mapping[str, Any] | None, name: str) -> str:
    return in_words(Decimal(signed[name])) if signed else ""


def entries(day: Day, kinds: Iterable[str], accounts: Iterable[str] = ()) -> str:
    """The ledger's list of what happened on ``day``."""
    asked = {**within(day, "happened_at"), "kind__in": ",".join(str(kind) for kind in kinds)}
    if accounts:
        asked["postings__account__in"] = ",".join(str(account) for account in accounts)
    return f"{reverse('admin:billing_entry_changelist')}?{urlencode(asked)}"


def within(day: Day, moment: str) -> dict[str, str]:
    """The address parameters that narrow a list to ``day``."""
    return {f"{moment}__gte": day.starts_at.isoformat(), f"{moment}__lt": day.ends_at.isoformat()}
