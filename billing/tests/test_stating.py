"""A payer's statement: from the first balance to the last, by what the ledger says."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db.models import Sum

from billing import charging, crediting, refunding, stating
from billing.models import Entry, Payment, Posting
from billing.posting import Leg, post

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 8, 3, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def clock():
    with time_machine.travel(MONDAY, tick=False) as traveller:
        yield traveller


def state(payer, since: int = 0, until: int = 30) -> stating.Statement:
    """The statement of the days ``since`` to ``until``, counted from Monday's midnight."""
    midnight = MONDAY.replace(hour=0)
    return stating.statement(payer, midnight + since * DAY, midnight + until * DAY)


def told(statement: stating.Statement) -> list[tuple[str, str, str]]:
    return [(line.what, str(line.change), str(line.balance)) for line in statement.lines]


class TestStatement:
    def test_of_nobody_who_owed_anything_is_empty(self, payer):
        found = state(payer)

        assert (found.opening, found.lines, found.closing) == (0, [], 0)

    def test_leads_from_what_was_owed_to_what_is(self, clock, make_order, payer, manager):
        order = make_order("89.00")
        clock.shift(DAY)
        charging.take_payment(order, by=manager, method=Payment.Method.CASH, amount=Decimal("50.00"))
        clock.shift(DAY)
        charging.write_off(order, by=manager, why="She moved away after her diagnosis.")

        whole, later = state(payer), state(payer, since=1)

        assert told(whole) == [
            ("Consultation", "89.00", "89.00"),
            ("Payment (cash)", "-50.00", "39.00"),
            ("Written off", "-39.00", "0.00"),
        ]
        assert [line.order for line in whole.lines] == [order.number] * 3
        assert (whole.opening, whole.charged, whole.credited, whole.closing) == (0, 89, 89, 0)
        assert (later.opening, told(later)) == (89, told(whole)[1:])

    def test_has_its_first_moment_and_not_its_last(self, clock, make_order, payer):
        for at in (MONDAY - timedelta(microseconds=1), MONDAY, MONDAY + DAY):
            clock.move_to(at)
            make_order("10.00")

        found = stating.statement(payer, MONDAY, MONDAY + DAY)

        assert (found.opening, [line.happened_at for line in found.lines]) == (10, [MONDAY])
        assert found.closing == 20

    def test_tells_of_a_refund_when_it_is_promised_and_when_it_goes(self, make_paid, payer, manager):
        with time_machine.travel(MONDAY) as clock:
            order = make_paid()
            owed = refunding.refund(order, amount=Decimal("44.50"), by=manager, why="Cancelled.")
            clock.shift(60)
            refunding.hand_over(owed, by=manager)

        assert told(state(payer)) == [
            ("Consultation", "89.00", "89.00"),
            ("Payment (cash)", "-89.00", "0.00"),
            ("Credited", "-44.50", "-44.50"),
            ("Refund", "44.50", "0.00"),
        ]

    def test_tells_of_a_deposit_until_it_is_used(self, payer, make_order, manager):
        with time_machine.travel(MONDAY):
            crediting.deposit(payer, amount=Decimal("50.00"), method="cash", by=manager, why="For later.")
            crediting.use(make_order("20.00"), by=manager)

        assert told(state(payer)) == [
            ("Deposit (cash)", "-50.00", "-50.00"),
            ("Consultation", "20.00", "-30.00"),
            ("Paid from credit: A$20.00", "0.00", "-30.00"),
        ]

    def test_tells_what_stays_as_credit(self, make_paid, payer, manager):
        with time_machine.travel(MONDAY):
            refunding.refund(make_paid(), by=manager, way="credit", why="They come again.")

        assert told(state(payer))[2:] == [
            ("Credited", "-89.00", "-89.00"),
            ("Kept as credit for later: A$89.00", "0.00", "-89.00"),
        ]

    def test_tells_of_a_fee_that_was_kept(self, make_paid, payer, manager):
        with time_machine.travel(MONDAY):
            refunding.unwind(
                make_paid(), keep=Decimal("45.00"), cause="patient_cancelled", by=None, why="Late."
            )

        assert told(state(payer))[2:] == [
            ("Credited", "-44.00", "-44.00"),
            ("Cancellation fee kept in place of the consultation", "0.00", "-44.00"),
        ]

    def test_tells_nothing_of_others(self, make_order, payer, make_user):
        make_order("89.00")

        found = stating.statement(make_user("patient", "other"), MONDAY - 9999 * DAY, MONDAY + 9999 * DAY)

        assert (found.opening, found.lines) == (0, [])

    @pytest.mark.parametrize("orders", [0, 1, 3])
    def test_is_one_reading(self, make_order, payer, django_assert_num_queries, orders):
        for _ in range(orders):
            make_order()

        with django_assert_num_queries(1):
            state(payer)

    def test_ends_with_what_the_ledger_says(self, make_paid, make_order, payer, manager, give_back):
        give_back(make_paid(), "9.00")
        make_order("12.00")
        crediting.deposit(payer, amount=Decimal("5.00"), method="cash", by=manager, why="")
        far = MONDAY + 9999 * DAY

        found = stating.statement(payer, MONDAY - 9999 * DAY, far)

        between = Posting.objects.of(*stating.BALANCE).filter(payer=payer)
        assert found.closing == between.aggregate(total=Sum("amount"))["total"] == Decimal("7.00")

    def test_has_a_word_for_everything_that_can_happen(self, payer):
        for kind in Entry.Kind.values:
            legs = [Leg("receivable", Decimal(1)), Leg("income", Decimal(-1))]
            post(kind, key=f"test:{kind}", legs=legs, by=None, payer_id=payer.pk, at=MONDAY)

        whats = [line.what for line in state(payer).lines]

        assert len(whats) == len(Entry.Kind.values)
        assert "" not in whats
