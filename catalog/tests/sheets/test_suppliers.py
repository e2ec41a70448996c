"""The suppliers' own workbooks, which are not part of this repository."""

import json

import pytest
from django.conf import settings

from catalog import checking
from catalog.sheets import LAYOUTS, reading
from catalog.sheets.findings import Severity

FOLDER = settings.BASE_DIR.parent / "shared" / "suppliers"
COUNTS = {"botanitech": 18, "medreleaf": 38, "alma": 12, "phytoca": 36, "tasmanian_botanics": 23}

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"the suppliers' workbooks are not in {FOLDER.parent.name}/{FOLDER.name}"
)


@pytest.fixture
def offers():
    def read(key):
        found = reading.read(LAYOUTS[key], (FOLDER / f"{key}.xlsx").read_bytes()).offers
        checking.check(found)
        return found

    return read


@pytest.mark.parametrize(("key", "count"), COUNTS.items())
def test_no_line_is_lost_or_left_out(key, count, offers):
    assert [offer.is_quarantined for offer in offers(key)] == [False] * count


@pytest.mark.parametrize("key", ["botanitech", "medreleaf", "alma"])
def test_every_field_is_as_expected(key, offers):
    expected = json.loads((FOLDER / f"{key}.expected.json").read_text())["products"]
    by_hand = {"must_review", "flags", "row", "sheet"}

    found = [offer.as_json() for offer in offers(key)]

    wanted = [{name: value for name, value in one.items() if name not in by_hand} for one in expected]
    assert [{name: one[name] for name in want} for one, want in zip(found, wanted, strict=True)] == wanted
    assert [one["source"]["sheet"] for one in found] == [one["sheet"] for one in expected]
    assert [bool(one["review"]) for one in found] == [one["must_review"] for one in expected]


@pytest.mark.parametrize(
    ("key", "name", "codes"),
    [
        ("phytoca", "White Label Indica5 Pastilles", ["price_missing", "gtin_missing"]),
        ("phytoca", "Phytoca CBD150", ["potency_unit_missing", "trade_name_disagrees"]),
        ("phytoca", "Phytoca Balanced 25:25", ["trade_name_disagrees"]),
        ("phytoca", "Phytoca GG", ["potency_without_basis"]),
        ("phytoca", "Phytoca Indica30 Rosin Pastilles", ["cannabinoid_without_amount", "category_disagrees"]),
        ("phytoca", "Phytoca Outlaw Amnesia", []),
        ("tasmanian_botanics", "THC 27 Royale Sunflower 10g", ["price_missing"]),
        ("tasmanian_botanics", "THC 27 Royale Sunflower 15g", ["price_same_for_other_size"]),
        (
            "tasmanian_botanics",
            "THC 9 CBD 11 Huon 10g",
            ["category_disagrees", "name_disagrees_with_potency"],
        ),
        ("tasmanian_botanics", "Balanced 10:10 Oral Liquid 30mL", ["potency_unreadable", "unclassified"]),
        ("tasmanian_botanics", "CBD 100 Oral liquid", ["category_disagrees", "schedule_disagrees"]),
        ("tasmanian_botanics", "THC 25 Oral Liquid 30mL", []),
    ],
)
def test_contradictions_are_raised(key, name, codes, offers):
    (offer,) = [offer for offer in offers(key) if offer.name == name]

    assert offer.codes(Severity.REVIEW) == codes


def test_barcodes_typed_with_spaces_are_read(offers):
    barcodes = [offer.gtin13 for offer in offers("phytoca")]

    assert (barcodes[0], barcodes[17], sum(map(bool, barcodes))) == ("0606795164226", "0793945023868", 35)


def test_a_status_is_read_and_a_date_is_no_status(offers):
    statuses = [offer.supply for offer in offers("tasmanian_botanics")]

    assert [statuses.count(one) for one in ("active", "to_be_released", "discontinued")] == [21, 1, 1]
    assert {offer.supply for offer in offers("alma")} == {""}
