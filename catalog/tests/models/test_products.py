import datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from catalog.models import Import, ImportRow, Price, Product, Supplier

pytestmark = pytest.mark.django_db
D = Decimal
OIL = {"brand": "Kestrel", "dose_form": "oral_liquid", "size_value": D(30), "size_unit": "mL"}

WHOLE = "{} needs a number with its unit and what it is told of, or nothing."
ARTG = "A registered product has an ARTG ID, an unapproved one has none."
OTHERS = "Another cannabinoid needs a number with its unit and what it is told of."
CBN = {"op": "<=", "value": "0.5", "unit": "mg/mL", "basis": "volume"}


@pytest.fixture
def supplier():
    return Supplier.objects.add(by=None, key="kestrel", name="Kestrel Supplies")


@pytest.fixture
def product(supplier):
    return Product.objects.add(by=None, supplier=supplier, name="Heron", **OIL)


class TestConstraints:
    @pytest.mark.parametrize(
        ("facts", "sentence"),
        [
            ({"gtin13": "123"}, "A barcode has 13 digits."),
            ({"supplier": None}, "Medicinal cannabis needs a supplier."),
            ({"tga_category": 6, "schedule": "S8"}, "TGA categories are 1 to 5."),
            ({"tga_category_stated": 0}, "TGA categories are 1 to 5."),
            (
                {"tga_category": 1, "schedule": "S8"},
                "Category 1 is Schedule 4; categories 2 to 5 are Schedule 8.",
            ),
            (
                {"tga_category": 5, "schedule": "S4"},
                "Category 1 is Schedule 4; categories 2 to 5 are Schedule 8.",
            ),
            (
                {"tga_category": None, "schedule": "S4"},
                "Category 1 is Schedule 4; categories 2 to 5 are Schedule 8.",
            ),
            ({"thc_value": D(5)}, WHOLE.format("THC")),
            ({"cbd_op": "=", "cbd_unit": "mg/mL", "cbd_basis": "volume"}, WHOLE.format("CBD")),
            ({"thc_op": "=", "thc_value": D(5), "thc_unit": "mg/mL"}, WHOLE.format("THC")),
            ({"thc_op": "=", "thc_value": D(5), "thc_unit": "%", "thc_basis": "unit"}, WHOLE.format("THC")),
            ({"size_value": None}, "A pack has a number with its unit, or nothing."),
            ({"size_value": D(0)}, "A pack has a number with its unit, or nothing."),
            ({"size_unit": "stones"}, "A pack has a number with its unit, or nothing."),
            ({"dose_form": "cloud"}, "This dose form is not one that we know."),
            ({"supply": "lost"}, "This supply is not one that we know."),
            ({"schedule_stated": "8"}, "This schedule stated is not one that we know."),
            ({"strength": "500 mg"}, "The strength of cannabis is told per cannabinoid, not in words."),
            ({"pbs_code": "8173"}, "A PBS item code is four or five digits and a letter: 8173E."),
            ({"artg_id": "AUST R 1", "pathway": "registered"}, "An ARTG ID is a number."),
            ({"artg_id": "123456"}, ARTG),
            ({"pathway": "registered"}, ARTG),
            ({"other_cannabinoids": {"cbg": "5 %"}}, OTHERS),
            ({"name": "HERON"}, "This product of the supplier is listed already."),
        ],
    )
    def test_the_form_and_the_database_refuse(self, facts, sentence, product):
        twin = Product(**({"supplier": product.supplier, "name": "Egret", **OIL} | facts))

        with pytest.raises(ValidationError) as refusal:
            twin.validate_constraints()
        assert sentence in refusal.value.messages
        with pytest.raises(IntegrityError), transaction.atomic():
            twin.save()

    @pytest.mark.parametrize(
        "said",
        [
            None,
            [],
            "cbn",
            {"thc": CBN},
            {"CBN": CBN},
            {"cbn": []},
            {"cbn": CBN | {"note": "?"}},
            *({"cbn": {name: value for name, value in CBN.items() if name != missing}} for missing in CBN),
            {"cbn": CBN | {"op": "~"}},
            {"cbn": CBN | {"op": None}},
            {"cbn": CBN | {"value": 0.5}},
            {"cbn": CBN | {"value": "-1"}},
            {"cbn": CBN | {"value": "1.00001"}},
            {"cbn": CBN | {"unit": "g"}},
            {"cbn": CBN | {"basis": "unit"}},
            {"cbn": CBN | {"basis": None}},
            {"cbn": CBN, "cbg": {}},
        ],
    )
    def test_other_cannabinoids_are_no_loose_notes(self, said, product):
        with pytest.raises(IntegrityError), transaction.atomic():
            product.change(by=None, other_cannabinoids=said)

    def test_other_cannabinoids_have_strengths(self, product):
        said = {"cbn": CBN, "cbg": {"op": "=", "value": "5", "unit": "mg", "basis": ""}}

        product.change(by=None, other_cannabinoids=said)

        assert Product.objects.get().other_cannabinoids == said

    def test_a_barcode_belongs_to_one_product(self, supplier):
        Product.objects.add(by=None, supplier=supplier, name="Heron", gtin13="2000000001012")

        with pytest.raises(IntegrityError), transaction.atomic():
            Product.objects.add(by=None, supplier=supplier, name="Egret", gtin13="2000000001012")

    def test_products_with_barcodes_may_share_a_description(self, product, supplier):
        Product.objects.add(by=None, supplier=supplier, name="Heron", gtin13="2000000001012", **OIL)

        assert Product.objects.count() == 2

    @pytest.mark.parametrize("amount", [D(0), D(-1)])
    def test_a_price_is_more_than_nothing(self, amount, product):
        with pytest.raises(IntegrityError), transaction.atomic():
            Price.objects.create(product=product, kind="retail", amount=amount)


