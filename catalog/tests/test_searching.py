import datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog import searching
from catalog.models import Price, Product, Supplier
from catalog.models.measures import potency_fields
from catalog.searching import Found, Range
from catalog.sheets.parsing import Amount

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def make_product():
    suppliers = {}

    def make(name="Heron Oil", *, thc=None, cbd=None, supplier="Kestrel Supplies", **fields):
        key = supplier.split()[0].lower()
        if key not in suppliers:
            suppliers[key] = Supplier.objects.add(by=None, key=key, name=supplier)
        strengths = potency_fields("thc", thc) | potency_fields("cbd", cbd)
        return Product.objects.add(by=None, name=name, supplier=suppliers[key], **strengths, **fields)

    return make


@pytest.fixture
def doctor(make_user):
    return make_user("doctor")


@pytest.fixture
def shelf(make_product):
    make_product(
        thc=Amount(D(25), "mg/mL"), dose_form="oral_liquid", brand="Larkspur", tga_category=5, schedule="S8"
    )
    make_product(
        "Swan Flower",
        cultivar="Mallee Gold",
        gtin13="2000000001012",
        product_code="SF-10",
        dose_form="dried_herb",
        supplier="Ibis Pharma",
    )
    make_product(
        "Black Swan", other_cannabinoids={"cbn": {"op": "=", "value": "5", "unit": "mg", "basis": ""}}
    )


def names(found):
    return [product.name for product in found.products]


class TestSearch:
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("heron", ["Heron Oil"]),
            ("OIL her", ["Heron Oil"]),
            ("eron", ["Heron Oil"]),
            ("larkspur", ["Heron Oil"]),
            ("kestrel", ["Black Swan", "Heron Oil"]),
            ("ibis swan", ["Swan Flower"]),
            ("mallee", ["Swan Flower"]),
            ("2000000001012", ["Swan Flower"]),
            ("sf-10", ["Swan Flower"]),
            ("thc", ["Heron Oil"]),
            ("CBN", ["Black Swan"]),
            ("oral liquid", ["Heron Oil"]),
            ("herb, dried", ["Swan Flower"]),
            ("flower", ["Swan Flower"]),
            ("bl", ["Black Swan"]),
            ("la", ["Heron Oil"]),
            ("ro", []),
            ("heron swan", []),
            ("50%_off'", []),
            ("", ["Black Swan", "Heron Oil", "Swan Flower"]),
            (" ,; ", ["Black Swan", "Heron Oil", "Swan Flower"]),
        ],
    )
    def test_finds_every_word_in_what_is_said_of_a_product(self, text, found, shelf, doctor):
        assert names(searching.search(doctor, text)) == found

    @pytest.mark.parametrize(
        ("text", "found", "read_as"),
        [
            ("herron", ["Heron Oil"], "heron"),
            ("hreon oil", ["Heron Oil"], "heron oil"),
            ("swann", ["Swan Flower", "Black Swan"], "swan"),
            ("malle gold", ["Swan Flower"], ""),
            ("mallie glod", ["Swan Flower"], "mallee gold"),
            ("larkspurr thc", ["Heron Oil"], "larkspur thc"),
            ("zzzz", [], ""),
            ("heron zzzz", [], ""),
            ("2000000001013", [], ""),
        ],
    )
    def test_forgives_slips_of_the_keyboard_and_says_so(self, text, found, read_as, shelf, doctor):
        answer = searching.search(doctor, text)

        assert (names(answer), answer.read_as) == (found, read_as)

    def test_puts_the_nearest_first(self, make_product, doctor):
        for name in ("Grey Heron", "Heronry", "Heron Oil", "Blue Egret", "Heron"):
            make_product(name, brand="Heron" if name == "Blue Egret" else "", dose_form="oral_liquid")
        make_product("Antheron")

        assert names(searching.search(doctor, "heron")) == [
            *("Heron", "Heron Oil", "Heronry"),
            *("Blue Egret", "Grey Heron", "Antheron"),
        ]

    def test_learns_the_words_of_a_changed_product(self, shelf, doctor):
        Product.objects.get(name="Heron Oil").change(by=None, name="Bittern Oil")

        assert names(searching.search(doctor, "bitern")) == ["Bittern Oil"]
        assert names(searching.search(doctor, "herron")) == []

    @pytest.mark.parametrize(
        ("role", "count"),
        [("doctor", 1), ("manager", 1), ("auditor", 1), ("reception", 0), ("patient", 0)],
    )
    @pytest.mark.parametrize("text", ["heron", "herron"])
    def test_shows_the_catalogue_to_those_who_may_see_it(self, text, role, count, shelf, make_user):
        assert len(names(searching.search(make_user(role), text))) == count

    @pytest.mark.parametrize(("text", "statements"), [("swan", 3), ("swwan", 4)])
    def test_takes_the_same_statements_for_many_as_for_one(
        self, text, statements, shelf, make_product, doctor
    ):
        for number in range(3):
            make_product(f"Swan {number}", supplier=f"Swan{number} Supplies")

        with CaptureQueriesContext(connection) as captured:
            assert len([str(product.supplier) for product in searching.search(doctor, text).products]) == 5
        assert len(captured) == statements


