"""A layout as a format of django-import-export."""

import pytest

from catalog.models import SheetLayout, Supplier
from catalog.sheets import LAYOUTS, declaring, formats, reading
from catalog.sheets.formats import format_of
from catalog.sheets.tables import WorkbookRefused


@pytest.mark.parametrize("key", LAYOUTS)
def test_reads_a_workbook_into_a_dataset(key, sample):
    dataset = format_of(LAYOUTS[key])().create_dataset(sample(key))

    read = reading.read(LAYOUTS[key], sample(key))
    assert [offer for (offer,) in dataset] == read.offers
    assert (len(dataset), dataset.headers, dataset.notes) == (len(read.offers), ["offer"], read.notes)


def test_is_the_same_where_the_list_waits_on_the_disk(sample, monkeypatch):
    alike = format_of(LAYOUTS["medreleaf"])().create_dataset(sample("medreleaf"))
    monkeypatch.setattr(formats, "BATCH", 2)
    monkeypatch.setattr(formats, "MOST_HELD", 1)

    dataset = format_of(LAYOUTS["medreleaf"])().create_dataset(sample("medreleaf"))

    assert len(dataset._held) == 1
    assert list(dataset) == list(alike)
    assert list(dataset) == list(alike)  # as often as one likes
    assert len(dataset) == len(alike) == 13


def test_reads_no_more_than_it_is_for(sample):
    alma = format_of(LAYOUTS["alma"])()

    assert (alma.get_title(), alma.can_import(), alma.can_export()) == ("Alma", True, False)
    with pytest.raises(WorkbookRefused, match="This does not look like the Alma list"):
        alma.create_dataset(sample("phytoca"))


def test_there_is_one_for_a_layout_that_was_matched(sample, db):
    supplier = Supplier.objects.add(by=None, key="alma", name="Alma")
    matched = SheetLayout(supplier=supplier, declaration=declaring.declaration(LAYOUTS["alma"]))

    dataset = format_of(declaring.layout_of(matched))().create_dataset(sample("alma"))

    assert [offer.name for (offer,) in dataset][:2] == ["Gannet", "Boobook"]
