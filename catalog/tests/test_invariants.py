"""The catalogue's standing checks: silent where all is well, and speaking of their own fault."""

from decimal import Decimal

import pytest

from catalog import checking
from catalog.models import Product, Supplier
from catalog.models.measures import potency_fields
from catalog.sheets.parsing import Amount
from catalog.tests import imports
from config import invariants

pytestmark = pytest.mark.django_db
KEYS = ("alma", "botanitech", "medreleaf", "phytoca", "tasmanian_botanics")

# What is wrong, by the check that is to find it.
FAULTS = {
    "category_follows_composition": [
        "UPDATE catalog_product SET thc_op = '=', thc_value = cbd_value, thc_unit = cbd_unit,"
        " thc_basis = cbd_basis WHERE tga_category = 1 AND cbd_op = '='",
        "UPDATE catalog_product SET tga_category = 1, tga_category_stated = NULL, schedule = 'S4'"
        " WHERE tga_category = 5",
        "UPDATE catalog_product SET tga_category = NULL, schedule = '' WHERE tga_category = 2",
        "UPDATE catalog_product SET is_composition_known = false WHERE tga_category = 4",
    ],
}
SHARES = [
    "0 100",
    "2 98",
    "2.1 98",
    "40 60",
    "60 40",
    "50 50",
    "59.9 39.9",
    "98 2",
    "98.1 1.9",
    "100 0",
    "0 0",
]
BOUNDS = [("=", "="), ("<", "="), ("=", "<="), ("<", "<=")]
OTHERS = [
    {"THC": "= 1 %", "CBD": "= 98 mg/g"},
    {"THC": "= 1 %", "CBD": "= 98 mg/mL"},
    {"CBD": "= 98 mg", "CBN": "= 2 mg"},
    {"CBD": "= 98 mg", "CBN": "< 3 mg", "CBG": "= 1 mg"},
    {"THC": "= 30 mg", "CBN": "< 9 mg", "CBG": "< 9 mg"},
    {},
]
MIXTURES = [
    {"THC": f"{op} {thc} mg/mL", "CBD": f"{other} {cbd} mg/mL"}
    for op, other in BOUNDS
    for thc, cbd in map(str.split, SHARES)
]


def amounts(said):
    told = {name: one.split() for name, one in said.items()}
    return {name: Amount(Decimal(value), unit, op) for name, (op, value, unit) in told.items()}


@pytest.fixture
def stocked(sample, manager, reviewer):
    for key in KEYS:
        imports.applied(key, sample(key), by=manager, approver=reviewer)


def test_nothing_is_broken_after_every_list(stocked):
    assert Product.objects.filter(thc_op="<").exists()
    assert invariants.broken() == {}


def test_every_check_has_a_fault_that_shows_it():
    ours = [check.name for check in invariants.checks() if check.name in FAULTS]

    assert ours == list(FAULTS)


@pytest.mark.parametrize(("name", "fault"), [(name, fault) for name in FAULTS for fault in FAULTS[name]])
def test_a_fault_is_seen_by_its_own_check_alone(stocked, off_guard, name, fault):
    with off_guard("catalog_product") as cursor:
        cursor.execute(fault)
        changed = cursor.rowcount

    assert changed
    assert invariants.broken() == {name: changed}


@pytest.mark.parametrize("stated", [None, 1, 2, 3, 4, 5])
def test_the_check_and_the_import_classify_alike(stated):
    supplier = Supplier.objects.add(by=None, key="kestrel", name="Kestrel Supplies")
    for number, potencies in enumerate(map(amounts, [*MIXTURES, *OTHERS])):
        found = checking.Classification(checking.possible_of(potencies), stated)
        others = {key.lower(): one.as_fact() for key, one in potencies.items() if key in ("CBN", "CBG")}
        Product.objects.add(
            by=None,
            supplier=supplier,
            name=f"Mixture {number}",
            other_cannabinoids=others,
            tga_category_stated=stated,
            tga_category=found.category,
            schedule=found.schedule,
            **potency_fields("thc", potencies.get("THC")),
            **potency_fields("cbd", potencies.get("CBD")),
        )

    assert invariants.broken() == {}
