"""Taking an import back."""

from datetime import date
from decimal import Decimal

import pytest
import time_machine

from catalog import applying, importing, reviewing, undoing
from catalog.models import ChangeSet, Price, Product
from catalog.tests import imports
from config.base import IllegalMove

pytestmark = pytest.mark.django_db
BROLGA = "Brolga CBD 100 (S4)"


@pytest.fixture
def changed(sample, damaged, manager, reviewer):
    """A list whose second month changed two products and lost a third."""
    importing.bring_in("medreleaf", data=sample("medreleaf"), file_name="may.xlsx", by=None, apply_now=True)

    def edit(book):
        book["Oil"]["D2"], book["Oil"]["H3"] = 75, "90mg/mL"
        book["Oil"].delete_rows(4)

    return imports.applied("medreleaf", damaged("medreleaf", edit), by=manager, approver=reviewer)


def facts() -> list[dict]:
    """Every product with the prices in force."""
    return list(Product.objects.with_prices().order_by("pk").values())


class TestUndo:
    def test_puts_back_what_was(self, sample, damaged, manager, reviewer):
        importing.bring_in(
            "medreleaf", data=sample("medreleaf"), file_name="may.xlsx", by=None, apply_now=True
        )
        before = facts()

        def edit(book):
            book["Oil"]["D2"], book["Oil"]["H3"] = 75, "90mg/mL"
            book["Oil"].delete_rows(4)

        run = imports.applied("medreleaf", damaged("medreleaf", edit), by=manager, approver=reviewer)
        assert facts() != before

        undone = undoing.undo(run, by=manager, why="The wrong list.")

        assert facts() == before
        assert (run.status, undone.kind, undone.kept) == ("undone", "undone", [])
        assert undone.counts == {"changed": 2, "taken_off": 0, "prices": 1}

    def test_says_so_in_the_versions(self, changed, manager):
        undone = undoing.undo(changed, by=manager, why="The wrong list.")

        version = Product.objects.get(name="5 / 100").history.first()
        assert (version.history_user, version.history_change_reason) == (
            manager,
            f"Undone, change set {undone.pk}: The wrong list.",
        )
        assert version.trace["change_set"] == str(undone.pk)
        assert (version.cbd_value, version.history_type) == (100, "~")

    def test_keeps_the_history_of_prices(self, changed, manager):
        undoing.undo(changed, by=manager, why="The wrong list.")

        prices = Price.objects.filter(product__name=BROLGA, kind="wholesale")
        assert [price.amount for price in prices] == [72, 75, 72]

    def test_leaves_alone_what_has_changed_since_and_lists_it(self, changed, manager, reviewer):
        product = Product.objects.get(name="5 / 100")
        product.change(by=reviewer, cbd_value=95)

        undone = undoing.undo(changed, by=manager, why="The wrong list.")

        product.refresh_from_db()
        assert product.cbd_value == 95
        assert undone.kept == [{"product": str(product.pk), "name": str(product)}]
        assert undone.counts == {"changed": 1, "taken_off": 0, "prices": 1}

    def test_leaves_a_price_alone_that_came_later(self, changed, manager):
        product = Product.objects.get(name=BROLGA)
        Price.objects.create(product=product, kind="wholesale", amount=80)

        undone = undoing.undo(changed, by=manager, why="The wrong list.")

        assert Product.objects.with_prices().get(pk=product.pk).wholesale == 80
        assert [one["product"] for one in undone.kept] == [str(product.pk)]

    def test_does_not_mind_other_changes_of_the_same_product(self, changed, manager, reviewer):
        product = Product.objects.get(name="5 / 100")
        product.change(by=reviewer, storage="Cool.")

        undone = undoing.undo(changed, by=manager, why="The wrong list.")

        product.refresh_from_db()
        assert (product.cbd_value, product.storage, undone.kept) == (100, "Cool.", [])

    def test_leaves_a_composition_alone_of_which_another_list_changed_the_rest(
        self, strengths, manager, reviewer
    ):
        """THC put back to 3 beside the later CBD of 130 would stand as S4."""
        imports.applied("medreleaf", strengths("3mg/mL", "100mg/mL"), by=manager, approver=reviewer)
        run = imports.applied("medreleaf", strengths("2.5mg/mL", "100mg/mL"), by=manager, approver=reviewer)
        imports.applied("medreleaf", strengths("2.5mg/mL", "130mg/mL"), by=manager, approver=reviewer)

        undone = undoing.undo(run, by=manager, why="The wrong list.")

        product = Product.objects.get(name="5 / 100")
        assert (product.thc_value, product.cbd_value, product.schedule) == (Decimal("2.5"), 130, "S4")
        assert [one["product"] for one in undone.kept] == [str(product.pk)]

    def test_takes_new_products_off_sale_without_a_price(self, sample, manager, reviewer):
        run = imports.applied("alma", sample("alma"), by=manager, approver=reviewer)

        undone = undoing.undo(run, by=manager, why="Not our supplier.")

        assert undone.counts == {"changed": 0, "taken_off": 5, "prices": 10}
        assert set(Product.objects.with_prices().values_list("supply", "wholesale", "retail")) == {
            ("discontinued", None, None)
        }
        assert not Product.objects.prescribable().exists()

    def test_leaves_a_new_product_alone_that_somebody_worked_on(self, sample, manager, reviewer):
        run = imports.applied("alma", sample("alma"), by=manager, approver=reviewer)
        Product.objects.get(name="Gannet").change(by=reviewer, storage="Cool.")

        undone = undoing.undo(run, by=manager, why="Not our supplier.")

        assert (Product.objects.get(supply="active").name, len(undone.kept)) == ("Gannet", 1)

    def test_brings_the_list_back_when_it_comes_again(self, sample, manager, reviewer):
        run = imports.applied("alma", sample("alma"), by=manager, approver=reviewer)
        before = [row | {"review_codes": None} for row in facts()]
        undoing.undo(run, by=manager, why="Too early.")

        imports.applied("alma", sample("alma"), by=manager, approver=reviewer)

        assert [row | {"review_codes": None} for row in facts()] == before

    def test_takes_back_prices_that_do_not_hold_yet(self, sample, damaged, manager, reviewer):
        with time_machine.travel("2026-06-10 09:00+10:00", tick=False) as clock:
            importing.bring_in("alma", data=sample("alma"), file_name="a.xlsx", by=None, apply_now=True)

            def edit(book):
                book["Sheet1"]["L2"] = 111

            run = imports.checked("alma", damaged("alma", edit))

            reviewing.hold_from(run, date(2026, 7, 1), by=manager)
            if run.rows.undecided().exists():
                reviewing.decide(run, run.rows.undecided(), verdict="take", reason="Fine.", by=manager)
            reviewing.hand_in(run, by=manager)
            reviewing.approve(run, by=reviewer)
            applying.work_off(run)
            clock.shift(60)

            undoing.undo(run, by=manager, why="Prices stay.")

        gannet = Product.objects.with_prices(on=date(2026, 7, 2)).get(name="Gannet")
        assert gannet.wholesale == 105

    def test_happens_once(self, changed, manager):
        undoing.undo(changed, by=manager, why="The wrong list.")

        with pytest.raises(IllegalMove):
            undoing.undo(changed, by=manager, why="Again.")

        assert ChangeSet.objects.filter(kind="undone").count() == 1
