"""Lists of money that are taken along: which rows, in which form, by whom, and what the trail says."""

import csv
import io
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from billing import charging, closing, disputing, explaining, receipting, reconciling, refunding
from billing.models import BalanceTransaction, Difference, Dispute, Entry, Payment, Payout
from clinic.models import AuditEvent
from config.base import uuid7

pytestmark = pytest.mark.django_db
XLSX, CSV = "0", "1"
LISTS = [
    "order",
    "payment",
    "refund",
    "dispute",
    "receipt",
    "entry",
    "difference",
    "dayclose",
    "payout",
    "balancetransaction",
]
FORMULA = '=HYPERLINK("https://thief.example")'


def take(client, name: str, kind: str = CSV, resource: str = "0", **filters):
    address = reverse(f"admin:billing_{name}_export", query=filters)
    return client.post(address, {"format": kind, "resource": resource})


def rows(answer) -> list[dict[str, str]]:
    assert answer.status_code == 200
    return [*csv.DictReader(io.StringIO(answer.content.decode()))]


def cells(answer) -> list:
    book = load_workbook(io.BytesIO(answer.content))
    return [cell for line in book.active.iter_rows(min_row=2) for cell in line]


@pytest.fixture
def some(make_order, manager):
    """Two orders, the first of them half given back."""
    first, second = make_order("89.00"), make_order("50.00")
    charging.take_payment(first, by=manager, method=Payment.Method.CASH)
    refunding.refund(first, amount=Decimal("44.50"), by=manager, why="Asked for.")
    return first, second


@pytest.mark.parametrize(
    ("role", "status"), [("manager", 200), ("auditor", 200), ("reception", 403), ("doctor", 403)]
)
def test_who_may_take_it(make_user, staff_client, role, status):
    client = staff_client(make_user(role))

    assert {name: take(client, name).status_code for name in LISTS} == dict.fromkeys(LISTS, status)


def test_patients_find_nothing(payer, client):
    client.force_login(payer)

    assert client.post(reverse("admin:billing_order_export"), follow=True).status_code == 404


def test_the_page_says_what_the_table_holds(manager, staff_client):
    page = staff_client(manager).get(reverse("admin:billing_order_export")).content.decode()

    assert (
        "The table holds the rows of the list you came from, as it is narrowed, with these columns:" in page
    )
    assert "Number, Made, Payer, Earned by" in page


def test_each_list_has_its_button(manager, staff_client):
    client = staff_client(manager)

    pages = {name: client.get(reverse(f"admin:billing_{name}_changelist")).content.decode() for name in LISTS}

    assert [name for name in LISTS if reverse(f"admin:billing_{name}_export") not in pages[name]] == []


def test_orders_leave_as_the_list_is_narrowed(some, manager, staff_client):
    client = staff_client(manager)

    whole, narrowed = rows(take(client, "order")), rows(take(client, "order", status__exact="open"))

    assert [row["Number"] for row in whole] == [str(order.number) for order in reversed(some)]
    assert [row["Number"] for row in narrowed] == [str(some[1].number)]
    told = [whole[1][name] for name in ("Payer", "Received", "Still owed")]
    assert told == ["Patient Example", "89.00", "0.00"]


def test_times_are_the_practices(some, manager, staff_client):
    made = rows(take(staff_client(manager), "order"))[0]["Made"]

    there = some[1].created_at.astimezone(ZoneInfo(closing.zone()))
    assert datetime.fromisoformat(made) == there.replace(tzinfo=None, microsecond=0)


def test_the_workbook_holds_numbers_and_days(some, manager, staff_client):
    found = cells(take(staff_client(manager), "order", XLSX))

    assert (found[1].is_date, found[5].value, found[5].data_type) == (True, 50, "n")


