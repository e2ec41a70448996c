"""Matching a supplier's columns in the staff site."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from catalog import matching, sheets
from catalog.models import SheetLayout, Supplier
from catalog.tests.test_matching import FLOWERS

pytestmark = pytest.mark.django_db
LIST = "admin:catalog_sheetlayout_changelist"
ADD = "admin:catalog_sheetlayout_add"


@pytest.fixture
def kestrel():
    return Supplier.objects.add(by=None, key="kestrel", name="Kestrel")


@pytest.fixture
def layout(kestrel):
    return matching.receive(kestrel, data=FLOWERS, file_name="March.csv", by=None)


@pytest.fixture
def desk(manager, staff_client):
    return staff_client(manager)


def page(layout):
    return reverse("admin:catalog_sheetlayout_match", args=[layout.pk])


def filled(answer, **changes):
    """The page's forms as they stand there, but for ``changes``."""
    desk = answer.context["desk"]
    data = {}
    for form in [desk.whole, *desk.sheets]:
        for name in form.fields:
            data[form.add_prefix(name)] = form[name].value() or ""
    return data | changes


class TestUpload:
    def test_leads_to_the_columns(self, kestrel, desk):
        sample = SimpleUploadedFile("March.csv", FLOWERS)

        answer = desk.post(reverse(ADD), {"supplier": kestrel.pk, "sample": sample})

        layout = SheetLayout.objects.get()
        assert answer.url == page(layout)
        assert (layout.supplier, layout.status, layout.sample_name) == (kestrel, "draft", "March.csv")

    def test_says_what_is_no_workbook(self, kestrel, desk):
        sample = SimpleUploadedFile("March.docx", b"PK something else")

        answer = desk.post(reverse(ADD), {"supplier": kestrel.pk, "sample": sample})

        assert "This is not an Excel workbook" in answer.content.decode()
        assert not SheetLayout.objects.exists()

    def test_asks_for_both(self, desk):
        answer = desk.post(reverse(ADD), {})

        assert answer.content.decode().count("This field is required.") == 2


class TestMatch:
    def test_shows_the_columns_with_examples_and_proposals(self, layout, desk):
        answer = desk.get(page(layout))

        text = answer.content.decode()
        for said in ("Products of Kestrel Supplies", "Total THC", "22%", "2000000001012", "Colour"):
            assert said in text
        (form,) = answer.context["desk"].sheets
        assert form["column_1"].value() == "thc"
        assert form["column_8"].value() == ""

    def test_tries_without_saving(self, layout, desk):
        data = filled(desk.get(page(layout)))

        answer = desk.post(page(layout), data | {"try": "1"})

        text = answer.content.decode()
        assert "<strong>2</strong> products" in text
        assert "Heron Flower" in text
        layout.refresh_from_db()
        assert layout.declaration == {}

    def test_saves_and_uses(self, layout, desk):
        data = filled(desk.get(page(layout)), **{"sheet0-dose_form": "Dried Flower", "whole-retail": "inc"})

        answer = desk.post(page(layout), data | {"save": "1"})
        assert answer.url == reverse("admin:catalog_sheetlayout_change", args=[layout.pk])
        desk.post(reverse("admin:catalog_sheetlayout_use", args=[layout.pk]), {"_form_submitted": "1"})

        found = sheets.layout_of("kestrel")
        assert (found.sheets[0].fixed, found.gst) == ({"dose_form": "Dried Flower"}, {"retail": "inc"})
        desk.post(reverse("admin:catalog_sheetlayout_retire", args=[layout.pk]), {"_form_submitted": "1"})
        assert "kestrel" not in sheets.known_suppliers()

    def test_shows_what_was_saved(self, layout, desk):
        data = filled(
            desk.get(page(layout)), **{"sheet0-column_8": "strain_type", "whole-brands": "Heron\n Egret "}
        )
        desk.post(page(layout), data | {"save": "1"})

        shown = desk.get(page(layout)).context["desk"]

        assert shown.sheets[0]["column_8"].value() == "strain_type"
        assert shown.whole["brands"].value() == "Heron\nEgret"

    def test_says_what_is_wrong_and_keeps_what_was_chosen(self, layout, desk):
        data = filled(desk.get(page(layout)), **{"sheet0-column_2": "thc"})

        answer = desk.post(page(layout), data | {"save": "1"})

        assert "Two columns of the list are matched with “THC”." in answer.content.decode()
        assert answer.context["desk"].sheets[0]["column_2"].value() == "thc"
        layout.refresh_from_db()
        assert layout.declaration == {}

    def test_proposes_anew_when_headings_are_elsewhere(self, layout, desk):
        data = filled(desk.get(page(layout)), **{"sheet0-header_row": "3", "sheet0-use": "read"})

        answer = desk.post(page(layout), data | {"save": "1"})

        desk_then = answer.context["desk"]
        assert "The headings are others now." in answer.content.decode()
        assert [column["heading"] for column in desk_then.sheets[0].columns][:2] == ["Heron Flower", "22%"]
        layout.refresh_from_db()
        assert layout.declaration == {}

    @pytest.mark.parametrize(
        "changes",
        [
            {"sheet0-header_row": "0"},
            {"sheet0-header_row": "many"},
            {"sheet0-column_1": "soul"},
            {"sheet0-use": ""},
        ],
    )
    def test_marks_what_is_no_choice(self, changes, layout, desk):
        data = filled(desk.get(page(layout)), **changes)

        answer = desk.post(page(layout), data | {"try": "1"})

        assert answer.context["desk"].refusal == "Please look at the fields marked below."
        assert 'class="ct-error"' in answer.content.decode()

    def test_shows_products_in_columns(self, kestrel, sample, desk):
        layout = matching.receive(kestrel, data=sample("phytoca"), file_name="phytoca.xlsx", by=None)

        answer = desk.post(page(layout), filled(desk.get(page(layout))) | {"try": "1"})

        assert "Phytoca Bluebell" in answer.content.decode()


class TestWhoMay:
    @pytest.mark.parametrize(
        ("role", "looks", "changes"),
        [("manager", 200, 400), ("auditor", 200, 403), ("doctor", 403, 403), ("reception", 403, 403)],
    )
    def test_look_and_change(self, role, looks, changes, layout, make_user, staff_client):
        client = staff_client(make_user(role))

        assert client.get(page(layout)).status_code == looks
        assert client.post(page(layout), {"try": "1"}).status_code == changes
        assert client.get(reverse(LIST)).status_code == looks
        assert client.get(reverse(ADD)).status_code == (200 if role == "manager" else 403)

    def test_the_list_needs_as_many_statements_for_one_as_for_three(
        self, layout, kestrel, desk, django_assert_max_num_queries
    ):
        desk.get(reverse(LIST))
        with django_assert_max_num_queries(12) as few:
            desk.get(reverse(LIST))
        for name in ("April.csv", "May.csv"):
            matching.receive(kestrel, data=FLOWERS, file_name=name, by=None)

        with django_assert_max_num_queries(len(few)):
            assert "May.csv" in desk.get(reverse(LIST)).content.decode()
