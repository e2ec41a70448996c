"""The files of a supplier, one after the other from nothing, give the same catalogue every time."""

import pytest
import time_machine
from django.db import transaction

from catalog import importing, receiving
from catalog.models import Import, Price, Product

pytestmark = pytest.mark.django_db

MONTHS = ("2026-06-10", "2026-07-10", "2026-08-10", "2026-09-10")
OWN = ("id", "created_at", "supplier_id", "words")


def dearer(book):
    book["Oil"]["D2"], book["Oil"]["E3"] = 75, 120


def shorter_and_weaker(book):
    dearer(book)
    book["Oil"]["H3"] = "90mg/mL"
    book["Oil"].delete_rows(2)


def out_of_stock(book):
    sheet = book["Tasmanian Botanics Product List"]
    sheet["A2"], sheet["K3"] = "Out of stock", 80


def renamed_and_released(book):
    sheet = book["Tasmanian Botanics Product List"]
    sheet["D2"], sheet["A6"], sheet["K3"] = "Pandani Live Resin Cartridge", "Active", 82


def bring_in(month, key, data, name):
    with time_machine.travel(f"{month} 09:00+10:00", tick=False):
        return importing.bring_in(key, data=data, file_name=name, by=None, apply_now=True)


def catalogue():
    return [
        {name: value for name, value in product.items() if name not in OWN}
        for product in Product.objects.order_by("gtin13", "name", "brand", "size_value").values()
    ]


def price_history():
    told = ("product__gtin13", "product__name", "kind", "effective_on", "amount", "gst", "run__file_name")
    return sorted(map(str, Price.objects.values_list(*told)))


@pytest.mark.parametrize(
    ("key", "edits"),
    [
        ("medreleaf", [dearer, shorter_and_weaker]),
        ("tasmanian_botanics", [out_of_stock, renamed_and_released]),
    ],
)
def test_the_kept_files_give_the_same_catalogue_and_prices_again(key, edits, sample, damaged):
    lists = [sample(key), *(damaged(key, edit) for edit in edits), sample(key)]  # the first comes again
    empty = transaction.savepoint()
    for month, data in zip(MONTHS, lists, strict=True):
        bring_in(month, key, data, f"{month}.xlsx")
    kept = [(run.file_name, receiving.content(run)) for run in Import.objects.order_by("applied_at")]
    first, prices = catalogue(), price_history()

    transaction.savepoint_rollback(empty)
    assert (catalogue(), price_history()) == ([], [])
    for month, (name, data) in zip(MONTHS, kept, strict=True):
        bring_in(month, key, data, name)

    assert (catalogue(), price_history()) == (first, prices)
    assert {price.effective_on.isoformat() for price in Price.objects.all()} > {MONTHS[0]}
