"""The catalogue in the staff site."""

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from catalog import importing
from catalog.models import Product, Supplier

pytestmark = pytest.mark.django_db
LISTS = ["product", "supplier", "import", "importrow"]


@pytest.fixture
def catalogue(sample):
    """Two lists in the catalogue, and one that waits."""
    for key in ("medreleaf", "tasmanian_botanics"):
        importing.bring_in(key, data=sample(key), file_name=f"{key}.xlsx", by=None, apply_now=True)
    return importing.bring_in("alma", data=sample("alma"), file_name="alma.xlsx", by=None).run


def page(model, record=None):
    if record is None:
        return reverse(f"admin:catalog_{model}_changelist")
    return reverse(f"admin:catalog_{model}_change", args=[record.pk])


class TestWhoMay:
    @pytest.mark.parametrize(
        ("role", "opens"),
        [
            ("manager", ["product", "supplier", "import", "importrow"]),
            ("auditor", ["product", "supplier", "import", "importrow"]),
            ("doctor", ["product", "supplier"]),
        ],
    )
    def test_open_the_lists(self, role, opens, catalogue, make_user, staff_client):
        client = staff_client(make_user(role))

        statuses = {model: client.get(page(model)).status_code for model in LISTS}

        assert statuses == {model: 200 if model in opens else 403 for model in LISTS}

    def test_not_patients(self, catalogue, make_user, client):
        client.force_login(make_user("patient"))
        product = Product.objects.first()

        for address in [*(page(model) for model in LISTS), page("product", product)]:
            assert client.get(address).status_code == 404

    @pytest.mark.parametrize(("role", "status"), [("manager", 200), ("doctor", 200), ("auditor", 200)])
    def test_open_a_product_and_its_history(self, role, status, catalogue, make_user, staff_client):
        product = Product.objects.first()
        client = staff_client(make_user(role))

        history = reverse("admin:catalog_product_history", args=[product.pk])
        assert (client.get(page("product", product)).status_code, client.get(history).status_code) == (
            status,
            status,
        )

    def test_change_only_the_supply(self, catalogue, manager, staff_client):
        product = Product.objects.get(name="Dune (Hybrid)")
        data = {
            "supply": "out_of_stock",
            "availability": "July",
            "available_on": "",
            "name": "Other",
            "thc_value": "9",
        }
        inline = {"prices-TOTAL_FORMS": 0, "prices-INITIAL_FORMS": 0}

        staff_client(manager).post(page("product", product), data | inline)

        product.refresh_from_db()
        assert (product.supply, product.availability, product.name, product.thc_value) == (
            "out_of_stock",
            "July",
            "Dune (Hybrid)",
            1,
        )
        assert product.history.first().history_user == manager

    def test_not_change_as_a_doctor(self, catalogue, make_user, staff_client):
        product = Product.objects.first()

        answer = staff_client(make_user("doctor")).post(page("product", product), {"supply": "discontinued"})

        assert answer.status_code == 403


