"""The shelves of the benchmark, and that what it asks is answered as by hand."""

import pytest
from django.db import connection

from catalog.models import Price, Product
from config.benchmarks import catalogue, shelves

pytestmark = pytest.mark.django_db
COUNT = 2_000


@pytest.fixture
def filled():
    shelves.put(COUNT)


def test_fills_the_shelves_with_all_kinds_of_products_and_their_prices(filled):
    assert Product.objects.count() == COUNT
    assert Product.objects.filter(kind="conventional").count() == COUNT / 10
    assert Price.objects.count() == 6 * COUNT
    assert set(Product.objects.values_list("dose_form", flat=True)) == {
        *("dried_herb", "oral_liquid", "vape", "capsule", "tablet")
    }


@pytest.mark.parametrize("search", catalogue.SEARCHES, ids=lambda search: search.text or str(search.narrowed))
def test_finds_as_many_as_by_hand(search, filled, manager):
    found = catalogue.asking(search, manager)()

    assert 0 < len(found) == len(catalogue.by_hand(search)())


def test_has_no_trail_of_what_nobody_did(filled):
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM clinic_auditevent WHERE record_type = 'catalog.price'")
        assert cursor.fetchone() == (0,)
