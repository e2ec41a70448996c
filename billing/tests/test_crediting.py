"""Money held for a person."""

from decimal import Decimal

import pytest
from django.db import IntegrityError

from billing import charging, crediting, posting, refunding
from billing.models import Account, Entry, Order, Payment, Refund
from billing.tests.test_bookkeeping import balances

pytestmark = pytest.mark.django_db


@pytest.fixture
def deposit(payer, manager) -> Order:
    return crediting.deposit(payer, amount=Decimal("50.00"), method="cash", by=manager, why="For two visits.")


class TestDeposit:
    def test_is_the_payers_and_no_income(self, deposit, payer, make_user):
        assert balances() == {"cash": "50.00", "credits": "-50.00"}
        assert (deposit.status, deposit.lines.get().description) == ("paid", crediting.DEPOSIT)
        assert crediting.balance(payer) == Decimal("50.00")
        assert crediting.balance(make_user("patient", "other")) == 0

    def test_can_be_given_back(self, deposit, payer, manager):
        owed = refunding.refund(deposit, by=manager, why="Moves away.")
        assert balances() == {"cash": "50.00", "refunds": "-50.00"}

        refunding.hand_over(owed, by=manager)

        assert balances() == {}
        assert crediting.balance(payer) == 0


class TestUse:
    def test_pays_what_is_owed_as_far_as_it_goes(self, deposit, order, payer, manager, heard):
        payment = crediting.use(order, by=manager)

        assert (payment.amount, payment.method, payment.status) == (Decimal("50.00"), "credit", "succeeded")
        assert (order.status, order.owing) == ("open", Decimal("39.00"))
        assert balances() == {"cash": "50.00", "receivable": "39.00", "income": "-89.00"}
        assert crediting.balance(payer) == 0

    def test_pays_no_more_than_is_owed(self, deposit, make_order, payer, manager, heard):
        order = make_order("20.00")

        crediting.use(order, by=manager)

        assert order.status == Order.Status.PAID
        assert crediting.balance(payer) == Decimal("30.00")

    @pytest.mark.parametrize("amount", ["50.01", "0.00", "-1.00"])
    def test_refuses_more_than_there_is(self, deposit, order, manager, amount):
        with pytest.raises(crediting.NoCredit, match=r"credit is A\$50.00"):
            crediting.use(order, amount=Decimal(amount), by=manager)

    def test_refuses_where_there_is_none(self, order, manager):
        with pytest.raises(crediting.NoCredit, match=r"credit is A\$0.00"):
            crediting.use(order, by=manager)

    def test_goes_back_to_where_it_came_from(self, deposit, make_order, payer, manager):
        order = make_order("20.00")
        crediting.use(order, by=manager)

        owed = refunding.unwind(order, by=manager, why="The doctor is ill.")

        assert [refund.status for refund in owed] == [Refund.Status.SUCCEEDED]
        assert crediting.balance(payer) == Decimal("50.00")
        assert order.status == Order.Status.REFUNDED

    @pytest.mark.parametrize("give", [refunding.refund, refunding.decide])
    def test_a_used_deposit_cannot_be_given_back_as_well(self, deposit, order, manager, give):
        crediting.use(order, by=manager)

        with pytest.raises(refunding.DepositUsed, match="used up"):
            give(deposit, by=manager, why="Moves away.")

    def test_of_a_deposit_used_in_part_the_rest_can_be_given_back(self, deposit, make_order, manager, payer):
        crediting.use(make_order("20.00"), by=manager)

        with pytest.raises(refunding.DepositUsed, match=r"at most A\$30.00"):
            refunding.decide(deposit, amount=Decimal("30.01"), by=manager, why="Moves away.")
        [owed] = refunding.decide(deposit, by=manager, why="Moves away.")

        assert (owed.amount, crediting.balance(payer)) == (Decimal("30.00"), 0)


class TestKeptFee:
    def test_can_be_given_as_credit(self, paid, payer, manager, work):
        refunding.unwind(paid, keep=Decimal("44.50"), by=manager, why="Cancelled an hour before.")
        work()

        refunding.decide(paid, by=manager, why="They were in hospital.", way=Refund.Way.CREDIT)

        assert crediting.balance(payer) == Decimal("44.50")
        assert balances() == {"stripe": "44.50", "credits": "-44.50"}
        paid.refresh_from_db()
        assert (paid.status, paid.kept) == ("refunded", Decimal("0.00"))
        assert Payment.objects.get().refunds.filter(way="credit").get().status == "succeeded"


def test_the_database_lets_nobody_use_credit_twice(deposit, payer):
    legs = [posting.Leg(Account.CREDITS, Decimal("50.01")), posting.Leg(Account.CASH, Decimal("-50.01"))]

    with pytest.raises(IntegrityError, match="more credit would be used"):
        posting.post(Entry.Kind.ADJUSTED, key="x", legs=legs, by=None, payer=payer)


def test_the_database_wants_to_know_whose_credit_it_is():
    legs = [posting.Leg(Account.CREDITS, Decimal("-1.00")), posting.Leg(Account.CASH, Decimal("1.00"))]

    with pytest.raises(IntegrityError, match="credit_is_somebodys"):
        posting.post(Entry.Kind.ADJUSTED, key="x", legs=legs, by=None)


def test_what_is_bought_with_credit_is_no_deposit(payer, deposit, manager):
    order = charging.open_order(
        payer=payer, lines=[charging.Line("Letter", "gst_10", Decimal("22.00"))], by=manager
    )
    crediting.use(order, by=manager)

    refunding.decide(order, amount=Decimal("11.00"), by=manager, why="Half of it.")

    assert balances(order=order) == {"credits": "11.00", "income": "-10.00", "gst": "-1.00"}
