"""Reading what came in: every line is kept, with its cells and what it would change."""

import json

import pytest
import time_machine
from django_eventstream.models import Event

from catalog import reading, reviewing
from catalog.models import Import, ImportPolicy, ImportRow, Product
from catalog.sheets.workbook import WorkbookRefused
from catalog.tests import imports

pytestmark = pytest.mark.django_db


class TestRead:
    def test_keeps_workbook_sheet_cell_and_raw_text_of_every_value(self, sample):
        run = imports.checked("alma", sample("alma"))

        row = run.rows.get(position=1)
        assert (row.sheet, row.cell, row.line) == ("Sheet1", "A2", "row 2")
        assert row.cells["wholesale"] == "Sheet1!L2"
        assert row.raw["Sheet1!L2"] == "105"
        assert (run.status, run.totals["new"], run.expected, run.progress) == ("checked", 5, 5, 5)
        assert Product.objects.count() == 0

    def test_says_what_a_new_line_would_write(self, sample):
        run = imports.checked("alma", sample("alma"))

        changes = run.rows.get(position=1).changes
        assert changes["wholesale"] == [None, "105"]
        assert changes["dose_form"] == [None, "dried_herb"]
        assert "supply" not in changes  # what goes without saying

    def test_refuses_a_wrong_file_and_keeps_the_sentence(self, sample):
        run = imports.received("alma", sample("phytoca"))

        with pytest.raises(WorkbookRefused):
            reading.read(run, by=None)

        assert (run.status, run.refusal[:35]) == ("refused", "This does not look like the Alma li")

    def test_a_second_reader_finds_the_work_done(self, sample):
        run = imports.checked("alma", sample("alma"))

        assert reading.read(Import.objects.get(), by=None) is None
        assert run.rows.count() == 5

    def test_starts_anew_after_a_reader_was_killed(self, sample):
        run = imports.received("alma", sample("alma"))
        run.move_to("reading", by=None, attempts=1)

        reading.read(run, by=None)

        assert (run.status, run.rows.count(), run.attempts) == ("checked", 5, 0)

    def test_does_not_read_for_ever_what_kills_its_reader(self, sample):
        run = imports.received("alma", sample("alma"))
        run.move_to("reading", by=None, attempts=reading.MOST_ATTEMPTS)

        assert reading.read(run, by=None) is None
        assert (run.status, run.refusal[:42]) == ("refused", "Reading this file was interrupted 3 times,")

    def test_tells_whoever_sent_the_file(self, sample, manager):
        imports.checked("alma", sample("alma"), by=manager)

        told = Event.objects.filter(type="import", eid__gt=0).order_by("eid")
        assert ["reading" in told[0].data, "checked" in told.last().data] == [True, True]
        assert {event.channel for event in told} == {f"user-{manager.pk}"}

    def test_closes_by_itself_what_says_nothing_new(self, sample, manager, reviewer):
        imports.applied("alma", sample("alma"), by=manager, approver=reviewer)

        run = imports.checked("alma", sample("alma"))

        assert (run.status, run.totals["unchanged"]) == ("settled", 5)