class TestWithPrices:
    def test_takes_the_latest_price_in_force(self, product):
        for day, amount in ((1, 50), (10, 60), (20, 70)):
            on = datetime.date(2026, 3, day)
            Price.objects.create(product=product, kind="retail", amount=amount, effective_on=on)

        priced = Product.objects.with_prices(on=datetime.date(2026, 3, 15)).get()

        assert (priced.retail, priced.wholesale) == (60, None)

    def test_needs_one_query_for_many(self, supplier, django_assert_num_queries):
        for name in ("Heron", "Egret", "Swan"):
            Product.objects.add(by=None, supplier=supplier, name=name)

        with django_assert_num_queries(1):
            assert [product.retail for product in Product.objects.with_prices()] == [None, None, None]


class TestText:
    def test_names_strength_and_size_as_a_script_does(self, supplier):
        product = Product(
            supplier=supplier,
            name="Heron",
            **OIL,
            thc_op="=",
            thc_value=D("25.0000"),
            thc_unit="mg/mL",
            thc_basis="volume",
            cbd_op="<",
            cbd_value=D("1.0000"),
            cbd_unit="mg/mL",
            cbd_basis="volume",
            other_cannabinoids={"cbn": {"op": "<=", "value": "0.5", "unit": "mg/mL", "basis": "volume"}},
        )

        assert str(product) == "Heron (Kestrel), 30 mL"
        assert product.strength_text == "THC 25 mg/mL, CBD < 1 mg/mL, CBN ≤ 0.5 mg/mL"

    def test_does_not_repeat_a_brand_in_the_name(self):
        assert str(Product(name="Kestrel Heron", brand="Kestrel")) == "Kestrel Heron"

    @pytest.mark.parametrize(
        ("value", "unit", "text"),
        [
            (D("30.000"), "mL", "30 mL"),
            (D(1), "capsule", "1 capsule"),
            (D(20), "capsule", "20 capsules"),
            (D(30), "gummy", "30 gummies"),
            (D(10), "suppository", "10 suppositories"),
            (D(30), "patch", "30 patches"),
            (D(1), "patch", "1 patch"),
            (None, "", ""),
        ],
    )
    def test_counts_pieces(self, value, unit, text):
        assert Product(size_value=value, size_unit=unit).size_text == text

    def test_says_nothing_of_an_unknown_strength(self):
        assert Product(name="Heron").strength_text == ""


@pytest.mark.parametrize("model", [Supplier, Product, Price, Import, ImportRow])
@pytest.mark.parametrize(
    ("role", "sees"),
    [
        ("manager", {"Supplier", "Product", "Price", "Import", "ImportRow"}),
        ("auditor", {"Supplier", "Product", "Price", "Import", "ImportRow"}),
        ("doctor", {"Supplier", "Product", "Price"}),
        ("patient", set()),
    ],
)
def test_who_sees_what(model, role, sees, product, make_user):
    Price.objects.create(product=product, kind="retail", amount=50)
    run = Import.objects.add(
        by=None, supplier=product.supplier, file="x", file_name="x", file_sha256="0" * 64
    )
    ImportRow.objects.create(
        run=run, position=1, sheet="List", cell="A1", line="row 1", raw={}, stated={}, outcome="new"
    )

    assert model.objects.visible_to(make_user(role)).count() == (1 if model.__name__ in sees else 0)


def test_imports_name_their_file(supplier):
    run = Import(supplier=supplier, file_name="list.xlsx")

    assert (str(run), str(ImportRow(run=run, sheet="List", line="row 2"))) == (
        "list.xlsx from Kestrel Supplies",
        "List, row 2",
    )
