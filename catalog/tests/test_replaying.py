"""The files of a supplier, one after the other from nothing, give the same catalogue every time."""

from datetime import date

import pytest
import time_machine
from django.core.management import call_command
from django.db import transaction

from catalog import applying, importing, receiving, replaying, reviewing
from catalog.models import Import, Price, Product
from catalog.tests.imports import checked

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


def reviewed_list(book):
    dearer(book)
    book["Oil"]["H3"] = "90mg/mL"  # a strength that changes is decided about
    book["Oil"]["H2"] = "95mg/mL"
    next(sheet for sheet in book if sheet.title != "Oil").delete_rows(2)  # and one that is gone


@pytest.fixture
def forget(sample, damaged, manager, make_user):
    """Live through two lists: one brought in at the terminal, one reviewed line by line, with prices of a
    later day. What is given back empties the catalogue again."""
    colleague, nothing = make_user("manager", "colleague"), transaction.savepoint()
    with time_machine.travel("2026-06-10 09:00+10:00", tick=False):
        importing.bring_in("medreleaf", data=sample("medreleaf"), file_name="a.xlsx", by=None, apply_now=True)
    with time_machine.travel("2026-07-10 09:00+10:00", tick=False):
        run = checked("medreleaf", damaged("medreleaf", reviewed_list), by=manager)
        rows = list(run.rows.undecided().order_by("position"))
        for row, verdict in zip(rows, ("take", "leave", *["quarantine"] * len(rows)), strict=False):
            reviewing.decide(
                run, run.rows.filter(pk=row.pk), verdict=verdict, reason="Looked at.", by=manager
            )
        reviewing.hold_from(run, date(2026, 8, 1), by=manager)
        reviewing.hand_in(run, by=manager)
        reviewing.approve(run, by=colleague)
        applying.work_off(run)
    assert len(rows) >= 3
    return lambda: transaction.savepoint_rollback(nothing)


def test_what_was_reviewed_is_replayed_as_it_was_decided_and_from_its_day(forget):
    history = replaying.unpack(replaying.pack(replaying.history_of("medreleaf")))
    first, prices = catalogue(), price_history()
    forget()
    assert catalogue() == []

    replaying.replay("medreleaf", history, by=None)

    assert (catalogue(), price_history()) == (first, prices)
    assert any("2026, 8, 1" in price for price in prices)


def test_a_list_that_reads_otherwise_now_is_told_and_brings_nothing_in(forget):
    *history, last = replaying.history_of("medreleaf")
    forget()

    with pytest.raises(replaying.ReadsOtherwise, match="Review it again"):
        replaying.replay("medreleaf", [*history, last._replace(rulings=last.rulings[1:])], by=None)

    assert [run.status for run in Import.objects.order_by("created_at")] == ["applied", "checked"]


def test_the_commands_carry_a_history_over(forget, tmp_path, capsys):
    archive = tmp_path / "medreleaf.zip"
    call_command("archive_imports", "medreleaf", str(archive))
    first = catalogue(), price_history()
    forget()

    call_command("replay_imports", "medreleaf", str(archive))
    again = catalogue(), price_history()
    archive.write_bytes(b"Dear customer")
    with pytest.raises(SystemExit):
        call_command("replay_imports", "medreleaf", str(archive))

    assert again == first
    assert "no history of imports" in capsys.readouterr().err
