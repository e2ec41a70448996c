"""What billing's tests can ask for: an order, its payer, a worker, and an ear for billing's signals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db.models import Sum
from django.utils.module_loading import import_string
from django_q.models import OrmQ

from billing import charging, receipting, reconciling, refunding, signals
from billing.composing import Issuer, Particulars, Provider, Service
from billing.models import Difference, Order, Payment, Posting, Receipt, Reconciliation, Refund
from billing.simulator.testing import empty_stripe, simulated_stripe, stripe_simulator  # noqa: F401  fixtures

FEE = Decimal("1.81")  # of A$89.00
PAGES = {"success_url": "https://clinic.example/paid", "cancel_url": "https://clinic.example/left"}


@pytest.fixture(autouse=True)
def heard(monkeypatch) -> list[tuple[str, Order]]:
    """What billing has told the apps above it. They do not listen here: these orders are none of theirs."""
    told: list[tuple[str, Order]] = []
    for name in ("order_paid", "order_refunded"):
        signal = getattr(signals, name)
        monkeypatch.setattr(signal, "receivers", [])
        signal.connect(lambda sender, order, signal, name=name, **_: told.append((name, order)), weak=False)
    return told


FACTS = Particulars(
    issuer=Issuer(
        legal_name="Example Clinic Pty Ltd",
        trading_name="Example Clinic",
        abn="51824753556",
        address="12 Example Street, Sydney NSW 2000",
        phone="02 5550 0100",
    ),
    patient="Pat Example",
    zone="Australia/Sydney",
    provider=Provider(name="Dr Ada Example", provider_number="2426621B"),
    service=Service("visit-1", "Short consultation (video)", datetime(2026, 8, 3, 23, 30, tzinfo=UTC)),
)


@pytest.fixture(autouse=True)
def tell(monkeypatch) -> Callable[[Particulars], None]:
    """Say what orders are for, as the apps above would; ``FACTS`` unless said otherwise."""
    known = [FACTS]
    monkeypatch.setattr(signals.particulars_wanted, "receivers", [])
    signals.particulars_wanted.connect(lambda sender, **_: known[-1], weak=False)
    return known.append


@pytest.fixture
def payer(make_user):
    return make_user("patient")


@pytest.fixture
def make_order(payer) -> Callable[..., Order]:
    def make(*amounts: str) -> Order:
        lines = [
            charging.Line("Consultation", "gst_free", Decimal(amount)) for amount in amounts or ["89.00"]
        ]
        return charging.open_order(payer=payer, lines=lines, by=None)

    return make


@pytest.fixture
def order(make_order) -> Order:
    return make_order()


@pytest.fixture
def pay(simulated_stripe) -> Callable[[Order], Payment]:  # noqa: F811
    """Pay an order at Stripe; nobody has told us yet."""

    def do(order: Order) -> Payment:
        payment = charging.start_checkout(order, **PAGES)
        simulated_stripe.press(payment.url, "pay")
        return payment

    return do


@pytest.fixture
def paid(order, pay) -> Order:
    """An order whose payment we know of."""
    charging.follow(pay(order).session_id)
    order.refresh_from_db()
    return order


@pytest.fixture
def hand_over(manager) -> Callable[[], None]:
    """Give back by hand what waits for it."""

    def do() -> None:
        for owed in Refund.objects.to_hand_over():
            refunding.hand_over(owed, by=manager)

    return do


@pytest.fixture
def work(db) -> Callable[[], None]:
    """Do what a worker would do until the queue is empty."""

    def run() -> None:
        while row := OrmQ.objects.order_by("pk").first():
            name, ids = row.func(), row.args()
            row.delete()
            import_string(name)(*ids)

    return run


def receipt_of(order) -> Receipt:
    return order.receipts.get(kind="receipt")


@pytest.fixture
def make_paid(make_order, manager):
    """An order that was paid by hand; its lines may be given as (GST code, amount)."""

    def make(*lines: tuple[str, str]):
        order = make_order() if not lines else _order(make_order, lines)
        charging.take_payment(order, by=manager, method=Payment.Method.CASH)
        receipting.catch_up(order)
        return order

    return make


def _order(make_order, lines):
    payer = make_order().payer
    offered = [charging.Line("Thing", code, Decimal(amount)) for code, amount in lines]
    return charging.open_order(payer=payer, lines=offered, by=None)


@pytest.fixture
def give_back(manager, hand_over):
    """Give back some of an order that was paid by hand, and write what is owed on paper."""

    def do(order, amount: str | None = None) -> list[Receipt]:
        refunding.refund(order, amount=amount and Decimal(amount), by=manager, why="She was rude.")
        hand_over()
        return receipting.catch_up(order)

    return do


def reconcile() -> Reconciliation:
    return reconciling.reconcile(by=None)


def balance_of(account: str) -> Decimal:
    return Posting.objects.of(account).aggregate(total=Sum("amount"))["total"] or Decimal("0.00")


def standing() -> list[tuple]:
    """Every difference that stands: its kind, both amounts and where it is."""
    rows = Difference.objects.exclude(status=Difference.Status.GONE).order_by("kind", "happened_at")
    return [(one.kind, one.ours, one.theirs, one.status) for one in rows]
