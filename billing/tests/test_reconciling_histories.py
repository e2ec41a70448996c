"""Whatever happens at Stripe, and however little of it we hear, the ledger can tell what Stripe holds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
import stripe
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from billing import banking, charging, gateway, reconciling, refunding
from billing.models import Account, Difference, Order, Posting

pytestmark = pytest.mark.django_db
ADJUSTED = st.tuples(
    st.just("entry"), st.sampled_from(["adjustment:-500", "stripe_fee:-220", "adjustment:77"])
)
HAPPENINGS = st.lists(
    st.one_of(
        st.just(("pay", "")),
        st.tuples(st.just("refund"), st.sampled_from(["succeeded", "pending", "failed", "canceled"])),
        st.tuples(st.just("dashboard"), st.sampled_from(["100", "4450"])),
        st.tuples(st.just("dispute"), st.sampled_from(["won", "lost", ""])),
        st.tuples(st.just("payout"), st.sampled_from(["make", "pay", "fail"])),
        st.tuples(st.just("fees"), st.sampled_from(["domestic", "international", "odd"])),
        ADJUSTED,
        st.just(("hear", "")),
        st.just(("reconcile", "")),
    ),
    min_size=2,
    max_size=8,
)


class Story:
    """One history: what payers, banks, Stripe and the clinic do."""

    def __init__(self, make_order: Callable, pay: Callable, simulator, manager) -> None:
        self.make_order, self.press_pay, self.simulator, self.manager = make_order, pay, simulator, manager
        self.orders: list[Order] = []
        self.client = stripe.StripeClient(
            "sk_test_dashboard",
            base_addresses={"api": simulator.address},
            stripe_version=gateway.VERSION,
            http_client=stripe.RequestsClient(),
        )

    def live(self, kind: str, word: str) -> None:
        getattr(self, kind)(word)

    def intent(self) -> str:
        paid = [session for session in self.client.v1.checkout.sessions.list().data if session.payment_intent]
        return paid[0].payment_intent if paid else ""

    def pay(self, word: str) -> None:
        self.orders.append(self.make_order())
        self.press_pay(self.orders[-1])

    def hear(self, word: str) -> None:
        """The webhook of the last payment gets through."""
        for payment in Order.objects.latest("created_at").payments.all() if self.orders else []:
            charging.follow(payment.session_id)

    def refund(self, outcome: str) -> None:
        """The clinic gives back what it knows of, and Stripe's answer never reaches it."""
        self.simulator.control("refunds", outcome)
        for order in Order.objects.filter(paid__gt=0, promised=0, refunded=0, disputed=0, lost=0)[:1]:
            owed = refunding.refund(order, by=self.manager, why="Asked for.", amount=Decimal("10.00"))
            try:
                gateway.create_refund(
                    refund_id=str(owed.pk), intent_id=owed.payment.intent_id, amount=owed.amount
                )
            except gateway.Rejected:
                refunding.send(owed)

    def dashboard(self, cents: str) -> None:
        """Somebody gives money back in Stripe's own dashboard."""
        if intent := self.intent():
            try:
                self.client.v1.refunds.create(params={"payment_intent": intent, "amount": int(cents)})
            except stripe.InvalidRequestError:
                return

    def dispute(self, outcome: str) -> None:
        intent = self.intent()
        if intent and not self.client.v1.disputes.list(params={"payment_intent": intent}).data:
            self.simulator.control("dispute", intent)
        if outcome:
            self.simulator.control("disputes", outcome)

    def payout(self, step: str) -> None:
        if banking.fetch_balance() > 0 or step != "make":
            self.simulator.control("payout", step)

    def fees(self, cards: str) -> None:
        self.simulator.control("fees", cards)

    def entry(self, value: str) -> None:
        self.simulator.control("entry", value)

    def reconcile(self, word: str) -> None:
        assert reconciling.reconcile(by=None).error == ""


@contextmanager
def forgotten() -> Iterator[None]:
    """Every history starts from the same rows: what was written inside is rolled back."""
    block = transaction.atomic()
    block._from_testcase = True  # for the rules it is no transaction
    with block:
        yield
        transaction.set_rollback(True)


@how(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(happenings=HAPPENINGS)
def test_the_ledger_and_its_differences_are_what_stripe_holds(
    happenings, make_order: Callable, pay: Callable, manager, empty_stripe
):
    empty_stripe.control("memory", "wipe")
    empty_stripe.control("webhooks", "drop")
    with forgotten():
        story = Story(make_order, pay, empty_stripe, manager)
        for kind, word in happenings:
            story.live(kind, word)

        reconciling.reconcile(by=None)
        again = reconciling.reconcile(by=None)

        named = Difference.objects.open().filter(kind__in=Difference.OF_MONEY)
        ledger = Posting.objects.of(Account.STRIPE).aggregate(total=Sum("amount"))["total"] or Decimal("0.00")
        assert (again.error, again.movements, again.found, again.gone) == ("", 0, 0, 0)
        assert again.theirs == banking.fetch_balance() == ledger + sum(one.gap() for one in named)
        assert {one.kind for one in named} <= {Difference.Kind.MISSING_HERE, Difference.Kind.UNEXPECTED}
        assert _hidden(named) == []


def _hidden(named) -> list[str]:
    """Differences for which nothing at Stripe can be shown."""
    return [str(one) for one in named if one.movement is None]
