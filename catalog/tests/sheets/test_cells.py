"""What one cell of a sample raises when somebody types something else into it."""

import pytest

from catalog.sheets import LAYOUTS, reading

CHANGES = {
    "digits_hidden": ("medreleaf", "Dried Flower", "J2", 0.1649),
    "price_rounded": ("medreleaf", "Oil", "D2", 72.45),
    "price_conflict": ("alma", "Sheet3", "L2", 83),
    "sheets_disagree": ("alma", "Sheet3", "E2", "Sativa"),
    "text_too_long": ("medreleaf", "Oil", "B2", "x" * 301),
}


@pytest.mark.parametrize("code", CHANGES)
def test_is_raised_with_the_cell_that_says_it(code, damaged):
    key, sheet, cell, value = CHANGES[code]

    def edit(book):
        book[sheet][cell] = value

    offers = reading.read(LAYOUTS[key], damaged(key, edit)).offers

    raised = [finding for offer in offers for finding in offer.findings if finding.code == code]
    assert cell in " ".join(f"{finding.cell} {finding.detail}" for finding in raised)


def test_what_is_shown_holds_for_a_strength_and_what_is_typed_for_a_price(damaged):
    def edit(book):
        book["Dried Flower"]["J2"], book["Oil"]["D2"] = 0.1649, 72.45

    offers = reading.read(LAYOUTS["medreleaf"], damaged("medreleaf", edit)).offers

    assert str(offers[0].potencies["CBD"].value) == "16.5"
    assert [str(offer.wholesale) for offer in offers if "Brolga" in offer.name] == ["72.45"]
