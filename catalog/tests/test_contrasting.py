import datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils import timezone

from catalog import contrasting
from catalog.contrasting import WrongNumber
from catalog.models import Price, Product, Supplier
from catalog.models.measures import potency_fields
from catalog.sheets.parsing import Amount

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def make_product():
    suppliers = {}

    def make(name="Heron", *, supplier="Kestrel", thc="22", cbd=None, retail=None, gst="", **fields):
        if supplier not in suppliers:
            suppliers[supplier] = Supplier.objects.add(by=None, key=supplier.lower(), name=supplier)
        strengths = potency_fields("thc", thc and Amount(D(thc), "%")) | potency_fields("cbd", cbd)
        facts = {"dose_form": "dried_herb", "size_value": D(10), "size_unit": "g"}
        facts |= {"tga_category": 5, "schedule": "S8"}
        product = Product.objects.add(
            by=None, name=name, supplier=suppliers[supplier], **(strengths | facts | fields)
        )
        if retail:
            Price.objects.create(product=product, kind="retail", amount=D(retail), gst=gst)
        return product

    return make


@pytest.fixture
def doctor(make_user):
    return make_user("doctor")


def lines(products, by):
    groups = contrasting.side_by_side(products, by=by).groups
    return {line.title: line for group in groups for line in group.lines}


def texts(line):
    return [cell.text for cell in line.cells]


class TestPick:
    def test_keeps_the_order_and_drops_what_comes_twice(self, make_product, doctor):
        heron, swan = make_product("Heron"), make_product("Swan")

        assert contrasting.pick(doctor, [swan.pk, heron.pk, swan.pk]) == [swan, heron]

    @pytest.mark.parametrize("count", [0, 1, 7])
    def test_refuses_too_few_and_too_many(self, count, make_product, doctor):
        ids = [make_product(f"Heron {number}").pk for number in range(count)]

        with pytest.raises(WrongNumber, match="Choose 2 to 6 products to compare"):
            contrasting.pick(doctor, ids)

    def test_refuses_what_the_person_does_not_see(self, make_product, make_user):
        ids = [make_product("Heron").pk, make_product("Swan").pk, uuid4()]

        with pytest.raises(WrongNumber):
            contrasting.pick(make_user("reception"), ids)


