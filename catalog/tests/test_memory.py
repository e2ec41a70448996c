"""What a long list takes: no more room than a short one."""

import gc

import pytest

from catalog import comparing, reading, shelving
from catalog.models import ImportRow, Product
from catalog.sheets import formats
from catalog.sheets.offers import Offer
from catalog.shelving import Line
from catalog.tests import imports

pytestmark = pytest.mark.django_db
BATCH = 20


@pytest.fixture
def lots(damaged):
    """A list of Botanitech with so many lines more."""

    def make(count: int) -> bytes:
        def lengthen(book):
            sheet = book["Sheet1"]
            for number in range(count):
                line = [cell.value for cell in sheet[4]]
                sheet.append([f"Botanitech T10 Lot {number}", *line[1:7], None, *line[8:]])

        return damaged("botanitech", lengthen)

    return make


@pytest.fixture
def most_alive(monkeypatch):
    """The most offers, lines and products there were at once while a list was read and compared."""
    monkeypatch.setattr(formats, "BATCH", BATCH)
    monkeypatch.setattr(formats, "MOST_HELD", 2)
    monkeypatch.setattr(comparing, "BATCH", BATCH)
    monkeypatch.setattr(shelving, "BATCH", BATCH)

    def read(data: bytes) -> tuple[int, int]:
        alive = []

        class Counting(reading.Rows):
            def keep(self, lines):
                super().keep(lines)
                alive.append(sum(type(one) in {Offer, Line, Product} for one in gc.get_objects()))

        monkeypatch.setattr(reading, "Rows", Counting)
        run = imports.checked("botanitech", data)
        return max(alive), run.rows.count()

    return read


def test_is_the_same_for_ten_times_as_many_lines(most_alive, lots):
    few, short = most_alive(lots(100))
    many, long = most_alive(lots(1000))

    assert (short, long) == (109, 1009)
    assert many < 1.2 * few < 8 * BATCH * 3


def test_is_the_same_where_all_of_it_is_in_the_catalogue(most_alive, lots, manager, reviewer):
    imports.applied("botanitech", lots(600), by=manager, approver=reviewer)

    few, _ = most_alive(lots(100))
    many, _ = most_alive(lots(600))

    assert ImportRow.objects.filter(outcome="gone").count() == 500
    assert many < 1.2 * few


def test_lines_with_errors_are_let_go_too(most_alive, lots, damaged):
    def spoil(book):
        sheet = book["Sheet1"]
        for _ in range(600):
            sheet.append([None, None, "nothing to read", "Oil"])

    few, _ = most_alive(lots(100))
    many, read = most_alive(damaged("botanitech", spoil))

    assert (read, ImportRow.objects.filter(outcome="error").count()) == (609, 600)
    assert many < 1.2 * few