class TestWithStrength:
    @pytest.fixture(autouse=True)
    def shelf(self, make_product):
        make_product("Twenty per cent", thc=Amount(D(20), "%"))
        make_product("Two hundred mg in a gram", thc=Amount(D(200), "mg/g"))
        make_product("Below one per cent", thc=Amount(D(1), "%", op="<"))
        make_product("Twenty in a mL", thc=Amount(D(20), "mg/mL"))
        make_product("Five in a gummy", thc=Amount(D(5), "mg", basis="unit"))
        make_product("Five in all", thc=Amount(D(5), "mg", basis="container"))
        make_product("Not told")

    @pytest.mark.parametrize(
        ("wanted", "found"),
        [
            (Range(D(20), D(20), "%"), ["Twenty per cent", "Two hundred mg in a gram"]),
            (Range(D(200), None, "mg/g"), ["Twenty per cent", "Two hundred mg in a gram"]),
            (Range(D("20.01"), None, "%"), []),
            (Range(None, D(1), "%"), ["Below one per cent"]),
            (Range(D(0), D("0.99"), "%"), []),
            (Range(D(0), D(1), "%"), ["Below one per cent"]),
            (Range(D("0.5"), D(1), "%"), []),
            (Range(D(1), None, "mg/mL"), ["Twenty in a mL"]),
            (Range(None, D(5), "mg per piece"), ["Five in a gummy"]),
            (Range(D(5), None, "mg per container"), ["Five in all"]),
        ],
    )
    def test_keeps_what_surely_lies_in_the_range(self, wanted, found):
        kept = searching.with_strength(Product.objects.all(), "thc", wanted)

        assert [product.name for product in kept.order_by("name")] == found

    def test_keeps_all_when_nothing_is_asked_for(self):
        assert searching.with_strength(Product.objects.all(), "cbd", Range(measure="%")).count() == 7


class TestWithPrice:
    TODAY = datetime.date(2026, 3, 10)

    def kept(self, wanted, by, kind="retail"):
        products = Product.objects.all()
        return names(Found(searching.with_price(products, kind, wanted, by=by, on=self.TODAY)))

    def test_keeps_those_whose_price_of_the_day_lies_in_the_range(self, make_product, doctor):
        for name, told in {
            "Now": [(10, 50)],
            "Before": [(1, 50), (10, 90)],
            "To come": [(10, 90), (11, 50)],
            "None now": [(1, 50), (9, None)],
            "Put right": [(10, 90), (10, 50)],
        }.items():
            product = make_product(name)
            for day, amount in told:
                on = datetime.date(2026, 3, day)
                Price.objects.create(product=product, kind="retail", amount=amount, effective_on=on)

        assert self.kept(Range(D(50), D(50)), doctor) == ["Now", "Put right"]
        assert self.kept(Range(least=D(51)), doctor) == ["Before", "To come"]
        assert self.kept(Range(most=D(49)), doctor) == []
        assert self.kept(Range(), doctor) == ["Before", "None now", "Now", "Put right", "To come"]
        assert self.kept(Range(D(1)), doctor, kind="wholesale") == []

    def test_tells_nothing_to_those_who_see_no_prices(self, make_product, reception):
        Price.objects.create(product=make_product(), kind="retail", amount=50, effective_on=self.TODAY)

        assert self.kept(Range(D(1)), reception) == []

    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        batches=st.lists(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 3)), max_size=4), max_size=4)
    )
    def test_agrees_with_the_prices_however_they_were_written(self, batches, make_product, doctor):
        product = make_product(f"Heron {uuid4()}")
        for batch in batches:
            Price.objects.bulk_create(
                Price(product=product, kind="retail", amount=amount, effective_on=datetime.date(2026, 3, day))
                for day, amount in batch
            )

        for day in range(10):
            on = datetime.date(2026, 3, 1) + datetime.timedelta(days=day)
            mine = Product.objects.filter(pk=product.pk)
            now = mine.with_prices(on=on).get().retail
            found = [
                amount
                for amount in (1, 2, 3)
                if searching.with_price(
                    mine, "retail", Range(D(amount), D(amount)), by=doctor, on=on
                ).exists()
            ]
            assert found == ([now] if now else [])
