"""Nothing of the catalogue is there for patients and the public (AUSTRALIA: TG Act s 42DLB)."""

import re

import pytest
from django.contrib import admin
from django.urls import reverse

from catalog.models import Import, ImportRow, Price, SheetLayout, Supplier

pytestmark = pytest.mark.django_db
WORD = "Quandong"


@pytest.fixture
def addresses(make_product):
    """Every address that the admins of the catalogue have, each with a record where one is asked for."""
    product = make_product(f"{WORD} Oil")
    supplier = product.supplier or Supplier.objects.add(by=None, key="s", name="Some Supplier")
    Price.objects.create(product=product, kind="retail", amount=90)
    run = Import.objects.add(by=None, supplier=supplier, file="x", file_name="x", file_sha256="0" * 64)
    row = ImportRow.objects.create(
        run=run, position=1, sheet="A", cell="A1", line="row 1", raw={}, stated={}, outcome="new"
    )
    layout = SheetLayout.objects.add(
        by=None, supplier=supplier, sample="x", sample_name="x", sample_sha256="0" * 64
    )
    records = {record._meta.model_name: record.pk for record in (product, supplier, run, row, layout)}
    found = ["/admin/catalog/", "/admin/catalog/nothing/"]
    for model, of_model in admin.site._registry.items():
        if model._meta.app_label == "catalog":
            name = model._meta.model_name
            routes = [str(pattern.pattern) for pattern in of_model.get_urls()]
            key = str(records.get(name, product.pk))
            found += [f"/admin/catalog/{name}/{re.sub('<[^>]+>', key, route)}" for route in routes]
    return found


@pytest.fixture
def visitor(client, make_user, staff_client):
    """A browser of somebody: ``visitor("patient")``; of the public for ``None``."""

    def of(role):
        if role is None:
            return client
        user = make_user(role, f"some_{role}")
        if role != "patient":
            return staff_client(user)
        client.force_login(user)
        return client

    return of


class TestCatalogue:
    @pytest.mark.parametrize("role", [None, "patient"])
    @pytest.mark.parametrize("method", ["get", "post"])
    def test_is_not_there_for_patients_and_the_public(self, role, method, addresses, visitor):
        browser = visitor(role)

        answers = {address: getattr(browser, method)(address) for address in addresses}

        assert len(answers) > 40
        assert {address: answer.status_code for address, answer in answers.items()} == dict.fromkeys(
            answers, 404
        )
        assert not [address for address, answer in answers.items() if WORD in answer.content.decode()]

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_is_closed_to_staff_without_the_grant(self, method, addresses, visitor):
        desk = visitor("reception")

        answers = {address: getattr(desk, method)(address, follow=True) for address in addresses}

        open_to_them = {
            address: answer.status_code
            for address, answer in answers.items()
            if answer.status_code not in {403, 404, 405}
        }
        assert open_to_them == {}

    def test_asks_staff_for_what_their_sign_in_still_lacks(self, addresses, make_user, client):
        client.force_login(make_user("doctor", "unverified"))

        answer = client.get("/admin/catalog/product/", follow=True)

        assert answer.redirect_chain[-1][0].startswith("/accounts/")
        assert WORD not in answer.content.decode()

    def test_offers_the_public_the_way_to_sign_in_for_whoever_works_here(self, client):
        text = client.get("/admin/catalog/product/").content.decode()

        assert 'href="/accounts/login/?next=/admin/catalog/product/"' in text


class TestOtherDoors:
    @pytest.mark.parametrize(
        ("role", "status"), [("patient", 404), (None, 302), ("reception", 200), ("doctor", 200)]
    )
    def test_the_palette_tells_products_to_those_who_may_see_them(self, role, status, addresses, visitor):
        answer = visitor(role).get("/admin/search/", {"s": WORD})

        assert (answer.status_code, f"{WORD} Oil" in answer.content.decode()) == (status, role == "doctor")

    @pytest.mark.parametrize(("role", "status"), [("patient", 404), (None, 302), ("reception", 403)])
    def test_no_drop_down_lists_products(self, role, status, addresses, visitor):
        asked = {
            "app_label": "clinic",
            "model_name": "prescriptionline",
            "field_name": "product",
            "term": WORD,
        }

        answer = visitor(role).get("/admin/autocomplete/", asked)

        assert (answer.status_code, WORD in answer.content.decode()) == (status, False)

    @pytest.mark.parametrize(
        ("role", "status"), [("patient", 404), (None, 302), ("reception", 403), ("manager", 403)]
    )
    def test_the_chooser_of_a_consultation_is_for_its_readers(
        self, role, status, encounter, addresses, visitor
    ):
        address = reverse("admin:clinic_encounter_products", args=[encounter.pk])

        answer = visitor(role).get(address, {"q": WORD})

        assert (answer.status_code, f"{WORD} Oil" in answer.content.decode()) == (status, False)

    def test_the_chooser_shows_the_doctor_what_may_be_prescribed(
        self, encounter, doctor, addresses, staff_client
    ):
        address = reverse("admin:clinic_encounter_products", args=[encounter.pk])

        text = staff_client(doctor.user).get(address, {"q": "qandong"}).content.decode()

        assert f"<strong>{WORD} Oil" in text
        assert "Nothing is called “qandong”. These are called “quandong”:" in text
