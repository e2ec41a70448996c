"""Every published number passes, every damaged one is found."""

import re

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from clinic.identifiers import FINE, KINDS, SHAPES, Severity, Wellformed

VALID = {
    "medicare": "2123456701 6950507392 2950975362 6950507482 3950387652 2951201842 29512018421 29512018424"
    " 2297460336 2293653284 2398125261 32788511952 22968184811 5156598231",
    "provider": "2426621B 4024742F 988939BJ 2438521X 2438531W 2423391B 2054781W 2121331W 2429581T 2409661B"
    " 2429591L 2449001X 2449211J",
    "prescriber": "2425739 0848402 8002211 8017242 8000040",
    "ihi": "8003608833357361 8003608666701594 8003608333647261 8003608000311621",
    "hpii": "8003619900015717 8003610833334085 8003616566719020",
    "hpio": "8003621566684455 8003626566706976 8003629900040417",
    "crn": "307111942H 100015482A",
    "dva": "NABC1234C VA123456 QZX12345Z NBUR9080 QX901543 QX827261",
    "ahpra": "MED0000932846 MED0000932945 PHY0001234567",
    "abn": "51824753556 23964290824",
    "gtin": "9300605123458",
    "sctid": "79115011000036100 28213011000036109 933664111000036105 1479961000168103 26643006",
    "irn": "1 9",
}
WRONG = {
    "medicare": "1234567892:error 6951449677:warning 212345670:error 29512018420:error 2123456711:warning"
    " 2123456700:error",
    "provider": "1234561A:warning 988939BK:warning 242662IB:error 2426621C:warning",
    "prescriber": "453221:error 8002212:warning 80022110:error",
    "ihi": "8003608333647262:error 8003618333647261:error 800360833364726:error",
    "hpii": "8003608833357361:error",
    "hpio": "8003619900015717:error",
    "crn": "307111942A:warning 307111942:error",
    "dva": "ZZX12345Z:warning NZX123456Z:warning NZX123458:warning NZ123S56A:warning WX82477A:warning",
    "ahpra": "MED000093284:error med0000932846:error HAC00000000221:error",
    "abn": "12345678901:error 81124140480:error",
    "gtin": "9300605123456:error 123456789012345:error",
    "sctid": "79115011000036101:error 12345:error",
    "irn": "0:error 12:error",
}
# Kind, a valid number, and the places where one other digit is always found out. A Medicare card's
# issue number is not in the sum; a provider's location character may jump by the modulus.
GUARDED = [
    ("medicare", "2950975362", range(9)),
    ("provider", "2438521X", range(6)),
    ("prescriber", "8017242", range(1, 7)),
    ("ihi", "8003608833357361", range(16)),
    ("hpii", "8003619900015717", range(16)),
    ("hpio", "8003621566684455", range(16)),
    ("crn", "307111942H", range(9)),
    ("abn", "51824753556", range(11)),
    ("gtin", "9300605123458", range(13)),
    ("sctid", "28213011000036109", range(17)),
]


def each(table):
    return [(kind, value) for kind, values in table.items() for value in values.split()]


def severity_of(kind, value):
    return KINDS[kind].check(value).severity


class TestCheck:
    @pytest.mark.parametrize(("kind", "value"), each(VALID))
    def test_passes_published_numbers(self, kind, value):
        assert KINDS[kind].check(value) == FINE

    @pytest.mark.parametrize(("kind", "value"), each(WRONG))
    def test_weighs_wrong_numbers(self, kind, value):
        number, expected = value.split(":")

        assert severity_of(kind, number) == expected

    @pytest.mark.parametrize(("kind", "value"), each(WRONG))
    def test_tells_in_one_sentence_without_the_number(self, kind, value):
        number = value.split(":")[0]

        sentence = KINDS[kind].check(number).sentence

        assert sentence[-1] == "."
        assert len(number) < 3 or number not in sentence

    @given(st.sampled_from(GUARDED), st.data())
    def test_finds_any_single_changed_digit(self, guarded, data):
        kind, number, places = guarded
        place = data.draw(st.sampled_from(list(places)))
        digit = data.draw(st.sampled_from([d for d in "0123456789" if d != number[place]]))

        damaged = number[:place] + digit + number[place + 1 :]

        assert severity_of(kind, damaged) != Severity.NONE

    @given(st.sampled_from(sorted(KINDS)), st.text(max_size=20))
    def test_has_an_answer_to_anything(self, kind, text):
        assert severity_of(kind, KINDS[kind].parse(text)) in list(Severity)


class TestShapes:
    @pytest.mark.parametrize("kind", sorted(SHAPES))
    def test_the_database_takes_what_is_valid(self, kind):
        numbers = [number for number in VALID[kind].split() if kind != "medicare" or len(number) == 10]

        assert [number for number in numbers if not re.search(SHAPES[kind], number)] == []

    @pytest.mark.parametrize("kind", sorted(SHAPES))
    def test_the_database_takes_what_is_only_doubtful(self, kind):
        doubtful = [value.split(":")[0] for value in WRONG[kind].split() if value.endswith(":warning")]

        assert [number for number in doubtful if not re.search(SHAPES[kind], number)] == []


class TestParse:
    @pytest.mark.parametrize(
        ("kind", "typed", "canonical"),
        [
            ("medicare", " 2123 45670 1 / 1", "21234567011"),
            ("ihi", "8003 6088-3335 7361", "8003608833357361"),
            ("provider", "2426621b", "2426621B"),
            ("provider", "26621 1f", "0266211F"),
            ("ahpra", "med 0000932846", "MED0000932846"),
            ("crn", "307-111-942h", "307111942H"),
            ("abn", "51 824 753 556", "51824753556"),
            ("medicare", "", ""),
        ],
    )
    def test_takes_the_ways_people_type_it(self, kind, typed, canonical):
        assert KINDS[kind].parse(typed) == canonical

    @pytest.mark.parametrize(("kind", "value"), each(VALID))
    def test_reads_back_what_is_shown(self, kind, value):
        assert KINDS[kind].parse(KINDS[kind].show(value)) == KINDS[kind].parse(value)


class TestShow:
    @pytest.mark.parametrize(
        ("kind", "value", "shown", "masked"),
        [
            ("medicare", "21234567011", "2123 45670 1 / 1", "••••••••011"),
            ("medicare", "2123456701", "2123 45670 1", "•••••••701"),
            ("irn", "3", "3", "•"),
            ("ihi", "8003608833357361", "8003 6088 3335 7361", "••••••••••••7361"),
            ("crn", "307111942H", "307 111 942H", "•••••••42H"),
            ("abn", "51824753556", "51 824 753 556", "•••••••3556"),
            ("provider", "2426621B", "2426621B", "••••621B"),
            ("dva", "QX9", "QX9", "QX9"),
            ("ihi", "", "", ""),
        ],
    )
    def test_prints_as_on_the_card_and_hides_all_but_the_end(self, kind, value, shown, masked):
        assert (KINDS[kind].show(value), KINDS[kind].mask(value)) == (shown, masked)


class TestWellformed:
    def test_refuses_what_cannot_be_one(self):
        with pytest.raises(ValidationError, match="An IHI starts with 800360"):
            Wellformed("ihi")("8003618333647261")

    def test_lets_a_warning_pass(self):
        assert Wellformed("medicare")("6951449677") is None

    def test_is_the_same_for_the_same_kind(self):
        assert Wellformed("ihi") == Wellformed("ihi") != Wellformed("hpii")
        assert len({Wellformed("ihi"), Wellformed("ihi")}) == 1
