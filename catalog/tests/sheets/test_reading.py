"""What is read from the sample workbooks, whole and damaged."""

import copy
from dataclasses import replace
from pathlib import Path

import pytest

from catalog import checking
from catalog.sheets import LAYOUTS, reading
from catalog.sheets.findings import Severity
from catalog.sheets.workbook import WorkbookRefused


def read(key, data):
    return reading.read(LAYOUTS[key], data)


def told(offer) -> str:
    """One line of ``samples_read.txt``, which was compared with the workbooks by eye."""
    strengths = ", ".join(f"{name} {amount}" for name, amount in offer.potencies.items())
    codes = " ".join(dict.fromkeys(finding.code for finding in offer.findings))
    facts = [offer.place, offer.brand, offer.name, offer.dose_form, offer.size, strengths]
    facts += [offer.schedule or "–", offer.tga_category, checking.classify(offer).category]
    facts += [offer.wholesale, offer.retail, offer.gtin13 or "–", offer.strain_type or "–"]
    facts += [offer.supply or "–", offer.availability or "–", codes or "–"]
    return "; ".join(map(str, facts))


def expected_lines() -> dict[str, list[str]]:
    lines: dict[str, list[str]] = {}
    for line in (Path(__file__).parent / "samples_read.txt").read_text(encoding="utf-8").splitlines():
        if "; " in line:
            lines[key].append(line)  # noqa: F821  the first line is a key
        else:
            key = line
            lines[key] = []
    return lines


class TestRead:
    @pytest.mark.parametrize("key", LAYOUTS)
    def test_reads_every_line_of_the_samples(self, key, sample):
        found = read(key, sample(key))
        checking.check(found.offers)

        assert [told(offer) for offer in found.offers] == expected_lines()[key]

    def test_keeps_the_text_of_every_cell(self, sample):
        first = read("medreleaf", sample("medreleaf")).offers[0]

        assert first.raw["Dried Flower!B2"] == "Dune (Hybrid) "
        assert first.raw["Dried Flower!J2"] == "0.16"
        assert first.cells["cbd"] == "Dried Flower!J2"
        assert first.potencies["CBD"].as_json() == {"op": "=", "value": "16", "unit": "%"}

    def test_keeps_both_sheets_of_a_product_listed_twice(self, sample):
        gull = next(o for o in read("alma", sample("alma")).offers if o.name == "T19 Silver Gull")

        assert (gull.raw["Sheet1!L5"], gull.raw["Sheet3!L2"]) == ("78", "82")
        assert gull.wholesale == 78

    @pytest.mark.parametrize("key", LAYOUTS)
    def test_takes_no_other_suppliers_workbook(self, key, sample):
        others = [other for other in LAYOUTS if other != key]

        for other in others:
            with pytest.raises(WorkbookRefused, match=r"This does not look like|lacks the heading"):
                read(key, sample(other))


