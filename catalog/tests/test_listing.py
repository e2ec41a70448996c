from decimal import Decimal

import pytest

from catalog import listing
from catalog.listing import NotPrescribable
from catalog.models import Product, Supplier
from catalog.models.measures import potency_fields
from catalog.sheets.parsing import Amount

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def supplier():
    return Supplier.objects.add(by=None, key="kestrel", name="Kestrel Supplies")


@pytest.fixture
def make_product(supplier):
    def make(name="Heron Oil", **fields):
        facts = {
            "supplier": supplier,
            "brand": "Kestrel",
            "thc_op": "=",
            "thc_value": D(25),
            "thc_unit": "mg/mL",
            "thc_basis": "volume",
        }
        facts |= {"tga_category": 5, "schedule": "S8", "dose_form": "oral_liquid"}
        return Product.objects.add(by=None, name=name, **(facts | fields))

    return make


@pytest.fixture
def doctor(make_user):
    return make_user("doctor")


class TestPrescribable:
    def test_offers_what_is_on_sale_and_classified(self, make_product, doctor):
        heron = make_product()

        assert [*listing.prescribable(doctor)] == [heron]
        listing.ensure_prescribable(heron)

    def test_offers_ordinary_medicines_by_their_schedule(self, doctor):
        medicine = Product.objects.add(by=None, kind="conventional", name="Amoxicillin", schedule="S4")

        assert [*listing.prescribable(doctor)] == [medicine]

    @pytest.mark.parametrize(
        ("facts", "sentence"),
        [
            ({"supply": "discontinued"}, "is discontinued. Please choose another medicine."),
            ({"supply": "to_be_released"}, "is to be released. Please choose another medicine."),
            ({"supply": "out_of_stock"}, "is out of stock. Please choose another medicine."),
            ({"is_category_disputed": True}, "does not follow from its composition"),
            ({"is_schedule_disputed": True}, "does not follow from its composition"),
            ({"tga_category": None, "schedule": ""}, "is not known"),
            ({"is_composition_known": False}, "is not known"),
            ({"pathway": ""}, "is not known"),
            ({"kind": "conventional", "schedule": "", "tga_category": None}, "is not known"),
        ],
    )
    def test_refuses_everything_else(self, facts, sentence, make_product, doctor):
        product = make_product(**facts)

        assert [*listing.prescribable(doctor)] == []
        with pytest.raises(NotPrescribable, match=sentence):
            listing.ensure_prescribable(product)

    def test_shows_patients_nothing(self, make_product, make_user):
        make_product()

        assert [*listing.prescribable(make_user("patient"))] == []


class TestSearch:
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("heron", ["Heron Oil"]),
            ("OIL her", ["Heron Oil"]),
            ("kestrel", ["Heron Oil", "Swan Flower"]),
            ("mallee", ["Swan Flower"]),
            ("2000000001012", ["Swan Flower"]),
            ("herron", ["Heron Oil"]),
            ("", ["Heron Oil", "Swan Flower"]),
            ("zzzz", []),
        ],
    )
    def test_finds_words_anywhere_and_mistyped(self, text, found, make_product, doctor):
        make_product()
        make_product("Swan Flower", cultivar="Mallee Gold", gtin13="2000000001012")

        assert [product.name for product in listing.search(doctor, text=text)] == found

    @pytest.mark.parametrize(
        ("facts", "found"),
        [
            ({"category": 1}, ["Swan"]),
            ({"schedule": "S8"}, ["Heron"]),
            ({"dose_form": "dried_herb"}, ["Swan"]),
            ({"kind": "conventional"}, []),
            ({"thc": (D(20), None)}, ["Heron"]),
            ({"thc": (D(20), D(24))}, []),
            ({"cbd": (None, D(100))}, ["Swan"]),
        ],
    )
    def test_narrows_by_facts(self, facts, found, make_product, doctor):
        make_product("Heron")
        swan = potency_fields("thc", None) | potency_fields("cbd", Amount(D(100), "mg/mL"))
        make_product("Swan", **swan, tga_category=1, schedule="S4", dose_form="dried_herb")

        assert [product.name for product in listing.search(doctor, **facts)] == found

    def test_narrows_by_supplier(self, make_product, supplier, doctor):
        other = Supplier.objects.add(by=None, key="other", name="Other")
        make_product("Heron")
        make_product("Swan", supplier=other)

        assert [product.name for product in listing.search(doctor, supplier=other)] == ["Swan"]

    @pytest.mark.parametrize(
        ("role", "count"), [("doctor", 1), ("manager", 1), ("auditor", 1), ("patient", 0)]
    )
    def test_shows_the_catalogue_to_staff_alone(self, role, count, make_product, make_user):
        make_product()

        assert len(listing.search(make_user(role), text="heron")) == count
