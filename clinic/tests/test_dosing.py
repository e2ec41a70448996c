"""What directions, quantity and repeats come to."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.models import Product
from clinic import dosing
from clinic.models import PrescriptionLine

# Directions, the most in a day, its unit.
READ = [
    ("Take 0.25 mL by mouth at night.", "0.25", "mL"),
    ("Take 1 mL by mouth twice a day.", "2", "mL"),
    ("Take 1 capsule three times a day with food", "3", "capsule"),
    ("Take 0.25 mL in the morning and 0.5 mL at night.", "0.75", "mL"),
    ("Take 1 mL morning and night", "2", "mL"),
    ("Take 0.5 mL in the morning, at noon and at night", "1.5", "mL"),
    ("Take 0.5 mL twice a day, in the morning and at night", "1", "mL"),
    ("Take 1 mL once in the morning and once at night", "2", "mL"),
    ("Inhale 0.1 g up to 3 times a day as needed", "0.3", "g"),
    ("Inhale 100 mg every 6 hours", "400", "mg"),
    ("Take 1 to 2 capsules at bedtime", "2", "capsule"),
    ("Take 1/2 a tablet nocte", "0.5", "tablet"),
    ("1 mL bd", "2", "mL"),
    ("1 mL tds", "3", "mL"),
    ("1 mL qid", "4", "mL"),
    ("Take one or two tablets every 4 to 6 hours, maximum 8 tablets in 24 hours", "8", "tablet"),
    ("Take 0.25 mL at night; may increase to 0.5 mL after one week. No more than 1 mL a day.", "1", "mL"),
    ("Take 0.25 mL twice daily increasing to 1 mL three times daily", "3", "mL"),
    ("Take 0.5 mL by mouth twice a day; may increase to 1 mL", "2", "mL"),
    ("Increase to 1 mL at night after a week", "1", "mL"),
    ("Up to 1 g a day", "1", "g"),
    ("Take 2 gummies every second day", "1", "gummy"),
    ("Inhale 2 puffs twice a day", "4", "dose"),
    ("Take one capsule three times a day for five days.", "3", "capsule"),
    ("Take 1 mL half an hour before bed", "1", "mL"),
    ("1 capsule 4-6 hourly", "6", "capsule"),
    ("1 capsule 8 hourly", "3", "capsule"),
    ("Take 2 or 1 mL at night", "2", "mL"),
    ("Take 1 mL as needed, repeat after 1 hour, maximum 4 mL in 24 hours for 5 days", "4", "mL"),
    ("Take 1 mL in the evening & 1 mL at bedtime", "2", "mL"),
]  # fmt: skip
UNREAD = [
    "Take as directed.",
    "Take 1 mL.",
    "Take 0.5 mL, mixed into food",
    "Take 10 drops at night",
    "Take twice a day",
    "Take 1 mL in the morning and 2 capsules at night",
    "Take 1 mL or 2 mL 3 mL at night",
    "Take 5 mL every 0 hours",
    # A number that is not understood may make the dose larger.
    "Take 1 1/2 tablets at night",
    "Take 1½ tablets at night",
    "Take one and a half tablets at night",
    "Take a tablet and a half at night",
    "1 mL 3x daily",
    "1 mL thrice daily",
    "1 mL q6h, daily",
    "Inhale 1,000 mg daily",
    "2 x 1 mL at night",
    "Take twenty one mL at night",
    "Take twenty-one mL at night",
    "Take .5 mL at night",
    "Take 0,5 mL at night",
    "1 capsule mane and 2 nocte",
    "1 capsule mane and a few nocte",
    "1 capsule at night, or hourly",
    "0.5 mL at night. Repeat after 1 hour if needed",
    "0.5 mL at night and after 1 hour",
    "0.5 mL at night and an extra 0.5 mL if needed",
    # To what it grows is not said.
    "0.25 mL at night, increase by 0.25 mL every 3 days",
    "0.25 mL at night, increasing by 0.25 mL daily",
    "Take 0.25 mL at night, titrate to effect",
    "Take 0.25 mL at night, increasing weekly to 1 mL",
    "Take 0.25 mL in the morning and 0.5 mL at night, increase to 1 mL",
    # What looks like a limit is none, or not of everything.
    "1 mL twice a day, and up to 1 mL a day for breakthrough",
    "1 mL twice a day, and maximum 1 mL a day for breakthrough",
    "1 mL twice a day, up to 1 mL a day",
    "1 mL twice a day, maximum 1 mL a day",
    "No more than 1 mL a day for the first week, then 2 mL a day",
    "Maximum 1 mL a day and 2 at night",
    "Maximum 1 mL a day, then maximum 2 mL a day",
    "Take 1 mL at night, weekly review",
    "",
]


@pytest.mark.parametrize(("words", "amount", "unit"), READ)
def test_directions_are_read(words, amount, unit):
    assert dosing.read(words) == dosing.Daily(Decimal(amount), unit)


@pytest.mark.parametrize("words", UNREAD)
def test_what_is_not_said_is_not_guessed(words):
    assert dosing.read(words) is None


def test_a_week_is_seven_days():
    assert round(dosing.read("Take 1 wafer once a week").amount * 7, 9) == 1


def line(directions: str, *, packs: int = 1, repeats: int = 0, interval: int | None = None, **product):
    oil = {
        "size_value": Decimal(30), "size_unit": "mL", "dose_form": "oral_liquid",
        "thc_value": Decimal(25), "thc_unit": "mg/mL", "thc_basis": "volume",
    }  # fmt: skip
    return PrescriptionLine(
        product=Product(**oil | product),
        quantity=packs,
        directions=directions,
        repeats=repeats,
        interval_days=interval,
    )


GRAMS = {"size_unit": "g", "size_value": Decimal(10), "thc_unit": "%", "thc_basis": "weight"}
PIECES = {"size_unit": "capsule", "size_value": Decimal(30), "thc_unit": "mg"}
# Line, days of one supply, days in all, mg of THC a day.
RECKONED = [
    (line("Take 1 mL twice a day.", packs=2, repeats=2), 30, 90, "50"),
    (line("Take 0.25 mL at night."), 120, 120, "6.25"),
    (line("Take 0.7 mL at night."), 42, 42, "17.5"),
    (line("Inhale 0.5 g a day.", thc_value=Decimal(22), **GRAMS), 20, 20, "110"),
    (line("Inhale 500 mg a day.", thc_value=Decimal(22), **GRAMS), 20, 20, "110"),
    (line("Inhale 0.5 g a day.", **GRAMS | {"thc_unit": "mg/g", "thc_value": Decimal(200)}), 20, 20, "100"),
    (line("Take 2 capsules at night.", thc_basis="unit", thc_value=Decimal(5), **PIECES), 15, 15, "10"),
    (line("Take 2 capsules at night.", thc_basis="container", thc_value=300, **PIECES), 15, 15, "20"),
    (line("Take 2 capsules at night.", thc_basis="", thc_value=Decimal(5), **PIECES), 15, 15, None),
    (line("Take 2 capsules at night."), None, None, None),
    (line("Take as directed."), None, None, None),
    (line("Take 1 mL a day.", size_value=None, size_unit=""), None, None, None),
]  # fmt: skip


@pytest.mark.parametrize(("of", "days", "in_all", "thc"), RECKONED)
def test_a_line_is_reckoned(of, days, in_all, thc):
    found = dosing.reckon(of)

    assert (found.days, found.days_in_all) == (days, in_all)
    assert found.thc_a_day == (None if thc is None else Decimal(thc))


@pytest.mark.parametrize(
    ("packs", "repeats", "interval", "grams"),
    [(3, 0, None, "30"), (3, 1, 28, "32.142857"), (3, 1, 60, "30"), (1, 5, 10, "30"), (1, 1, 10, "20")],
)
def test_grams_are_told_for_thirty_days(packs, repeats, interval, grams):
    herb = line("Inhale 0.5 g a day.", packs=packs, repeats=repeats, interval=interval, **GRAMS)

    assert round(dosing.reckon(herb).grams_a_month, 6) == Decimal(grams)


def test_a_script_runs_out_the_day_after_its_last():
    script = line("Take 1 mL twice a day.", packs=2, repeats=1)

    assert dosing.runs_out_on(script, issued_on=date(2026, 11, 1)) == date(2026, 12, 31)
    assert dosing.runs_out_on(line("Take as directed."), issued_on=date(2026, 11, 1)) is None


amounts = st.decimals(min_value="0.01", max_value=100, places=2)
counts = st.integers(min_value=1, max_value=6)


@given(amounts, counts)
def test_a_dose_so_many_times_a_day_is_their_product(amount, times):
    assert dosing.read(f"Take {amount} mL {times} times a day.") == dosing.Daily(amount * times, "mL")


@given(amounts, st.integers(min_value=1, max_value=60), st.integers(min_value=0, max_value=11))
def test_a_supply_is_enough_for_its_days_and_not_for_one_more(amount, packs, repeats):
    found = dosing.reckon(line(f"Take {amount} mL a day.", packs=packs, repeats=repeats))

    supplied = 30 * packs * (repeats + 1)
    assert found.days_in_all * amount <= supplied < (found.days_in_all + 1) * amount
    assert found.days * (repeats + 1) <= found.days_in_all


@given(amounts, amounts)
def test_more_is_never_less(one, other):
    less, more = (dosing.reckon(line(f"Take {amount} mL a day.")) for amount in sorted([one, other]))

    assert less.days >= more.days
    assert less.thc_a_day <= more.thc_a_day


@given(st.text(max_size=200))
def test_no_words_break_the_reading(words):
    found = dosing.read(words)

    assert found is None or found.amount >= 0