class TestDamage:
    """Workbooks as they come when somebody worked on them."""

    def test_a_blank_row_is_skipped(self, damaged):
        data = damaged("botanitech", lambda book: book["Sheet1"].insert_rows(4))

        assert len(read("botanitech", data).offers) == 9

    def test_a_blank_column_is_skipped(self, damaged):
        data = damaged("phytoca", lambda book: book["Sheet1"].insert_cols(4))

        assert len(read("phytoca", data).offers) == 8

    def test_moved_columns_are_found_by_their_heading(self, damaged):
        data = damaged("botanitech", lambda book: book["Sheet1"].insert_cols(3, amount=2))

        assert read("botanitech", data).offers[0].gtin13 == "2000000001012"

    def test_headings_may_differ_in_case_and_line_breaks(self, damaged):
        def rename(book):
            book["Sheet1"]["B1"] = "GENERIC\nname "

        assert len(read("botanitech", damaged("botanitech", rename)).offers) == 9

    def test_a_new_section_is_told_by_its_shape(self, damaged):
        def add(book):
            sheet = book["Sheet1"]
            sheet.append(["Gamma", *(cell.value for cell in sheet[1][1:])])
            sheet.append(["Gamma Rail", *(cell.value for cell in sheet[2][1:])])

        offers = read("alma", damaged("alma", add)).offers

        assert [(offer.brand, offer.name) for offer in offers][-1] == ("Gamma", "Rail")

    def test_a_lone_title_is_a_section_too(self, damaged):
        def add(book):
            sheet = book["Sheet1"]
            sheet.append(["Gamma"])
            sheet.append(["Gamma Rail", *(cell.value for cell in sheet[2][1:])])

        offers = read("alma", damaged("alma", add)).offers

        assert [(offer.brand, offer.name) for offer in offers][-1] == ("Gamma", "Rail")

    def test_a_lone_name_that_heads_nothing_is_kept_and_shown(self, damaged):
        data = damaged("alma", lambda book: book["Sheet1"].append(["Gamma"]))

        lost = [offer for offer in read("alma", data).offers if offer.is_quarantined]
        assert [(offer.place, offer.codes(Severity.ERROR)) for offer in lost] == [
            ("Sheet1!A8", ["line_incomplete"])
        ]

    def test_headings_repeated_are_no_product(self, damaged):
        def repeat(book):
            sheet = book["Sheet1"]
            sheet.insert_rows(2)
            for cell in sheet[1]:
                sheet.cell(2, cell.column, cell.value)

        found = read("botanitech", damaged("botanitech", repeat))

        assert len(found.offers) == 9
        assert [(note.code, note.cell) for note in found.notes] == [("heading_skipped", "Sheet1!A2")]

    def test_a_title_above_the_headings_is_skipped(self, damaged):
        def add(book):
            book["Sheet1"].insert_rows(1)
            book["Sheet1"]["A1"] = "Price list, all prices without obligation"

        assert len(read("botanitech", damaged("botanitech", add)).offers) == 9

    def test_a_renamed_sheet_is_refused_by_name(self, damaged):
        def rename(book):
            book["Carts"].title = "Cartridges"

        with pytest.raises(
            WorkbookRefused, match="expected “Carts”, found the sheets “Dried Flower”, “Cartridges”"
        ):
            read("medreleaf", damaged("medreleaf", rename))

    def test_a_renamed_heading_is_refused_by_name(self, damaged):
        def rename(book):
            book["Oil"]["D1"] = "Wholesale Price"

        with pytest.raises(
            WorkbookRefused, match="“Oil” of the MedReleaf list lacks the heading “Wholesale”; found"
        ):
            read("medreleaf", damaged("medreleaf", rename))

    def test_a_heading_twice_is_refused(self, damaged):
        def repeat(book):
            book["Oil"]["I1"] = "THC"

        with pytest.raises(WorkbookRefused, match="“thc” more than once"):
            read("medreleaf", damaged("medreleaf", repeat))

    def test_an_unknown_column_is_told(self, damaged):
        def add(book):
            book["Oil"]["I1"], book["Oil"]["I2"] = "Carrier", "MCT"

        found = read("medreleaf", damaged("medreleaf", add))

        assert [str(note) for note in found.notes] == [
            "The list has a column that is not imported. Carrier (Oil!I1)"
        ]

    @pytest.mark.parametrize("state", ["visible", "hidden"])
    def test_an_unknown_sheet_is_kept_and_shown(self, damaged, state):
        def add(book):
            sheet = book.create_sheet("Topicals")
            sheet.append(["Brand", "Product"])
            sheet.sheet_state = state

        offers = read("medreleaf", damaged("medreleaf", add)).offers

        assert offers[-1].codes(Severity.ERROR) == ["sheet_unknown"]
        assert sum(not offer.is_quarantined for offer in offers) == 13

    @pytest.mark.parametrize(
        ("typed", "wholesale"), [("$73.00", "73.00"), ("1,049.00", "1049.00"), ("$1,049.00", "1049.00")]
    )
    def test_prices_may_be_typed(self, damaged, typed, wholesale):
        def retype(book):
            book["Oil"]["D2"] = typed

        brolga = next(o for o in read("medreleaf", damaged("medreleaf", retype)).offers if "Brolga" in o.name)
        assert str(brolga.wholesale) == wholesale

    def test_a_price_in_words_is_raised_and_not_invented(self, damaged):
        def retype(book):
            book["Oil"]["D2"] = "on request"

        brolga = next(o for o in read("medreleaf", damaged("medreleaf", retype)).offers if "Brolga" in o.name)
        assert (brolga.wholesale, brolga.codes(Severity.REVIEW)) == (None, ["price_unreadable"])

    def test_a_strength_of_120_characters_is_raised_and_not_cut(self, damaged):
        def retype(book):
            book["Sheet1"]["C2"] = book["Sheet1"]["B2"] = "CBD 100mg/mL " + "x" * 107

        lagoon = read("botanitech", damaged("botanitech", retype)).offers[0]
        assert lagoon.potencies == {}
        assert lagoon.codes(Severity.REVIEW) == ["potency_unreadable"]
        assert not lagoon.is_composition_known

    def test_a_text_too_long_for_its_place_stops_the_line_alone(self, damaged):
        def retype(book):
            book["Sheet1"]["A2"] = "Botanitech " + "x" * 300

        offers = read("botanitech", damaged("botanitech", retype)).offers
        assert [offer.is_quarantined for offer in offers] == [True] + [False] * 8

    def test_merged_cells_stop_their_lines_alone(self, damaged):
        data = damaged("botanitech", lambda book: book["Sheet1"].merge_cells("C3:C4"))

        offers = read("botanitech", data).offers
        assert [offer.codes(Severity.ERROR) for offer in offers[:4]] == [[], [], ["merged_cells"], []]

    def test_a_line_without_a_name_is_kept_and_shown(self, damaged):
        def empty(book):
            book["Sheet1"]["A2"] = None

        offers = read("botanitech", damaged("botanitech", empty)).offers
        assert offers[0].codes(Severity.ERROR) == ["name_missing"]

    def test_an_unknown_range_has_no_brand(self, damaged):
        def rename(book):
            book["Sheet1"]["A2"] = "Seagull CBD100"

        first = read("botanitech", damaged("botanitech", rename)).offers[0]
        assert (first.brand, first.codes(Severity.REVIEW)) == ("", ["brand_unknown"])

    @pytest.mark.parametrize(
        ("column", "text", "codes"),
        [
            ("A", "Paused", ["status_unreadable"]),
            ("A", None, ["status_missing"]),
            ("F", "see leaflet", ["potency_unreadable"]),
            ("F", None, []),
            ("J", "Category 9", ["category_unreadable"]),
            ("I", "Schedule 9", ["schedule_unreadable"]),
            ("H", "one jar", ["size_unreadable"]),
            ("E", "0123456789013", ["gtin_invalid"]),
        ],
    )
    def test_a_cell_that_cannot_be_read_is_raised(self, column, text, codes, damaged):
        def spoil(book):
            book["Tasmanian Botanics Product List"][f"{column}3"] = text

        myrtle = read("tasmanian_botanics", damaged("tasmanian_botanics", spoil)).offers[1]
        assert [finding.code for finding in myrtle.findings] == codes

    def test_a_second_strength_is_held_against_the_first(self, damaged):
        def spoil(book):
            sheet = book["Sheet1"]
            sheet["B2"], sheet["B4"] = "cannabidiol 100m/ mL", "cannabidiol 15mg/mL"
            sheet["B5"] = "as on the label"

        offers = read("botanitech", damaged("botanitech", spoil)).offers
        assert [(o.codes(Severity.REVIEW), o.codes(Severity.NOTE)) for o in offers[:4]] == [
            ([], ["second_strength_unreadable"]),
            ([], []),
            (["potency_disagrees"], []),
            ([], ["second_strength_unreadable"]),
        ]

    def test_a_bare_fraction_is_no_percentage(self, damaged):
        def unformat(book):
            book["Dried Flower"]["J2"].number_format = "General"

        first = read("medreleaf", damaged("medreleaf", unformat)).offers[0]
        assert first.codes(Severity.REVIEW) == ["potency_looks_like_fraction"]
        assert [*first.potencies] == ["THC"]

    def test_a_product_on_the_second_sheet_alone_is_not_lost(self, damaged):
        def add(book):
            sheet = book["Sheet3"]
            sheet.append(["Wren T30 Swan", *(copy.copy(cell.value) for cell in sheet[3][1:])])

        offers = read("alma", damaged("alma", add)).offers
        assert [(offer.place, offer.name) for offer in offers][-1] == ("Sheet3!A4", "T30 Swan")

    def test_lines_that_could_be_either_product_are_not_guessed(self, damaged):
        def add(book):
            sheet = book["Sheet1"]
            sheet.append(["Wren T19 Sea Gull", *(cell.value for cell in sheet[5][1:])])

        offers = read("alma", damaged("alma", add)).offers
        assert [(o.place, o.codes(Severity.REVIEW)) for o in offers if o.sheet == "Sheet3"] == [
            ("Sheet3!A2", ["match_uncertain"])
        ]


