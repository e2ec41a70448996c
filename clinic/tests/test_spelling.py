"""Vectors for quantities in words, last days and ages."""

from datetime import date
from decimal import Decimal

import pytest

from clinic import spelling


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"),
        (1, "one"),
        (15, "fifteen"),
        (28, "twenty-eight"),
        (30, "thirty"),
        (100, "one hundred"),
        (112, "one hundred and twelve"),
        (1005, "one thousand and five"),
        (1112, "one thousand one hundred and twelve"),
        (Decimal("1.5"), "one point five"),
        (Decimal("30.000"), "thirty"),
        (Decimal("0.25"), "zero point two five"),
    ],
)
def test_numbers_are_spelled(number, words):
    assert spelling.in_words(number) == words


@pytest.mark.parametrize(
    ("number", "unit", "written"),
    [
        (28, "g", "28 (twenty-eight) grams"),
        (1, "g", "1 (one) gram"),
        (Decimal("60.000"), "mL", "60 (sixty) millilitres"),
        (2, "pack", "2 (two) packs"),
        (30, "capsule", "30 (thirty) capsules"),
        (2, "gummy", "2 (two) gummies"),
        (60, "patch", "60 (sixty) patches"),
    ],
)
def test_a_quantity_is_in_figures_and_words(number, unit, written):
    assert spelling.quantity(number, unit) == written


@pytest.mark.parametrize(
    ("issued_on", "months", "last"),
    [
        (date(2026, 11, 23), 6, date(2027, 5, 22)),
        (date(2026, 8, 31), 6, date(2027, 2, 27)),
        (date(2027, 8, 30), 6, date(2028, 2, 28)),
        (date(2026, 11, 23), 12, date(2027, 11, 22)),
        (date(2026, 12, 1), 1, date(2026, 12, 31)),
    ],
)
def test_a_script_has_a_last_day(issued_on, months, last):
    assert spelling.last_day(issued_on, months=months) == last


@pytest.mark.parametrize(
    ("day", "age"), [(date(2026, 2, 28), 17), (date(2026, 3, 1), 18), (date(2028, 2, 29), 20)]
)
def test_a_leap_day_birthday_is_kept_on_the_first_of_march(day, age):
    assert spelling.age_on(day, born_on=date(2008, 2, 29)) == age


@pytest.mark.parametrize(
    ("until_on", "printed"),
    [
        (date(2028, 9, 30), "09/2028"),
        (date(2028, 2, 29), "02/2028"),
        (date(2027, 2, 28), "02/2027"),
        (date(2028, 2, 28), "28/02/2028"),
        (date(2026, 12, 31), "12/2026"),
    ],
)
def test_the_end_of_a_card_is_as_printed(until_on, printed):
    assert spelling.card_end(until_on) == printed