def test_nothing_is_a_formula_and_a_credit_stays_a_number(some, payer, manager, staff_client):
    payer.change(by=None, why="Test.", given_name="=1+1")
    client = staff_client(manager)

    orders, postings = (take(client, "order"), take(client, "entry", resource="1"))
    books = cells(take(client, "order", XLSX)) + cells(take(client, "entry", XLSX, resource="1"))

    assert {row["Payer"] for row in rows(orders)} == {"'=1+1 Example"}
    assert {row["Amount"] for row in rows(postings)} >= {"-89.00", "89.00"}
    assert [cell.value for cell in books if cell.data_type == "f"] == []
    assert -89 in [cell.value for cell in books if cell.data_type == "n"]


@pytest.fixture
def everywhere(empty_stripe, make_order, pay, payer, manager):
    """A row on every list, with a formula wherever a person, a bank or Stripe may write words."""
    for person in (payer, manager):
        person.change(by=None, why="Test.", given_name=FORMULA)
    kept, disputed = make_order(), make_order()
    for order in (kept, disputed):
        charging.follow(pay(order).session_id)
        receipting.catch_up(order)
    refunding.refund(kept, amount=Decimal("9.00"), by=manager, why=FORMULA)
    empty_stripe.control("dispute", disputed.payments.get().intent_id)
    [told] = empty_stripe.events("charge.dispute.created")
    disputing.follow(told["data"]["object"]["id"])
    empty_stripe.control("entry", "adjustment:-500")
    empty_stripe.control("payout", "make")
    reconciling.reconcile(by=manager)
    explaining.resolve(Difference.objects.open().first(), by=manager, why=FORMULA)
    Dispute.objects.get().change(by=None, why="Test.", reason=FORMULA)
    Payout.objects.get().change(by=None, why="Test.", failure=FORMULA)
    moved = BalanceTransaction.objects.first()
    moved.pk, moved.stripe_id, moved.description = uuid7(), "txn_formula", FORMULA
    moved.save(force_insert=True)
    yesterday = closing.Day(closing.today().on - timedelta(days=1), closing.zone())
    closing.sign(yesterday, by=manager, why=FORMULA)


@pytest.mark.parametrize("name", LISTS)
def test_no_list_holds_a_formula(everywhere, manager, staff_client, name):
    client = staff_client(manager)

    table, book = rows(take(client, name)), cells(take(client, name, XLSX))

    assert [value for row in table for value in row.values() if value.startswith("=")] == []
    assert [cell.value for cell in book if cell.data_type == "f"] == []
    assert "'=HYPERLINK" in str(table)


def test_the_ledger_leaves_with_its_accounts(some, manager, staff_client):
    client = staff_client(manager)

    entries, postings = rows(take(client, "entry")), rows(take(client, "entry", resource="1"))

    assert len(entries) == Entry.objects.count()
    assert sum(Decimal(row["Amount"]) for row in postings) == 0
    assert {row["Account"] for row in postings} >= {"Owed by patients", "Consultation income", "Cash drawer"}


def test_the_trail_says_who_took_what_and_not_what_was_searched_for(some, manager, staff_client):
    take(staff_client(manager), "order", q="secret")

    event = AuditEvent.objects.get(action="export")
    assert (event.by, event.record_type, event.record_id) == (manager, "billing.order", None)
    assert (event.why, "secret" in str(event.trace)) == ("Rows: 0.", False)


@pytest.mark.parametrize("name", ["order", "payment", "refund", "receipt", "entry"])
def test_asks_the_database_as_often_for_one_and_three(make_paid, give_back, manager, staff_client, name):
    client = staff_client(manager)
    give_back(make_paid(), "9.00")
    before = len(rows(take(client, name)))
    with CaptureQueriesContext(connection) as one:
        take(client, name)
    for _ in range(2):
        give_back(make_paid(), "9.00")

    with CaptureQueriesContext(connection) as three:
        answer = take(client, name)

    assert len(rows(answer)) == 3 * before
    assert len(one) == len(three)
