from decimal import Decimal

import pytest

from catalog import checking
from catalog.models import DoseForm
from catalog.sheets.findings import CODES, Severity
from catalog.sheets.offers import Offer
from catalog.sheets.parsing import Amount, Size

D = Decimal


def amount(text: str) -> Amount:
    number, unit = text.lstrip("<=").split(" ")
    op = text[: len(text) - len(text.lstrip("<="))] or "="
    return Amount(D(number), unit, op)


def offer(name="Heron", **stated) -> Offer:
    """An offer that is in order, but for what is ``stated``."""
    strengths = stated.pop("strengths", {"THC": "25 mg/mL"})
    facts = {
        "supplier": "Kestrel",
        "brand": "Kestrel",
        "dose_form": "Oil",
        "size": Size(D(30), "mL"),
        "schedule": "S8",
        "tga_category": 5,
        "potencies": {name: amount(text) for name, text in strengths.items()},
    }
    cells = {field: f"List!{field}" for field in [*facts, "thc", "cbd", "wholesale", "retail", "name"]}
    return Offer("List", "A1", "row 1", name=name, cells=cells, **(facts | stated))


def per(milligrams, basis):
    return {"THC": Amount(D(milligrams), "mg", basis=basis)}


def codes_of(one: Offer) -> list[str]:
    checking.check([one])
    return [finding.code for finding in one.findings]


class TestCheck:
    @pytest.mark.parametrize(
        ("stated", "code"),
        [
            ({"tga_category": 4}, "category_disagrees"),
            ({"tga_category": 1, "schedule": "S4"}, "category_disagrees"),
            ({"schedule": "S4"}, "schedule_disagrees"),
            ({"name": "Heron (S4)"}, "schedule_disagrees"),
            ({"strengths": {"CBG": "10 mg/mL"}, "schedule": "S4"}, "schedule_disagrees"),
            ({"strengths": {"CBG": "10 mg/mL"}}, "unclassified"),
            ({"strengths": {"THC": "10 mg/mL", "CBD": "1 %"}}, "unclassified"),
            ({"strengths": {"THC": "120 %"}}, "potency_impossible"),
            ({"strengths": {"THC": "60 %", "CBN": "60 %"}}, "potency_impossible"),
            ({"strengths": {"THC": "1500 mg/g"}}, "potency_impossible"),
            ({"strengths": {"THC": "1200 mg"}, "size": Size(D(1), "g")}, "potency_impossible"),
            ({"potencies": per(10001, "unit"), "size": Size(D(9), "pastille")}, "potency_impossible"),
            ({"potencies": per(20001, "container"), "size": Size(D(2), "pastille")}, "potency_impossible"),
            ({"potencies": per(1200, "unit"), "size": Size(D(1), "g")}, "potency_impossible"),
            ({"potencies": per(5000, "unit"), "size": Size(D(9), "pastille")}, "potency_unusual"),
            ({"strengths": {"THC": "0.2 %"}}, "potency_looks_like_fraction"),
            ({"strengths": {"THC": "880 mg"}}, "potency_without_basis"),
            ({"name": "THC 9 Heron"}, "name_disagrees_with_potency"),
            ({"name": "T25:C5"}, "name_disagrees_with_potency"),
            ({"name": "Heron 25", "trade_name": "Heron 26"}, "trade_name_disagrees"),
            ({"pathway": "registered"}, "pathway_disagrees"),
            ({"pathway": "unapproved", "artg_id": "181978"}, "pathway_disagrees"),
            ({"dose_form": "Cloud"}, "dose_form_unknown"),
            ({"wholesale": D(90), "retail": D(80)}, "price_below_cost"),
            ({"strain_type": "Sativa", "ratio": (D(70), D(30))}, "strain_disagrees_with_ratio"),
            ({"strain_type": "Indica-dominant", "ratio": (D(30), D(70))}, "strain_disagrees_with_ratio"),
            ({"thc_total": "760mg"}, "total_disagrees"),
        ],
    )
    def test_raises_what_does_not_fit(self, stated, code):
        assert code in codes_of(offer(**stated))

    @pytest.mark.parametrize(
        "stated",
        [
            {},
            {"name": "THC25 Heron"},
            {"name": "THC 25:1 (Sativa)", "strengths": {"THC": "25 mg/mL", "CBD": "<1 mg/mL"}},
            {
                "name": "T80 Cart",
                "strengths": {"THC": "800 mg/g"},
                "dose_form": "Cartridge",
                "size": Size(D(1), "g"),
            },
            {"name": "10 / 100", "strengths": {"THC": "10 mg/mL", "CBD": "100 mg/mL"}, "tga_category": 2},
            {"strengths": {"THC": "<1 %", "CBD": "17 %"}, "tga_category": 2},
            {"strengths": {"THC": "27 %", "CBD": "<1 %"}, "tga_category": 4},
            {"potencies": {"THC": Amount(D(5), "mg", basis="unit")}, "size": Size(D(30), "pastille")},
            {"strengths": {"THC": "27 %", "CBD": "<0.1 %"}, "size": Size(D(10), "g"), "thc_total": "2,700mg"},
            {"thc_total": "750mg THC"},
            {"thc_total": "750mg THC", "size": None},
            {"thc_total": "1g THC"},
            {"strain_type": "Hybrid", "ratio": (D(60), D(40))},
            {"wholesale": D(80), "retail": D(90)},
            {"trade_name": "Grey Heron 2"},
            {"pathway": "unapproved"},
            {"pathway": "registered", "artg_id": "181978"},
        ],
    )
    def test_lets_pass_what_fits(self, stated):
        assert codes_of(offer(**stated)) == []

    def test_looks_not_at_lines_that_were_not_taken(self):
        lost = offer(schedule="S4")
        lost.find("name_missing")

        assert codes_of(lost) == ["name_missing"]

    def test_names_the_cell(self):
        one = offer(schedule="S4")

        checking.check([one])

        sentence = "The stated schedule does not follow from the composition."
        assert str(one.findings[0]) == f"{sentence} Stated S4, computed S8. (List!schedule)"

    def test_takes_the_same_barcode_once(self):
        offers = [offer(gtin13="2000000001012"), offer("Egret", gtin13="2000000001012")]

        checking.check(offers)

        assert [one.codes(Severity.ERROR) for one in offers] == [[], ["duplicate_in_file"]]

    def test_takes_the_same_description_once_whatever_its_case(self):
        offers = [offer("Heron"), offer("HERON"), offer("Heron", brand="Larkspur")]
        offers += [offer("heron", gtin13="2000000001012"), offer("Egret", gtin13="2000000001029")]
        offers += [offer("Egret", gtin13="2000000001036"), offer("Egret")]

        checking.check(offers)

        assert [one.is_quarantined for one in offers] == [False, True, False, True, False, False, True]

    def test_raises_one_price_for_two_sizes(self):
        offers = [
            offer("Heron 30mL", wholesale=D(50)),
            offer("Heron 50mL", wholesale=D(50), size=Size(D(50), "mL")),
            offer("Egret 50mL", wholesale=D(50), size=Size(D(50), "mL")),
        ]

        checking.check(offers)

        assert [one.codes(Severity.REVIEW) for one in offers] == [
            ["price_same_for_other_size"],
            ["price_same_for_other_size"],
            [],
        ]


