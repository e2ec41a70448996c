"""Statements on the staff site: who may look, what they show, and the files they leave in."""

import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from openpyxl import load_workbook
from pypdf import PdfReader

from billing import charging, closing, crediting
from billing.models import Payment
from clinic.models import AuditEvent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]


def page_of(payer) -> str:
    return reverse("admin:billing_statement", args=[payer.pk])


def file_of(payer, kind: str) -> str:
    return reverse("admin:billing_statement_file", args=[payer.pk, kind])


@pytest.mark.parametrize(
    ("role", "status"), [("manager", 200), ("auditor", 200), ("reception", 200), ("doctor", 403)]
)
def test_who_may_look(make_user, staff_client, order, payer, role, status):
    client = staff_client(make_user(role))

    answers = [client.get(page_of(payer)), *(client.get(file_of(payer, kind)) for kind in ("pdf", "csv"))]

    assert [answer.status_code for answer in answers] == [status] * 3


def test_patients_find_nothing(payer, client):
    client.force_login(payer)

    assert client.get(page_of(payer), follow=True).status_code == 404


def test_nobody_has_none(manager, staff_client):
    client = staff_client(manager)

    assert (
        client.get("/admin/billing/order/statement/01a218a8-cbf0-7673-a853-dbc0c90216d3/").status_code == 404
    )


def test_shows_what_is_owed_and_leads_to_the_order(manager, staff_client, order, payer):
    page = staff_client(manager).get(page_of(payer)).content.decode()

    assert "To be paid: A$89.00" in page
    assert reverse("admin:billing_order_change", args=[order.pk]) in page
    assert f"payer__exact={payer.pk}" in page


def test_says_when_there_is_nothing(manager, staff_client, payer):
    page = staff_client(manager).get(page_of(payer)).content.decode()

    assert "Nothing was charged or paid in this time." in page
    assert file_of(payer, "pdf") not in page


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (
            {"first": "2026-07-02", "last": "2026-07-01"},
            "Please choose a last day that is not before the first.",
        ),
        ({"first": "soon", "last": "2026-07-01"}, "Please write both days as dates."),
        ({"first": "0001-01-01", "last": "2026-07-01"}, "Please choose days of the years 2000 to 2999."),
        ({"last": "9999-12-31"}, "Please choose days of the years 2000 to 2999."),
    ],
)
def test_days_that_are_none_are_a_mistake(manager, staff_client, payer, asked, sentence):
    client = staff_client(manager)

    page, file = client.get(page_of(payer), asked), client.get(file_of(payer, "csv"), asked)

    assert (page.status_code, sentence in page.content.decode()) == (400, True)
    assert (file.status_code, file.content.decode()) == (400, sentence)


@pytest.mark.parametrize("orders", [1, 3])
def test_asks_the_same_of_the_database_however_much_happened(
    manager, staff_client, make_order, payer, django_assert_num_queries, orders
):
    client = staff_client(manager)
    client.get(page_of(payer))  # what is kept between pages is kept now
    for _ in range(orders):
        make_order()

    with django_assert_num_queries(14):
        client.get(page_of(payer))


def test_the_buttons_of_an_order_lead_there(manager, staff_client, order, payer):
    client = staff_client(manager)
    page = client.get(reverse("admin:billing_order_change", args=[order.pk])).content.decode()
    button = reverse("admin:billing_order_statement", args=[order.pk])

    assert button in page
    assert client.get(button).url == page_of(payer)


def test_every_look_is_in_the_trail(manager, staff_client, order, payer):
    client = staff_client(manager)
    for address in (page_of(payer), file_of(payer, "pdf"), file_of(payer, "xlsx")):
        client.get(address)

    events = AuditEvent.objects.filter(record_id=payer.pk, by=manager).order_by("at")
    assert [(event.action, event.record_type) for event in events] == [
        ("read", "clinic.user"),
        ("download", "clinic.user"),
        ("export", "clinic.user"),
    ]


@pytest.fixture
def client_of_two(manager, staff_client, order, payer):
    """A payer of whom something is owed and something was paid, and a manager who looks."""
    charging.take_payment(order, by=manager, method=Payment.Method.CASH, amount=Decimal("9.00"))
    crediting.deposit(payer, amount=Decimal("5.00"), method="transfer", by=manager, why="=cmd()")
    return staff_client(manager)


def test_the_workbook_holds_numbers(client_of_two, payer, order):
    answer = client_of_two.get(file_of(payer, "xlsx"))

    sheet = load_workbook(io.BytesIO(answer.content)).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert [row[2:] for row in rows] == [
        ["Opening balance", None, None, None, 0],
        ["Consultation", order.number, 89, None, 89],
        ["Payment (cash)", order.number, None, 9, 80],
        ["Deposit (bank transfer)", order.number + 1, None, 5, 75],
        ["Closing balance", None, 89, 14, 75],
    ]
    assert {sheet.cell(row, column).data_type for row in range(3, 6) for column in (4, 7)} == {"n"}
    assert answer["Content-Disposition"].startswith('attachment; filename="statement-')


def test_the_table_holds_plain_decimals(client_of_two, payer, order):
    today = closing.today().on
    asked = {"first": today, "last": today}

    lines = client_of_two.get(file_of(payer, "csv"), asked).content.decode().splitlines()

    assert lines[0] == "Date,Time,What,Order,Charged,Credited,Balance"
    assert lines[1] == f"{today},00:00,Opening balance,,,,0.00"
    assert lines[2].endswith(f"Consultation,{order.number},89.00,,89.00")
    assert lines[-1] == f"{today},23:59,Closing balance,,89.00,14.00,75.00"


def test_the_paper_says_the_same(client_of_two, payer):
    reader = PdfReader(io.BytesIO(client_of_two.get(file_of(payer, "pdf")).content))
    text = " ".join(" ".join(page.extract_text() for page in reader.pages).split())

    for words in ("Statement", str(payer), "TO BE PAID A$75.00", "Payment (cash)", "Closing balance A$89.00"):
        assert words in text
    assert [*reader.attachments] == ["statement.json"]
    assert b'pdfaid:part="3"' in reader.trailer["/Root"]["/Metadata"].get_data()


@pytest.mark.parametrize("kind", ["exe", "xls"])
def test_other_files_are_not_there(manager, staff_client, payer, kind):
    assert staff_client(manager).get(file_of(payer, kind)).status_code == 404


def test_a_period_before_everything_is_empty_and_one_after_opens_with_what_is_owed(
    manager, staff_client, order, payer
):
    client, today = staff_client(manager), closing.today().on
    before, after = today - timedelta(days=9), today + timedelta(days=1)

    early = client.get(page_of(payer), {"first": before, "last": before})
    late = client.get(page_of(payer), {"first": after, "last": after})

    assert (early.context_data["stated"].closing, late.context_data["stated"].opening) == (0, 89)