BLANK_OF_THC = [
    ("Brolga", None, None, False),
    ("Brolga", 1, None, True),
    ("Brolga (S4)", None, None, True),
    ("Brolga (S4)", 1, "N/A", True),
    ("Brolga", None, "N/A", False),
    ("Brolga", None, "–", False),
    ("Brolga", None, "nil", True),
    ("Brolga", None, "<1mg/mL", True),
    ("Brolga", 2, None, False),  # so there is THC in it
    ("Brolga (S8)", None, None, False),
    ("Brolga (S8)", 1, None, False),  # the line contradicts itself
    ("Brolga (S4)", 5, None, False),
]
BLANK_OF_CBD = [(None, False), (5, True), (4, False), (3, False), (1, False)]


class TestBlankStrengths:
    """A blank is none only where the line's own category or schedule leaves room for nothing else."""

    @pytest.fixture
    def brolga(self, damaged):
        def retyped(name="Brolga", category=None, thc=None, cbd="100mg/mL"):
            def retype(book):
                sheet = book["Oil"]
                sheet["B2"], sheet["C2"], sheet["G2"], sheet["H2"] = name, category, thc, cbd

            offers = read("medreleaf", damaged("medreleaf", retype)).offers
            checking.check(offers)
            return next(offer for offer in offers if offer.place == "Oil!B2")

        return retyped

    @pytest.mark.parametrize(("name", "category", "thc", "is_known"), BLANK_OF_THC)
    def test_cbd_alone_is_schedule_4_only_where_that_is_said(self, name, category, thc, is_known, brolga):
        offer = brolga(name, category, thc)

        found = checking.classify(offer)
        assert offer.is_composition_known is is_known
        assert (found.category, found.schedule) == ((1, "S4") if is_known else (None, ""))
        assert ("potency_missing" in offer.codes(Severity.REVIEW)) is not is_known

    @pytest.mark.parametrize(("category", "is_known"), BLANK_OF_CBD)
    def test_thc_alone_is_category_5_only_where_that_is_said(self, category, is_known, brolga):
        offer = brolga("Brolga (S8)", category, "25mg/mL", None)

        assert offer.is_composition_known is is_known
        assert checking.classify(offer).category == (5 if is_known else None)

    def test_names_the_cell_and_what_is_missing(self, brolga):
        offer = brolga(thc=None, cbd="N/A")

        assert [(one.cell, one.detail) for one in offer.findings if one.code == "potency_missing"] == [
            ("Oil!G2", "It says nothing of THC."),
            ("Oil!H2", "It says nothing of CBD."),
        ]

    def test_a_bound_that_leaves_the_category_open_settles_nothing(self, brolga):
        offer = brolga("Brolga (S4)", 1, None, "<1mg/mL")

        assert (offer.is_composition_known, checking.classify(offer).category) == (False, None)

    def test_a_list_without_a_column_of_thc_leaves_it_open_too(self, damaged):
        def forget(book):
            book["Oil"].delete_cols(7)
            book["Oil"]["B2"], book["Oil"]["C2"] = "Brolga", None

        known = LAYOUTS["medreleaf"]
        sheets = tuple(replace(sheet, optional=frozenset({"THC"})) for sheet in known.sheets)
        offers = reading.read(replace(known, sheets=sheets), damaged("medreleaf", forget)).offers

        offer = next(offer for offer in offers if offer.place == "Oil!B2")
        assert (offer.is_composition_known, [one.cell for one in offer.findings]) == (False, ["Oil!B2"])
