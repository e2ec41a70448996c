from decimal import Decimal

import pytest

from catalog.sheets import parsing
from catalog.sheets.parsing import Amount, Size, Unreadable

D = Decimal


class TestAmount:
    @pytest.mark.parametrize(
        ("shown", "expected"),
        [
            ("17%", Amount(D(17), "%")),
            ("<1.0%", Amount(D("1.0"), "%", "<")),
            ("≤1% w/w", Amount(D(1), "%", "<=")),
            ("9.9mg/Ml", Amount(D("9.9"), "mg/mL")),
            ("100 mg / mL", Amount(D(100), "mg/mL")),
            ("<10mg/g", Amount(D(10), "mg/g", "<")),
            ("30mg/piece", Amount(D(30), "mg", basis="unit")),
            ("30 mg per Capsule", Amount(D(30), "mg", basis="unit")),
            ("750mg/bottle", Amount(D(750), "mg", basis="container")),
            ("2.5mg", Amount(D("2.5"), "mg")),
            ("1,050mg", Amount(D(1050), "mg")),
            ("N/A", None),
            ("", None),
        ],
    )
    def test_reads_what_suppliers_write(self, shown, expected):
        assert parsing.amount(shown) == expected

    @pytest.mark.parametrize(
        ("shown", "code"),
        [
            ("10,g/ml", "potency_unreadable"),
            ("0,500 mg/mL", "potency_unreadable"),
            ("0,5 mg/mL", "potency_unreadable"),
            ("1234,500 mg/mL", "potency_unreadable"),
            ("1,00 mg/mL", "potency_unreadable"),
            ("100m/ mL", "potency_unreadable"),
            ("strong", "potency_unreadable"),
            ("9" * 120 + "%", "potency_unreadable"),
            ("1.23456%", "potency_unreadable"),
            ("25", "potency_unit_missing"),
            ("0.17", "potency_looks_like_fraction"),
        ],
    )
    def test_guesses_nothing(self, shown, code):
        with pytest.raises(Unreadable) as refusal:
            parsing.amount(shown)

        assert refusal.value.code == code

    def test_keeps_the_digits_as_printed(self):
        assert parsing.amount("<1.0%").as_json() == {"op": "<", "value": "1.0", "unit": "%"}


class TestAmounts:
    @pytest.mark.parametrize(
        ("shown", "expected"),
        [
            ("CBD100mg/mL/THC <1mg/mL", {"CBD": "100 mg/mL", "THC": "< 1 mg/mL"}),
            ("THC10mg/mL:CBD 15mg/mL", {"THC": "10 mg/mL", "CBD": "15 mg/mL"}),
            (
                "800mg/g THC, <50mg/g CBN, <50mg/g CBG",
                {"THC": "800 mg/g", "CBN": "< 50 mg/g", "CBG": "< 50 mg/g"},
            ),
            ("9% THC, 9%CBD", {"THC": "9 %", "CBD": "9 %"}),
            (
                "26% w/w total Δ-9-tetrahydrocannabinol, ≤1% w/w total cannabidiol",
                {"THC": "26 %", "CBD": "≤ 1 %"},
            ),
            ("cannabidiol 100mg/mL", {"CBD": "100 mg/mL"}),
            ("850mg/g Δ-9-tetrahydrocannabinol", {"THC": "850 mg/g"}),
        ],
    )
    def test_pairs_strengths_with_cannabinoids(self, shown, expected):
        assert {name: str(amount) for name, amount in parsing.amounts(shown).items()} == expected

    def test_keeps_what_it_can_read_beside_what_it_cannot(self):
        found = parsing.amounts("10mg/ml THC, 10,g/ml CBD")

        assert found["THC"] == Amount(D(10), "mg/mL")
        assert found["CBD"].code == "potency_unreadable"

    def test_refuses_words_after_the_last_cannabinoid(self):
        with pytest.raises(Unreadable):
            parsing.amounts("10mg/mL THC, and more of it")

    def test_refuses_text_without_a_cannabinoid(self):
        with pytest.raises(Unreadable):
            parsing.amounts("10mg/mL")

    def test_reads_nothing_from_nothing(self):
        assert parsing.amounts("N/A") == {}