class TestPathway:
    @pytest.mark.parametrize(
        ("stated", "pathway"),
        [
            ({}, "unapproved"),
            ({"artg_id": "181978"}, "registered"),
            ({"pathway": "unapproved", "artg_id": "181978"}, ""),
            ({"pathway": "registered"}, ""),
        ],
    )
    def test_follows_the_register_and_is_unknown_where_the_list_contradicts_itself(self, stated, pathway):
        assert checking.pathway(offer(**stated)) == pathway

    @pytest.mark.parametrize("code", ["pathway_unreadable", "artg_unreadable"])
    def test_is_unknown_where_it_cannot_be_read(self, code):
        one = offer()
        one.find(code)

        assert checking.pathway(one) == ""


class TestClassify:
    @pytest.mark.parametrize(
        ("strengths", "stated", "category", "schedule"),
        [
            ({"THC": "27 %", "CBD": "<1 %"}, 5, 5, "S8"),
            ({"THC": "27 %", "CBD": "<1 %"}, 4, 4, "S8"),
            ({"THC": "27 %", "CBD": "<1 %"}, None, 5, "S8"),
            ({"THC": "<1 %", "CBD": "17 %"}, 2, 2, "S8"),
            # Schedule 4 is certain only when the bound leaves nothing else open.
            ({"THC": "<1 %", "CBD": "17 %"}, 1, 2, "S8"),
            ({"THC": "<1 mg/mL", "CBD": "100 mg/mL"}, 1, 1, "S4"),
            ({"THC": "20 %", "CBD": "5 mg/g"}, None, 4, "S8"),
            ({"CBG": "10 %"}, 5, None, ""),
            ({}, 5, None, ""),
        ],
    )
    def test_lets_the_supplier_choose_only_what_is_open(self, strengths, stated, category, schedule):
        found = checking.classify(offer(strengths=strengths, tga_category=stated))

        assert (found.category, found.schedule) == (category, schedule)

    def test_knows_nothing_of_half_a_composition(self):
        assert checking.classify(offer(is_composition_known=False)).category is None


class TestSettlesBlanks:
    """What a line says beside a strength that stands alone."""

    @pytest.mark.parametrize(
        ("stated", "is_settled"),
        [
            ({}, True),
            ({"schedule": ""}, True),
            ({"tga_category": None}, True),
            ({"tga_category": None, "schedule": ""}, False),
            ({"tga_category": 2}, False),
            ({"schedule": "S8"}, False),
            ({"name": "Heron (S8)"}, False),
            ({"strengths": {"CBD": "17 %", "CBN": "<1 %"}}, False),
            ({"strengths": {"THC": "25 mg/mL"}, "tga_category": 5, "schedule": "S8"}, True),
            ({"strengths": {"THC": "25 mg/mL"}, "tga_category": None, "schedule": "S8"}, False),
            ({"strengths": {"THC": "25 mg/mL"}, "tga_category": 5, "schedule": "S4"}, False),
            ({"strengths": {}}, False),
        ],
    )
    def test_everything_said_has_to_agree(self, stated, is_settled):
        alone = {"strengths": {"CBD": "100 mg/mL"}, "tga_category": 1, "schedule": "S4"}

        assert checking.settles_blanks(offer(**(alone | stated))) is is_settled

    @pytest.mark.parametrize("code", ["category_unreadable", "schedule_unreadable"])
    def test_what_cannot_be_read_may_say_otherwise(self, code):
        one = offer(strengths={"CBD": "100 mg/mL"}, tga_category=1, schedule="S4")
        one.find(code)

        assert not checking.settles_blanks(one)


@pytest.mark.parametrize(
    ("stated", "coded"),
    [("Dried Flower", DoseForm.DRIED_HERB), ("HERB, DRIED", DoseForm.DRIED_HERB), ("Cloud", ""), ("", "")],
)
def test_dose_forms_are_coded(stated, coded):
    assert checking.dose_form(stated) == coded


def test_every_code_has_a_sentence():
    assert [code for code, (_, sentence) in CODES.items() if not sentence.endswith(".")] == []
