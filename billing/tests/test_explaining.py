"""Differences to Stripe that somebody explained: kept, booked, and asked for again when they change."""

import pytest

from billing import banking, explaining
from billing.models import Account, Difference, Entry
from billing.tests.conftest import FEE, balance_of, reconcile, standing
from config.base import IllegalMove

pytestmark = pytest.mark.django_db
Kind, Status = Difference.Kind, Difference.Status


@pytest.fixture(autouse=True)
def nothing_else_happened(empty_stripe):
    """Nobody else has moved this balance."""


class TestResolve:
    @pytest.fixture
    def difference(self, paid, simulated_stripe) -> Difference:
        simulated_stripe.control("entry", "adjustment:-500")
        reconcile()
        return Difference.objects.get()

    def test_keeps_who_explained_it_and_how(self, difference, manager):
        explaining.resolve(difference, by=manager, why="A correction of March’s fees.")

        difference.refresh_from_db()
        assert (difference.status, difference.words) == (Status.RESOLVED, "A correction of March’s fees.")
        assert (difference.resolved_by, difference.booking) == (manager, None)
        reconcile()
        assert [status for *_, status in standing()] == [Status.RESOLVED]

    def test_books_the_gap_so_that_both_sides_are_one(self, difference, manager):
        explaining.resolve(difference, by=manager, why="A correction of March’s fees.", book=True)

        done = reconcile()

        assert done.ours == done.theirs == balance_of(Account.STRIPE) == banking.fetch_balance()
        assert balance_of(Account.DIFFERENCES) == 5
        assert standing() == [(Kind.UNEXPECTED, 0, -5, Status.RESOLVED)]

    def test_books_no_money_that_did_not_move(self, order, pay, simulated_stripe, manager):
        simulated_stripe.control("fees", "odd")
        pay(order)
        reconcile()

        with pytest.raises(explaining.NotOurMoney):
            explaining.resolve(Difference.objects.get(), by=manager, why="Agreed by telephone.", book=True)

        assert Difference.objects.get().status == Status.OPEN

    def test_explains_once(self, difference, manager):
        explaining.resolve(difference, by=manager, why="A correction.", book=True)

        with pytest.raises(IllegalMove):
            explaining.resolve(difference, by=manager, why="Another one.", book=True)

        assert Entry.objects.filter(kind=Entry.Kind.ADJUSTED).count() == 1

    def test_is_taken_back_when_both_sides_agree_after_all(self, paid, manager, monkeypatch):
        monkeypatch.setattr(banking, "fetch_movements", lambda since: [])
        reconcile()
        difference = Difference.objects.get(kind=Kind.MISSING_THERE)
        explaining.resolve(difference, by=manager, why="Stripe lost it.", book=True)
        monkeypatch.undo()

        done = reconcile()

        difference.refresh_from_db()
        assert (difference.status, difference.booking, difference.words) == (Status.GONE, None, "")
        assert balance_of(Account.DIFFERENCES) == 0
        assert done.ours == done.theirs == paid.amount - FEE

    def test_is_asked_for_again_when_the_amounts_change(self, paid, manager, monkeypatch):
        ask = banking.fetch_balance
        monkeypatch.setattr(banking, "fetch_balance", lambda: ask() + 7)
        reconcile()
        difference = Difference.objects.get()
        explaining.resolve(difference, by=manager, why="Nobody knows.", book=True)
        reconcile()
        assert (balance_of(Account.DIFFERENCES), standing()[0][-1]) == (-7, Status.RESOLVED)

        monkeypatch.setattr(banking, "fetch_balance", lambda: ask() + 9)
        reconcile()

        there = paid.amount - FEE
        assert standing() == [(Kind.BALANCE, there, there + 9, Status.OPEN)]
        assert balance_of(Account.DIFFERENCES) == 0

    def test_leaves_it_to_the_next_comparison_to_see_new_amounts(self, paid, monkeypatch):
        ask = banking.fetch_balance
        for gap in (7, 9):
            monkeypatch.setattr(banking, "fetch_balance", lambda gap=gap: ask() + gap)
            reconcile()

        there = paid.amount - FEE
        assert standing() == [(Kind.BALANCE, there, there + 9, Status.OPEN)]

    def test_opens_again_what_comes_back(self, paid, monkeypatch):
        ask = banking.fetch_balance
        found = []
        for gap in (7, 0, 7):
            monkeypatch.setattr(banking, "fetch_balance", lambda gap=gap: ask() + gap)
            found.append((reconcile().found, Difference.objects.get().status))

        assert found == [(1, Status.OPEN), (0, Status.GONE), (1, Status.OPEN)]