class TestProducts:
    def test_shows_strength_category_schedule_and_price(self, catalogue, manager, staff_client):
        text = staff_client(manager).get(page("product")).content.decode()

        for said in (
            "THC &lt; 1 %, CBD 16 %",
            "Larkspur",
            "A$115.00",
            "S8",
            "Dried herb",
            "10 g",
            "MedReleaf",
        ):
            assert said in text

    @pytest.mark.parametrize(
        ("asked", "count"),
        [
            ({"q": "banksia"}, 1),
            ({"q": "quandong pastilles"}, 2),
            ({"category": "1"}, 3),
            ({"category": "none"}, 1),
            ({"category": "all of them"}, 23),
            ({"attention": "review"}, 4),
            ({"attention": "disputed"}, 1),
            ({"attention": "prescribable"}, 19),
            ({"schedule__exact": "S4"}, 3),
            ({"price_from": "115", "price_to": "115", "price_in": "retail"}, 1),
            ({"price_from": "1000000"}, 0),
            ({}, 23),
        ],
    )
    def test_finds_and_narrows(self, asked, count, catalogue, manager, staff_client):
        answer = staff_client(manager).get(page("product"), asked)

        assert answer.context["cl"].result_count == count

    def test_narrows_by_strength_and_supply_at_once(self, catalogue, manager, staff_client):
        asked = {"thc_from": "25", "thc_in": "%", "supply__exact": "active", "dose_form__exact": "dried_herb"}

        found = staff_client(manager).get(page("product"), asked).context["cl"].result_list

        assert [product.thc_value for product in found] == [25]

    def test_says_what_is_no_strength_and_shows_nothing(self, catalogue, manager, staff_client):
        answer = staff_client(manager).get(page("product"), {"thc_from": "strong", "thc_to": "-1"})

        assert answer.context["cl"].result_count == 0
        assert [str(message) for message in answer.context["messages"]] == [
            "THC from: Write a number, such as 2.5.",
            "THC to: Ensure this value is greater than or equal to 0.",
        ]

    def test_lists_the_nearest_first_unless_a_column_is_chosen(self, catalogue, manager, staff_client):
        client = staff_client(manager)

        def names(**asked):
            found = client.get(page("product"), {"q": "myrtle", **asked}).context["cl"].result_list
            return [product.name for product in found]

        assert names() == sorted(names())
        assert names(o="-1") == sorted(names(), reverse=True)

    def test_says_what_a_mistyped_word_was_taken_for(self, catalogue, manager, staff_client):
        text = staff_client(manager).get(page("product"), {"q": "banskia"}).content.decode()

        assert "Nothing is called “banskia”. These are called “banksia”." in text

    def test_needs_as_many_queries_for_one_as_for_many(
        self, catalogue, manager, staff_client, django_assert_num_queries
    ):
        client = staff_client(manager)
        client.get(page("product"))
        with django_assert_num_queries(_queries(client, {"q": "banksia"})):
            assert client.get(page("product"), {"q": "pastilles"}).context["cl"].result_count == 3

    def test_tells_what_is_to_review(self, catalogue, manager, staff_client):
        product = Product.objects.get(name="CBD 80 Oral liquid")

        text = staff_client(manager).get(page("product", product)).content.decode()

        assert "The stated TGA category does not follow from the composition." in text


class TestExport:
    ADDRESS = "/admin/catalog/product/export/"

    def test_gives_the_narrowed_list_with_prices_and_no_formula(self, catalogue, manager, staff_client):
        myrtle = Product.objects.get(name="THC 24 Myrtle 10g")
        myrtle.change(by=manager, availability="=1+1")
        desk = staff_client(manager)
        assert desk.get(self.ADDRESS).status_code == 200
        assert self.ADDRESS in desk.get(page("product")).content.decode()

        answer = desk.post(f"{self.ADDRESS}?q=Myrtle+10g", {"resource": "0", "format": "1"})

        headings, *lines = csv.reader(answer.content.decode().splitlines())
        told = dict(zip(headings, lines[0], strict=True))
        names = ("supplier", "name", "thc_value", "wholesale", "availability")
        assert len(lines) == 1
        assert [told[name] for name in names] == [
            "Tasmanian Botanics",
            "THC 24 Myrtle 10g",
            "24.0000",
            "78.00",
            "'=1+1",
        ]

    def test_gives_a_workbook(self, catalogue, manager, staff_client):
        answer = staff_client(manager).post(self.ADDRESS, {"resource": "0", "format": "0"})

        sheet = load_workbook(io.BytesIO(answer.content)).worksheets[0]
        assert sheet.max_row == 1 + Product.objects.count()

    @pytest.mark.parametrize("role", ["doctor", "auditor"])
    def test_is_for_managers(self, role, make_user, staff_client):
        assert staff_client(make_user(role)).get(self.ADDRESS).status_code == 403


def _queries(client, asked):
    with CaptureQueriesContext(connection) as captured:
        client.get(page("product"), asked)
    return len(captured)


def test_suppliers_count_their_products(catalogue, manager, staff_client):
    supplier = Supplier.objects.get(key="medreleaf")

    text = staff_client(manager).get(page("supplier")).content.decode()

    assert f'?supplier__id__exact={supplier.pk}" class=' in text
    assert staff_client(manager).get(page("supplier", supplier)).status_code == 200
