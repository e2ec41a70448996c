"""A doubtful strength is not prescribed before a person looked at it."""

import pytest

from catalog import importing, settling, undoing
from catalog.models import Product
from catalog.settling import NothingInDoubt, WhyMissing
from catalog.tests import imports

pytestmark = pytest.mark.django_db


@pytest.fixture
def weak(damaged):
    """A list with a flower of 0.2 %: 20 %, read as a fraction, or a strength as good as none."""

    def make(thc="0.2%", **cells):
        def edit(book):
            sheet = book["Dried Flower"]
            columns = {str(cell.value).strip().upper(): cell.column for cell in sheet[1]}
            for name, value in {"THC": thc, "CBD": "0%", "TGA CAT": None}.items():
                sheet.cell(2, columns[name]).value = value
            for place, value in cells.items():
                book["Oil"][place] = value

        return damaged("medreleaf", edit)

    return make


def bring_in(data):
    return importing.bring_in("medreleaf", data=data, file_name="a.xlsx", by=None, apply_now=True)


def product():
    return Product.objects.get(thc_value="0.2")


class TestDoubts:
    def test_a_new_product_at_the_terminal_is_as_stated_and_not_prescribed(self, weak):
        bring_in(weak())

        assert product().strength_doubts == ["potency_looks_like_fraction"]
        assert not product().is_prescribable
        assert bring_in(weak()).comparison.is_settled  # the second time there is nothing new

    def test_who_takes_the_line_settles_it(self, weak, manager, reviewer):
        imports.applied("medreleaf", weak(), by=manager, approver=reviewer)

        assert product().strength_doubts == []
        assert product().is_prescribable
        assert product().history.first().is_strength_settled

    def test_lines_without_a_doubt_are_not_called_settled(self, weak, manager, reviewer):
        imports.applied("medreleaf", weak(), by=manager, approver=reviewer)

        assert Product.objects.filter(is_strength_settled=True).count() == 1

    def test_stays_settled_where_something_else_changes(self, weak, manager, reviewer):
        imports.applied("medreleaf", weak(), by=manager, approver=reviewer)
        bring_in(weak(D2=75))

        assert product().is_prescribable

    def test_undoing_opens_the_question_again(self, weak, manager, reviewer):
        bring_in(weak())
        settling.settle(product(), by=manager, why="The label says so.")
        run = imports.applied("medreleaf", weak("21%"), by=manager, approver=reviewer)

        undoing.undo(run, by=manager, why="The wrong list.")

        assert product().strength_doubts == ["potency_looks_like_fraction"]
        assert not product().is_prescribable


class TestSettle:
    def test_opens_the_product_and_says_who_and_why(self, weak, manager):
        bring_in(weak())

        settling.settle(product(), by=manager, why="The label says 0.2 %.")

        version = product().history.first()
        assert product().is_prescribable
        assert (version.history_user, version.history_change_reason) == (
            manager,
            "The strength is right: The label says 0.2 %.",
        )

    def test_asks_how_that_is_known(self, weak, manager):
        bring_in(weak())

        with pytest.raises(WhyMissing):
            settling.settle(product(), by=manager, why=" ")

        assert not product().is_prescribable

    def test_refuses_where_nothing_is_in_doubt(self, weak, manager):
        bring_in(weak())
        settling.settle(product(), by=manager, why="The label says so.")

        with pytest.raises(NothingInDoubt):
            settling.settle(product(), by=manager, why="Once more.")

    def test_never_makes_up_for_a_missing_basis(self, sample, manager, reviewer):
        imports.applied("phytoca", sample("phytoca"), by=manager, approver=reviewer)

        vape = Product.objects.get(name="Phytoca WT")
        assert (vape.is_strength_settled, vape.thc_basis, vape.is_prescribable) == (True, "", False)


def test_a_comma_in_a_strength_is_asked_about(strengths):
    bring_in(strengths("1,500mg", "100mg/mL"))

    found = Product.objects.get(name="5 / 100")
    assert ("comma_in_number" in found.strength_doubts, found.is_prescribable) == (True, False)