class TestAmountOf:
    def test_takes_the_name_off(self):
        assert parsing.amount_of("CBD", "CBD <1%") == Amount(D(1), "%", "<")

    @pytest.mark.parametrize("shown", ["CBD 20%", "THC 9% CBD 9%", "THC strong"])
    def test_refuses_another_cannabinoid(self, shown):
        with pytest.raises(Unreadable):
            parsing.amount_of("THC", shown)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ("10G", Size(D(10), "g")),
        ("0.95g", Size(D("0.95"), "g")),
        ("30ml", Size(D(30), "mL")),
        ("60 pastilles", Size(D(60), "pastille")),
        ("30 Pastilles", Size(D(30), "pastille")),
        ("1g cartridge", Size(D(1), "g")),
        ("N/A", None),
    ],
)
def test_size_reads_packs(shown, expected):
    assert parsing.size(shown) == expected


@pytest.mark.parametrize("shown", ["large", "10 stones", "0g", "0.0001g", "1000000g"])
def test_size_refuses_what_is_no_pack(shown):
    with pytest.raises(Unreadable):
        parsing.size(shown)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ("73", D("73.00")),
        ("$73.00", D("73.00")),
        ("1,049.00", D("1049.00")),
        ("$1,049.00", D("1049.00")),
        ("48.64", D("48.64")),
        ("0", None),
        ("n/a", None),
    ],
)
def test_price_reads_dollars(shown, expected):
    assert parsing.price(shown) == expected


@pytest.mark.parametrize("shown", ["-5", "call us", "NaN", "1e12", "10,49"])
def test_price_refuses_what_is_no_price(shown):
    with pytest.raises(Unreadable):
        parsing.price(shown)


@pytest.mark.parametrize(
    ("shown", "expected"), [("8", "S8"), ("S4", "S4"), ("Schedule 8", "S8"), ("s 4", "S4"), ("n/a", "")]
)
def test_schedule_has_one_spelling(shown, expected):
    assert parsing.schedule(shown) == expected


def test_schedule_refuses_others():
    with pytest.raises(Unreadable):
        parsing.schedule("S9")


@pytest.mark.parametrize(("shown", "expected"), [("5", 5), ("Category 2", 2), ("", None)])
def test_category_reads_numbers(shown, expected):
    assert parsing.category(shown) == expected


@pytest.mark.parametrize("shown", ["6", "0", "five"])
def test_category_refuses_others(shown):
    with pytest.raises(Unreadable):
        parsing.category(shown)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ("9300605123458", "9300605123458"),
        ("0 606795 164226", "0606795164226"),
        ("7 93945 023868", "0793945023868"),
        ("N/A", ""),
    ],
)
def test_gtin_is_thirteen_digits(shown, expected):
    assert parsing.gtin(shown) == expected


@pytest.mark.parametrize("shown", ["9300605123456", "12345", "93006051234589", "ask"])
def test_gtin_refuses_wrong_digits(shown):
    with pytest.raises(Unreadable):
        parsing.gtin(shown)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ("SAS or AP", "unapproved"),
        ("Special Access/Authorised Prescriber Scheme", "unapproved"),
        ("ARTG registered", "registered"),
        ("n/a", ""),
    ],
)
def test_pathway_reads_how_a_product_may_be_had(shown, expected):
    assert parsing.pathway(shown) == expected


@pytest.mark.parametrize("shown", ["ask us", "ARTG or SAS", "Canada"])
def test_pathway_guesses_nothing(shown):
    with pytest.raises(Unreadable, match="pathway_unreadable"):
        parsing.pathway(shown)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [("AUST R 181978", "181978"), ("181978", "181978"), ("ARTG ID: 181978", "181978"), ("N/A", "")],
)
def test_artg_reads_the_number(shown, expected):
    assert parsing.artg(shown) == expected


@pytest.mark.parametrize("shown", ["pending", "181978 and 181979", "1234567890"])
def test_artg_guesses_nothing(shown):
    with pytest.raises(Unreadable, match="artg_unreadable"):
        parsing.artg(shown)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Night (Indica-dominant)", "Indica-dominant"), ("THC 25:1 (Sativa)", "Sativa"), ("Brolga (S4)", "")],
)
def test_strain_stands_in_brackets(name, expected):
    assert parsing.strain_in(name) == expected


@pytest.mark.parametrize("shown", ["0,500", "0,5", "1,50", "1234,500", "1,2345"])
def test_a_decimal_comma_is_no_thousand(shown):
    with pytest.raises(Unreadable, match="size_unreadable"):
        parsing.size(f"{shown} g")
    with pytest.raises(Unreadable, match="price_unreadable"):
        parsing.price(f"${shown}")
    assert (parsing.milligrams(f"{shown}mg"), parsing.percent(f"{shown}%")) == (None, None)


def test_thousands_may_be_parted():
    assert (parsing.price("$1,049.00"), parsing.milligrams("2,000mg")) == (D("1049.00"), D(2000))
    assert parsing.size("1,000 g") == Size(D(1000), "g")
