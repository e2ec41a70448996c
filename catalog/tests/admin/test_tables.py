"""Plain tables that go out and come back in the staff site."""

import csv
import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from catalog import importing
from catalog.models import Price, Product, Supplier
from clinic.models import AuditEvent

pytestmark = pytest.mark.django_db
ADDRESSES = {
    "product": "/admin/catalog/product/table/",
    "supplier": "/admin/catalog/supplier/import/",
    "price": "/admin/catalog/price/import/",
}


@pytest.fixture
def catalogue(sample):
    for key in ("medreleaf", "tasmanian_botanics"):
        importing.bring_in(key, data=sample(key), file_name=f"{key}.xlsx", by=None, apply_now=True)


@pytest.fixture
def desk(manager, staff_client):
    return staff_client(manager)


def exported(desk, model, kind=1) -> bytes:
    answer = desk.post(f"/admin/catalog/{model}/export/", {"resource": "0", "format": str(kind)})
    assert answer.status_code == 200
    return answer.content


def read(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def written(rows: list[dict[str, str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def send(desk, model, data: bytes, name="table.csv"):
    """Look at what a table would change."""
    return desk.post(ADDRESSES[model], {"format": "0", "import_file": SimpleUploadedFile(name, data)})


def confirm(desk, model, page):
    hidden = page.context["confirm_form"].initial
    return desk.post(f"/admin/catalog/{model}/process_import/", hidden, follow=True)


def versions():
    return Product.history.count(), Supplier.history.count(), Price.objects.count()


class TestRoundTrip:
    @pytest.mark.parametrize("model", ADDRESSES)
    @pytest.mark.parametrize("kind", [0, 1], ids=["xlsx", "csv"])
    def test_what_went_out_changes_nothing_when_it_comes_back(self, model, kind, catalogue, desk, manager):
        odd = {"availability": "=1+1", "cultivar": "'=2", "storage": "'Cool'", "packaging": "-\tJar @ 4"}
        Product.objects.get(name="THC 24 Myrtle 10g").change(by=manager, **odd)
        before = versions()

        page = send(desk, model, exported(desk, model, kind))

        totals = page.context["result"].totals
        assert (page.status_code, totals["new"], totals["update"]) == (200, 0, 0)
        assert totals["skip"] == {"product": 23, "supplier": 2, "price": Price.objects.count()}[model]
        confirm(desk, model, page)
        assert versions() == before
        assert Product.objects.filter(**odd).count() == 1

    def test_a_workbook_that_went_out_has_no_formula(self, catalogue, desk, manager):
        Product.objects.get(name="THC 24 Myrtle 10g").change(by=manager, availability="=1+1")

        sheet = openpyxl.load_workbook(io.BytesIO(exported(desk, "product", 0))).worksheets[0]

        assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n", "inlineStr"}

    @pytest.mark.parametrize(("model", "rows"), [("product", 23), ("supplier", 2), ("price", 44)])
    def test_what_went_out_is_in_the_trail_and_in_no_cache(self, model, rows, catalogue, desk, manager):
        answer = desk.post(f"/admin/catalog/{model}/export/", {"resource": "0", "format": "1"})

        (event,) = AuditEvent.objects.filter(action=AuditEvent.Action.EXPORT)
        assert (event.by, event.record_type, event.why) == (manager, f"catalog.{model}", f"Rows: {rows}.")
        assert answer["Cache-Control"].startswith("private, no-store")


class TestProducts:
    def test_shows_first_and_changes_with_history_then(self, catalogue, desk, manager):
        rows = read(exported(desk, "product"))
        rows[0] |= {"storage": "Below 25 °C", "supply": "out_of_stock", "available_on": "2027-01-31"}
        before = versions()

        page = send(desk, "product", written(rows), "plain.csv")

        assert versions() == before
        assert "0 new, 1 changed, 22 as they are." in page.content.decode()
        answer = confirm(desk, "product", page)
        product = Product.objects.get(pk=rows[0]["id"])
        assert (product.storage, product.supply, str(product.available_on)) == (
            "Below 25 °C",
            "out_of_stock",
            "2027-01-31",
        )
        assert "0 new, 1 changed, 22 as they were." in answer.content.decode()
        version = product.history.first()
        assert (version.history_user, version.history_change_reason, version.storage) == (
            manager,
            "Table plain.csv.",
            "Below 25 °C",
        )
        assert Product.history.count() == before[0] + 1

    def test_leaves_alone_what_the_table_has_no_column_for(self, catalogue, desk):
        product = Product.objects.get(name="THC 24 Myrtle 10g")

        confirm(desk, "product", send(desk, "product", written([{"id": str(product.pk), "storage": "Dry"}])))

        again = Product.objects.get(pk=product.pk)
        assert (again.storage, again.thc_value, again.product_code) == ("Dry", product.thc_value, "DF-002")

    @pytest.mark.parametrize(
        ("edit", "sentence"),
        [
            ({"thc_value": "42"}, "This is not changed by a table; it comes in with a supplier's list."),
            ({"wholesale": "1.00"}, "This is not changed by a table"),
            ({"supplier": "Acme"}, "There is no supplier “Acme”."),
            ({"supply": "sold"}, "“sold” is none of active, to_be_released, out_of_stock, discontinued."),
            ({"available_on": "soon"}, "“soon” is no day. Please write it as 2026-11-30."),
            ({"available_on": "2026-02-31"}, "“2026-02-31” is no day."),
            ({"id": "no-such"}, "No product has this ID."),
            ({"product_code": "x" * 51}, "at most 50 characters"),
        ],
    )
    def test_refuses_all_of_it_for_one_wrong_row(self, edit, sentence, catalogue, desk):
        rows = read(exported(desk, "product"))
        rows[0] |= {"storage": "Dry"}
        rows[1] |= edit
        before = versions()

        page = send(desk, "product", written(rows))

        text = page.content.decode().replace("&#x27;", "'")
        assert (page.status_code, sentence in text, "Traceback" in text) == (400, True, False)
        assert "confirm_form" not in page.context
        assert (versions(), Product.objects.filter(storage="Dry").count()) == (before, 0)

    def test_refuses_two_rows_for_one_product(self, catalogue, desk):
        rows = read(exported(desk, "product"))

        page = send(desk, "product", written([rows[0], rows[1], rows[0]]))

        assert page.status_code == 400
        assert "Row 1 is about the same product." in page.content.decode()

    def test_the_import_button_leads_to_suppliers_lists(self, catalogue, desk):
        assert 'href="/admin/catalog/product/import/"' in desk.get("/admin/catalog/product/").content.decode()

        answer = desk.get("/admin/catalog/product/import/", follow=True)

        assert answer.redirect_chain == [(reverse("admin:catalog_import_add"), 302)]
        assert ADDRESSES["product"] in answer.content.decode()


class TestPrices:
    def rows(self, desk):
        return read(exported(desk, "price"))

    def test_a_new_price_is_a_new_row(self, catalogue, desk, manager):
        row = self.rows(desk)[0] | {"id": "", "amount": "$1,049.00", "effective_on": "2027-02-01"}

        confirm(desk, "price", send(desk, "price", written([row])))

        price = Price.objects.get(effective_on="2027-02-01")
        assert (str(price.amount), str(price.product_id), price.recorded_by) == (
            "1049.00",
            row["product"],
            manager,
        )
        again = send(desk, "price", written([row]))
        assert again.context["result"].totals["skip"] == 1

    @pytest.mark.parametrize(
        ("edit", "sentence"),
        [
            ({"amount": "98765.00"}, "A price that is there never changes."),
            ({"id": "", "amount": "cheap"}, "“cheap” is no price. Please write it as 73.50."),
            ({"id": "", "amount": "0", "effective_on": "2027-02-01"}, "price"),
            ({"id": "", "amount": "-5", "effective_on": "2027-02-01"}, "price"),
            ({"id": "", "kind": "trade"}, "“trade” is none of wholesale, retail."),
            ({"id": "", "product": "01990000-0000-7000-8000-000000000000"}, "No product has this ID."),
            ({"id": "", "effective_on": ""}, "Please say from which day the price holds."),
            ({"id": "01990000-0000-7000-8000-000000000000"}, "No price has this ID."),
        ],
    )
    def test_refuses_all_of_it_for_one_wrong_row(self, edit, sentence, catalogue, desk):
        rows = self.rows(desk)
        good = rows[1] | {"id": "", "amount": "5.00", "effective_on": "2027-03-01"}
        before = versions()

        page = send(desk, "price", written([good, rows[0] | edit]))

        text = page.content.decode()
        assert (page.status_code, sentence in text, "Traceback" in text) == (400, True, False)
        assert versions() == before

    def test_refuses_two_prices_for_one_day(self, catalogue, desk):
        row = self.rows(desk)[0] | {"id": "", "effective_on": "2027-02-01"}

        page = send(desk, "price", written([row, row | {"amount": "1.00"}]))

        assert page.status_code == 400
        assert "Row 1 is about the same product, kind and day." in page.content.decode()


class TestSuppliers:
    def test_adds_and_changes_by_key(self, catalogue, desk, manager):
        rows = read(exported(desk, "supplier"))
        rows[0] |= {"email": "lists@example.com"}

        page = send(desk, "supplier", written([*rows, {"key": "kestrel", "name": "Kestrel", "email": ""}]))
        confirm(desk, "supplier", page)

        assert Supplier.objects.get(key=rows[0]["key"]).email == "lists@example.com"
        kestrel = Supplier.objects.get(key="kestrel")
        assert (kestrel.history.get().history_user, kestrel.history.get().history_type) == (manager, "+")

    @pytest.mark.parametrize(
        ("row", "sentence"),
        [
            ({"key": "kestrel", "name": "MedReleaf"}, "Name already exists"),
            ({"key": "kestrel", "name": "Kestrel", "email": "nobody"}, "valid email"),
            ({"key": "kes trel", "name": "Kestrel"}, "valid “slug”"),
            ({"key": "", "name": "Kestrel"}, "A supplier needs a key"),
        ],
    )
    def test_refuses_what_is_no_supplier(self, row, sentence, catalogue, desk):
        page = send(desk, "supplier", written([{"key": "heron", "name": "Heron", "email": ""}, row]))

        assert (page.status_code, sentence in page.content.decode()) == (400, True)
        assert Supplier.objects.count() == 2


class TestFiles:
    @pytest.mark.parametrize(
        ("data", "sentence"),
        [
            (b"", "The submitted file is empty."),
            (b"id,storage\n", "The table has headings and no rows."),
            (b"supplier,storage\nAlma,Dry\n", "The table lacks the column “id”."),
            (b"id,colour\n1,red\n", "The table has a column “colour”, which is not known here."),
            (b"id,storage,storage\n1,a,b\n", "The table has the column “storage” more than once."),
            (b"%PDF-1.7 and so on", "This is a web page or a document"),
            (b"PK\x03\x04 broken", "This is not an Excel workbook"),
            (b"id,storage\n" + b"x,y\n" * 2001, "The table has more than 2,000 rows."),
            (b"x" * (5 * 1024 * 1024 + 1), "The file is larger than 5 MB."),
        ],
    )
    def test_what_is_no_table_is_refused_with_one_sentence(self, data, sentence, desk):
        page = send(desk, "product", data)

        assert page.status_code == 400
        assert sentence in page.content.decode()

    def test_only_whoever_sent_a_table_goes_on_with_it(self, catalogue, desk, reviewer, staff_client):
        rows = read(exported(desk, "product"))
        page = send(desk, "product", written([rows[0] | {"storage": "Dry"}]))

        answer = confirm(staff_client(reviewer), "product", page)

        assert "This table is not here any more. Please send it in again." in answer.content.decode()
        assert Product.objects.filter(storage="Dry").count() == 0

    def test_nothing_is_taken_when_records_have_changed_meanwhile(self, catalogue, desk, manager):
        rows = read(exported(desk, "product"))
        page = send(desk, "product", written([rows[0] | {"storage": "Dry"}]))
        Product.objects.get(pk=rows[0]["id"]).change(by=manager, brand="Another")

        answer = confirm(desk, "product", page)

        assert "Nothing was taken: records have changed meanwhile." in answer.content.decode()
        assert Product.objects.filter(storage="Dry").count() == 0


class TestWhoMay:
    @pytest.mark.parametrize("role", ["doctor", "auditor", "reception"])
    @pytest.mark.parametrize("model", ADDRESSES)
    def test_nobody_but_managers(self, role, model, make_user, staff_client):
        client = staff_client(make_user(role))

        addresses = [ADDRESSES[model], f"/admin/catalog/{model}/export/", f"/admin/catalog/{model}/import/"]
        assert {client.get(address).status_code for address in addresses} == {403}
        assert client.post(f"/admin/catalog/{model}/process_import/").status_code == 403

    def test_not_patients(self, make_user, client):
        client.force_login(make_user("patient"))

        assert {client.get(address).status_code for address in ADDRESSES.values()} == {404}


@pytest.mark.parametrize("model", ADDRESSES)
def test_needs_as_many_queries_for_few_rows_as_for_many(
    model, catalogue, desk, django_assert_max_num_queries
):
    data = exported(desk, model)
    few = written(read(data)[:1])
    send(desk, model, few)

    counts = []
    for table in (few, data):
        with django_assert_max_num_queries(40) as told:
            assert send(desk, model, table).status_code == 200
        counts.append(len(told))

    assert counts[0] == counts[1]
