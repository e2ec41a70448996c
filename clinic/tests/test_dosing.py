"""What directions, quantity and repeats come to."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.models import Product
from clinic import dosing
from clinic.models import PrescriptionLine


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