class TestSideBySide:
    def test_marks_what_differs_and_leaves_out_what_nobody_tells(self, make_product, doctor):
        heron = make_product("Heron", cultivar="Mallee Gold")
        swan = make_product("Swan", supplier="Ibis", thc="25")

        told = lines([heron, swan], doctor)

        assert {title for title, line in told.items() if line.differs} >= {"Supplier", "THC", "Cultivar"}
        assert not told["Dose form"].differs
        assert "Terpenes" not in told
        assert texts(told["Cultivar"]) == ["Mallee Gold", "Not told"]
        assert texts(told["THC"]) == ["22 %", "25 %"]

    def test_computes_what_a_milligram_costs_and_marks_the_cheapest(self, make_product, doctor):
        heron = make_product("Heron", retail="110", cbd=Amount(D(1), "%", op="<"))
        swan = make_product("Swan", supplier="Ibis", retail="100", thc="25", cbd=Amount(D(5), "%"))

        told = lines([heron, swan], doctor)

        assert texts(told["Retail"]) == ["A$110.00", "A$100.00"]
        assert texts(told["Retail per mg of THC"]) == ["A$0.0500 per mg", "A$0.0400 per mg"]
        assert [cell.is_least for cell in told["Retail per mg of THC"].cells] == [False, True]
        assert texts(told["Retail per mg of CBD"]) == [
            "Cannot be computed. CBD is told as a bound only, not as an amount.",
            "A$0.2000 per mg",
        ]
        assert [cell.is_least for cell in told["Retail per mg of CBD"].cells] == [False, False]
        assert texts(told["Retail per g, mL or piece"]) == ["A$11.00 per g", "A$10.00 per g"]
        assert texts(told["Retail per mg of all cannabinoids"])[1] == "A$0.0333 per mg"

    def test_does_not_set_a_gram_against_a_millilitre(self, make_product, doctor):
        heron = make_product("Heron", retail="110")
        oil = make_product("Oil", supplier="Ibis", thc=None, size_unit="mL", retail="10")

        told = lines([heron, oil], doctor)["Retail per g, mL or piece"]

        assert texts(told) == ["A$11.00 per g", "A$1.00 per mL"]
        assert not any(cell.is_least for cell in told.cells)

    def test_calls_nothing_the_cheapest_where_gst_is_told_differently(self, make_product, doctor):
        heron = make_product("Heron", retail="110", gst="inc")
        swan = make_product("Swan", supplier="Ibis", retail="100", gst="ex")

        table = contrasting.side_by_side([heron, swan], by=doctor)

        assert table.is_mixed
        assert not any(cell.is_least for group in table.groups for line in group.lines for cell in line.cells)

    def test_takes_the_price_in_force_today(self, make_product, doctor):
        heron, swan = make_product("Heron", retail="110"), make_product("Swan", retail="100")
        today = timezone.localdate()
        for days, amount in ((-30, 90), (30, 500)):
            Price.objects.create(
                product=heron,
                kind="retail",
                amount=amount,
                effective_on=today + datetime.timedelta(days=days),
            )

        told = lines([heron, swan], doctor)

        assert texts(told["Retail"]) == ["A$110.00", "A$100.00"]
        assert texts(told["Wholesale"]) == ["No price", "No price"]

    def test_takes_one_statement_for_any_number(self, make_product, doctor, django_assert_num_queries):
        ids = [make_product(f"Heron {number}", retail="90").pk for number in range(6)]

        for chosen in (ids[:2], ids):
            products = contrasting.pick(doctor, chosen)
            with django_assert_num_queries(1):
                contrasting.side_by_side(products, by=doctor)


class TestSimilar:
    def test_are_of_other_suppliers_and_about_as_strong_the_nearest_first(self, make_product, doctor):
        heron = make_product("Heron", thc="20")
        for name, supplier, facts in [
            ("Farther", "Ibis", {"thc": "24"}),
            ("Nearest", "Ibis", {"thc": "20.5"}),
            ("Too strong", "Ibis", {"thc": "24.1"}),
            ("Own", "Kestrel", {"thc": "20"}),
            ("Of a bound", "Ibis", {"thc": None, **potency_fields("thc", Amount(D(20), "%", op="<"))}),
            ("Gone", "Ibis", {"thc": "20", "supply": "discontinued"}),
            ("Other form", "Ibis", {"thc": "20", "dose_form": "vape"}),
            ("Other category", "Ibis", {"thc": "20", "tga_category": 4}),
        ]:
            make_product(name, supplier=supplier, **facts)

        assert [product.name for product in contrasting.similar(heron, by=doctor)] == ["Nearest", "Farther"]

    def test_of_an_ordinary_medicine_are_other_brands_of_the_same(self, doctor):
        facts = {"kind": "conventional", "strength": "500 mg", "dose_form": "capsule", "schedule": "S4"}
        first, second, _ = (
            Product.objects.add(by=None, name=name, brand=brand, **facts)
            for name, brand in [("Amoxicillin", ""), ("amoxicillin", "Amoxil"), ("Cefalexin", "")]
        )

        assert [*contrasting.similar(first, by=doctor)] == [second]

    @pytest.mark.parametrize("facts", [{"dose_form": ""}, {"tga_category": None, "schedule": ""}])
    def test_are_none_where_too_little_is_known(self, facts, make_product, doctor):
        make_product("Swan", supplier="Ibis", **facts)

        assert [*contrasting.similar(make_product("Heron", **facts), by=doctor)] == []

    def test_are_not_shown_to_who_may_not_see_them(self, make_product, make_user):
        make_product("Swan", supplier="Ibis")

        assert [*contrasting.similar(make_product("Heron"), by=make_user("reception"))] == []
