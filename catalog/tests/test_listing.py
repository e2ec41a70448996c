from decimal import Decimal

import pytest

from catalog import listing
from catalog.listing import NotPrescribable
from catalog.models import Product, Supplier

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
            "size_value": D(30),
            "size_unit": "mL",
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

    @pytest.mark.parametrize(
        "facts",
        [
            {"review_codes": ["name_disagrees_with_potency"], "is_strength_settled": True},
            {"review_codes": ["price_missing", "potency_missing"]},
            {"thc_unit": "mg", "thc_basis": "unit"},
        ],
    )
    def test_offers_what_is_settled_or_has_other_faults(self, facts, make_product, doctor):
        heron = make_product(**facts)

        assert [*listing.prescribable(doctor)] == [heron]

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
            ({"tga_category_stated": 4}, "does not follow from its composition"),
            ({"is_schedule_disputed": True}, "does not follow from its composition"),
            ({"tga_category": None, "schedule": ""}, "is not known"),
            ({"is_composition_known": False}, "is not known"),
            ({"pathway": ""}, "is not known"),
            ({"size_value": None, "size_unit": ""}, "The pack size of Heron Oil .* is not known"),
            ({"thc_unit": "mg", "thc_basis": ""}, "is in mg without saying per what"),
            (
                {"cbd_op": "=", "cbd_value": D(1), "cbd_unit": "mg", "cbd_basis": ""},
                "is in mg without saying per what",
            ),
            ({"review_codes": ["potency_looks_like_fraction"]}, "is in doubt"),
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
