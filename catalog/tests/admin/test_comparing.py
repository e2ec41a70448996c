"""Comparing products in the staff site, and a product's prices over time."""

import datetime
from decimal import Decimal

import pytest
from django.urls import reverse

from catalog.admin import price_chart
from catalog.models import Price, Product, Supplier

pytestmark = pytest.mark.django_db
COMPARE = "/admin/catalog/product/compare/"
LIST = "/admin/catalog/product/"
D = Decimal


@pytest.fixture
def products():
    """Two flowers of two suppliers that are much alike, and a third of one of them."""
    flower = {"dose_form": "dried_herb", "size_value": D(10), "size_unit": "g", "tga_category": 5}
    flower |= {"thc_op": "=", "thc_value": D(20), "thc_unit": "%", "thc_basis": "weight", "schedule": "S8"}
    made = []
    for name in ("Kestrel Heron", "Ibis Swan", "Ibis Egret"):
        key = name.split()[0].lower()
        supplier = Supplier.objects.filter(key=key).first() or Supplier.objects.add(
            by=None, key=key, name=key.title()
        )
        made.append(Product.objects.add(by=None, name=name, supplier=supplier, **flower))
        Price.objects.create(product=made[-1], kind="retail", amount=90 + len(made))
    return made


def address(products):
    return f"{COMPARE}?{'&'.join(f'id={product.pk}' for product in products)}"


def page(product):
    return reverse("admin:catalog_product_change", args=[product.pk])


class TestCompare:
    @pytest.mark.parametrize(
        ("role", "status"), [("doctor", 200), ("manager", 200), ("auditor", 200), ("reception", 403)]
    )
    def test_is_for_those_who_see_the_catalogue(self, role, status, products, make_user, staff_client):
        answer = staff_client(make_user(role)).get(address(products))

        assert (answer.status_code, "Ibis Swan" in answer.content.decode()) == (status, status == 200)

    def test_shows_what_a_milligram_costs_and_which_costs_least(self, products, manager, staff_client):
        text = staff_client(manager).get(address(products)).content.decode()

        assert "A$0.0455 per mg <strong" in text
        assert text.count("cheapest</strong>") == 3
        assert "Cannot be computed. CBD is not told." in text

    def test_comes_from_the_list_with_what_was_ticked(self, products, manager, staff_client):
        ticked = {"action": "compare_chosen", "_selected_action": [str(one.pk) for one in products[:2]]}

        answer = staff_client(manager).post(LIST, ticked, follow=True)

        assert answer.redirect_chain[0][0].startswith(COMPARE)
        assert {*answer.context["products"]} == {*products[:2]}

    @pytest.mark.parametrize(
        "asked", ["", "?id=", "?id=nonsense&id=1", "?id=01a218bf-4fd8-758c-a997-908964434782"]
    )
    def test_says_how_many_to_choose(self, asked, products, manager, staff_client):
        answer = staff_client(manager).get(COMPARE + asked)

        assert answer.status_code == 409
        assert "Choose 2 to 6 products to compare." in answer.content.decode()

    def test_is_one_click_from_a_product_with_others_like_it(self, products, manager, staff_client):
        heron, swan, egret = products
        client = staff_client(manager)

        offered = client.get(page(heron)).context["compare_similar"]

        assert client.get(offered).context["products"] == [heron, egret, swan]
        assert (
            "/compare/"
            not in client.get(
                page(Product.objects.add(by=None, kind="conventional", name="X"))
            ).content.decode()
        )

    def test_takes_the_same_statements_for_two_as_for_three(
        self, products, manager, staff_client, django_assert_num_queries
    ):
        client = staff_client(manager)
        client.get(address(products))
        with django_assert_num_queries(9):
            client.get(address(products[:2]))
        with django_assert_num_queries(9):
            client.get(address(products))


class TestPriceChart:
    TODAY = datetime.date(2026, 3, 31)

    def prices(self, *told):
        return [
            Price(kind=kind, amount=amount and D(amount), effective_on=datetime.date(2026, month, 1))
            for kind, month, amount in told
        ]

    def test_draws_a_step_for_each_change_up_to_today(self):
        picture = price_chart.draw(
            self.prices(("retail", 1, 50), ("retail", 3, 100), ("wholesale", 1, 40)), today=self.TODAY
        )

        wholesale, retail = picture.curves
        assert (retail.title, retail.told) == ("Retail", "from 1 Jan 2026 A$50.00; from 1 Mar 2026 A$100.00")
        assert retail.path == "M64.0 102.0 H437.9 L437.9 12.0 H628.0"
        assert retail.dots == [(64.0, 102.0), (437.9, 12.0)]
        assert wholesale.path == "M64.0 120.0 H628.0"
        assert [tick.text for tick in picture.days] == ["1 Jan 2026", "31 Mar 2026"]
        assert [tick.text for tick in picture.amounts] == ["A$0", "A$25", "A$50", "A$75", "A$100"]

    @pytest.mark.parametrize(
        ("amount", "top"), [(125, "A$150"), (99, "A$100"), ("7.5", "A$8"), (1049, "A$1,500")]
    )
    def test_reaches_above_the_dearest(self, amount, top):
        picture = price_chart.draw(self.prices(("retail", 1, amount)), today=self.TODAY)

        assert picture.amounts[-1].text == top
        assert picture.amounts[-1].at == 12 <= picture.curves[0].dots[0][1]

    def test_leaves_a_gap_where_there_is_no_price(self):
        picture = price_chart.draw(
            self.prices(("retail", 1, 50), ("retail", 2, None), ("retail", 3, 50)), today=self.TODAY
        )

        assert picture.curves[0].path.count("M") == 2
        assert "from 1 Feb 2026 no price" in picture.curves[0].told

    def test_goes_on_to_a_price_that_is_still_to_come(self):
        picture = price_chart.draw(self.prices(("retail", 1, 50), ("retail", 12, 60)), today=self.TODAY)

        assert picture.days[-1].text == "1 Dec 2026"

    @pytest.mark.parametrize("told", [[], [("retail", 1, None)]])
    def test_is_none_without_a_price(self, told):
        assert price_chart.draw(self.prices(*told), today=self.TODAY) is None

    def test_stands_on_the_products_page(self, products, manager, staff_client):
        client = staff_client(manager)

        assert "Wholesale and retail price by day" in client.get(page(products[0])).content.decode()
        bare = Product.objects.add(by=None, kind="conventional", name="X")
        assert "No price is known yet." in client.get(page(bare)).content.decode()