class TestComparison:
    """What only shows beside the catalogue."""

    @pytest.fixture(autouse=True)
    def catalogue(self, sample, manager, reviewer):
        imports.applied("medreleaf", sample("medreleaf"), by=manager, approver=reviewer)

    @pytest.mark.parametrize(
        ("price", "percent", "is_raised"),
        [(86, 20, False), (87, 20, True), (57, 20, True), (58, 20, False), (75, 4, True)],
    )
    def test_raises_a_price_that_moved_much(self, price, percent, is_raised, damaged, manager):
        ImportPolicy.objects.add(by=manager, price_change_percent=percent)

        def edit(book):
            book["Oil"]["D2"] = price  # it was 72

        row = imports.checked("medreleaf", damaged("medreleaf", edit)).rows.get(outcome="changed")

        assert [one["code"] for one in row.findings] == (["price_changed_much"] if is_raised else [])
        assert row.needs_decision is is_raised

    def test_says_by_how_much(self, damaged):
        def edit(book):
            book["Oil"]["D2"] = 90

        row = imports.checked("medreleaf", damaged("medreleaf", edit)).rows.get(outcome="changed")

        assert row.findings[0]["text"] == (
            "The price has changed by more than is usual. Wholesale 72 before, 90 now: +25.0 %. (Oil!D2)"
        )

    def test_a_price_that_moved_is_no_fact_of_the_product(self, damaged, manager, reviewer):
        def edit(book):
            book["Oil"]["D2"] = 90

        data = damaged("medreleaf", edit)
        imports.applied("medreleaf", data, by=manager, approver=reviewer)

        assert Product.objects.get(name="Brolga CBD 100 (S4)").review_codes == []
        assert imports.checked("medreleaf", data).status == "settled"

    @pytest.mark.parametrize(
        ("cell", "typed", "told"),
        [
            ("J2", "16%", ""),
            ("J2", 0.016, "CBD 16 % before, 1.6 % now. (Dried Flower!J2)"),
            ("J2", "<16%", "CBD 16 % before, < 16 % now. (Dried Flower!J2)"),
            ("I2", "<0.1%", "THC < 1 % before, < 0.1 % now. (Dried Flower!I2)"),
        ],
    )
    def test_raises_a_strength_that_is_another(self, cell, typed, told, damaged):
        def edit(book):
            book["Dried Flower"][cell] = typed

        run = imports.checked("medreleaf", damaged("medreleaf", edit))

        texts = [one["text"] for row in run.rows.filter(needs_decision=True) for one in row.findings]
        strengths = [text for text in texts if "is not what it was" in text]
        assert strengths == ([f"The strength or the pack size is not what it was. {told}"] if told else [])

    def test_proposes_to_discontinue_what_is_gone(self, damaged):
        run = imports.checked("medreleaf", damaged("medreleaf", lambda book: book["Oil"].delete_rows(2)))

        row = run.rows.get(outcome="gone")
        assert (row.product.name, row.changes) == (
            "Brolga CBD 100 (S4)",
            {"supply": ["active", "discontinued"]},
        )
        assert (row.needs_decision, row.findings[0]["code"], str(row)) == (
            True,
            "gone_from_list",
            "Brolga CBD 100 (S4), gone",
        )
        assert (run.totals["gone"], run.totals["read"], run.status) == (1, 12, "checked")

    def test_brings_back_what_is_listed_again(self, sample, damaged, manager, reviewer):
        gone = damaged("medreleaf", lambda book: book["Oil"].delete_rows(2))
        imports.applied("medreleaf", gone, by=manager, approver=reviewer)
        assert Product.objects.get(name="Brolga CBD 100 (S4)").supply == "discontinued"

        row = imports.checked("medreleaf", sample("medreleaf")).rows.get(outcome="changed")

        assert row.changes == {"supply": ["discontinued", "active"]}
        assert (row.needs_decision, row.findings[0]["code"]) == (True, "listed_again")

    def test_tells_how_far_it_is_while_it_reads(self, damaged, manager):
        def lengthen(book):
            sheet = book["Sheet1"]
            for number in range(1000):
                sheet.append([f"Botanitech T10 Lot {number}", *(cell.value for cell in sheet[4])][:7])

        long, told = damaged("botanitech", lengthen), []
        reading.examine("botanitech", data=long, heard=lambda *told_now: told.append(told_now))
        imports.checked("botanitech", long, by=manager)

        assert told == [(500, 1010), (1000, 1010)]
        said = [
            json.loads(json.loads(event.data))["status"]
            for event in Event.objects.filter(type="import", eid__gt=0).order_by("eid")
        ]
        assert said[-4:] == ["reading", "reading", "reading", "checked"]

    def test_warns_of_last_months_very_file(self, sample, damaged, manager, reviewer):
        def edit(book):
            book["Oil"]["D2"] = 75

        imports.applied("medreleaf", damaged("medreleaf", edit), by=manager, approver=reviewer)

        with time_machine.travel("2027-02-03 12:00+11:00", tick=False):
            run = imports.checked("medreleaf", sample("medreleaf"))

        assert [note["code"] for note in run.notes] == ["older_list"]
        assert "This very file was applied on" in run.notes[0]["text"]

    def test_warns_of_a_file_that_was_saved_before_the_last_one(self, damaged, manager):
        Import.objects.update(saved_at="2999-01-01 00:00Z")

        run = imports.checked("medreleaf", damaged("medreleaf", lambda book: book["Oil"].delete_rows(2)))

        assert [note["code"] for note in run.notes] == ["older_list"]
        assert "that one on 1 January 2999." in run.notes[0]["text"]


def test_a_pack_of_another_size_is_raised(sample, damaged, manager, reviewer):
    imports.applied("tasmanian_botanics", sample("tasmanian_botanics"), by=manager, approver=reviewer)

    def edit(book):
        for line in book["Tasmanian Botanics Product List"].iter_rows():
            for cell in line:
                if cell.value == "10g":
                    cell.value = "100g"

    run = imports.checked("tasmanian_botanics", damaged("tasmanian_botanics", edit))

    row = run.rows.filter(outcome="changed").first()
    assert row.needs_decision
    told = next(one["text"] for one in row.findings if one["code"] == "strength_changed")
    assert "10 g before, 100 g now." in told


def test_rows_are_kept_as_they_were_read(sample):
    run = imports.checked("alma", sample("alma"))

    assert ImportRow.objects.filter(run=run, recorded_by=None).count() == 5
    assert reviewing.Verdict.TAKE in run.rows.with_verdict().values_list("verdict", flat=True)
