"""The day of money on the staff site: its figures, its signature, and who may do what with it."""

import json
from datetime import date, timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone

from billing import charging, closing, reconciling
from billing.closing import Day
from billing.models import Account, DayClose, Entry, Reconciliation
from billing.posting import Leg, post

pytestmark = pytest.mark.django_db
LIST = reverse("admin:billing_dayclose_changelist")
SIGN = reverse("admin:billing_dayclose_sign")
COMPARE = reverse("admin:billing_dayclose_compare")


@pytest.fixture
def yesterday() -> Day:
    today = closing.today()
    return Day(today.on - timedelta(days=1), today.zone)


def move(amount: str, *, day: Day, to: str = Account.CASH) -> Entry:
    legs = [Leg(to, Decimal(amount)), Leg(Account.RECEIVABLE, -Decimal(amount))]
    at = day.starts_at + timedelta(hours=10)
    return post(Entry.Kind.RECEIVED, key=f"test:{amount}:{timezone.now()}", legs=legs, by=None, at=at)


def page(client, on: date | None = None) -> dict:
    answer = client.get(LIST, {"day": on.isoformat()} if on else {})
    assert answer.status_code == 200
    return answer.context_data | {"html": answer.content.decode()}


def told(answer) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


@pytest.mark.parametrize(
    ("role", "status"), [("manager", 200), ("auditor", 200), ("reception", 403), ("doctor", 403)]
)
def test_who_may_look(make_user, staff_client, role, status):
    assert staff_client(make_user(role)).get(LIST).status_code == status


def test_patients_find_nothing(payer, client):
    client.force_login(payer)

    assert client.get(LIST, follow=True).status_code == 404


@pytest.mark.parametrize("role", ["auditor", "reception", "doctor"])
@pytest.mark.parametrize("address", [SIGN, COMPARE])
def test_only_a_manager_signs_and_compares(make_user, staff_client, queued_tasks, yesterday, role, address):
    answer = staff_client(make_user(role)).post(address, {"day": yesterday.on.isoformat()})

    assert (answer.status_code, DayClose.objects.count(), queued_tasks()) == (403, 0, [])


@pytest.mark.parametrize("address", [SIGN, COMPARE])
def test_nothing_is_done_by_looking(manager, staff_client, address):
    assert staff_client(manager).get(address).status_code == 405


def test_opens_on_yesterday(manager, staff_client, yesterday):
    shown = page(staff_client(manager))

    assert shown["standing"].day == yesterday
    assert "To be signed off" in shown["html"]


@pytest.mark.parametrize("given", ["", "tomorrow", "2026-13-01", "0001-01-01", "1999-12-31", "9999-12-31"])
def test_a_day_that_is_none_is_a_mistake_and_leads_to_yesterday(manager, staff_client, yesterday, given):
    answer = staff_client(manager).get(LIST, {"day": given})

    assert (answer.status_code, answer.context_data["standing"].day) == (400, yesterday)
    assert "That is no day." in answer.content.decode()


def test_every_figure_leads_to_its_list(manager, auditor, staff_client, yesterday):
    move("50.00", day=yesterday)
    move("7.00", day=yesterday, to=Account.TERMINAL)
    move("9.00", day=Day(yesterday.on - timedelta(days=1), yesterday.zone))
    client = staff_client(auditor)

    rows = page(client)["rows"]

    shown = {row.label: row.now for row in rows}
    assert shown["Received"] == "A$57.00"
    assert shown["in cash"] == "A$50.00"
    assert shown["by card, at the terminal"] == "A$7.00"
    found = {}
    for row in rows:
        answer = client.get(row.link)
        assert answer.status_code == 200
        assert "e=1" not in urlsplit(row.link).query
        found[row.label] = len(answer.context_data["cl"].result_list)
    assert (found["Received"], found["in cash"], found["Refunded"]) == (2, 1, 0)


@pytest.mark.parametrize("link", ["differences_link", "events_link"])
def test_what_waits_leads_to_its_list(manager, staff_client, link):
    client = staff_client(manager)

    assert client.get(page(client)[link]).status_code == 200


@pytest.mark.parametrize("days", [1, 3])
def test_asks_the_same_of_the_database_however_much_happened(
    manager, staff_client, yesterday, django_assert_num_queries, days
):
    client = staff_client(manager)
    page(client)
    for number in range(days):
        move("10.00", day=Day(yesterday.on - timedelta(days=number), yesterday.zone))
        closing.sign(Day(yesterday.on - timedelta(days=number), yesterday.zone), by=manager)
        move("1.00", day=Day(yesterday.on - timedelta(days=number), yesterday.zone))

    with django_assert_num_queries(16):
        page(client)


class TestSign:
    def test_keeps_who_signed_and_shows_it(self, manager, staff_client, yesterday):
        move("50.00", day=yesterday)
        client = staff_client(manager)

        answer = client.post(SIGN, {"day": yesterday.on.isoformat(), "why": " All there. "}, follow=True)

        signed = DayClose.objects.get()
        assert (signed.recorded_by, signed.why) == (manager, "All there.")
        assert told(answer) == [f"{yesterday.on:%A %-d %B %Y} is signed off."]
        assert parse_qs(urlsplit(answer.redirect_chain[-1][0]).query) == {"day": [yesterday.on.isoformat()]}
        html = answer.content.decode()
        assert f"Signed off by {manager}" in html
        assert "Sign off" not in html.partition('id="money-sign"')[2].partition("</section>")[0]

    def test_says_why_it_was_refused(self, manager, staff_client):
        today = closing.today().on

        answer = staff_client(manager).post(SIGN, {"day": today.isoformat()}, follow=True)

        assert told(answer) == [
            f"{today:%A %-d %B} is not over yet. Please sign it off tomorrow.",
        ]

    @pytest.mark.parametrize(
        "data", [{}, {"day": "soon"}, {"day": "9999-12-31"}, {"day": "2026-01-01", "why": "x" * 1001}]
    )
    def test_refuses_what_is_no_day(self, manager, staff_client, data):
        answer = staff_client(manager).post(SIGN, data, follow=True)

        assert told(answer) == ["Please choose a day, and write at most 1,000 characters."]
        assert not DayClose.objects.exists()

    def test_shows_what_came_after_the_signature(self, manager, staff_client, yesterday):
        closing.sign(yesterday, by=manager)
        came = move("7.00", day=yesterday)

        shown = page(staff_client(manager))

        assert (shown["standing"].state, shown["late"], shown["may_sign"]) == ("changed", [came], True)
        assert [row.label for row in shown["rows"] if row.has_changed] == [
            "Received",
            "in cash",
            "Outstanding at the end of the day",
        ]
        assert "Changed since it was signed off" in shown["html"]
        assert reverse("admin:billing_entry_change", args=[came.pk]) in shown["html"]

    def test_shows_the_figures_as_they_were_signed(self, auditor, manager, staff_client, yesterday):
        move("50.00", day=yesterday)
        signed = closing.sign(yesterday, by=manager)

        html = (
            staff_client(auditor)
            .get(reverse("admin:billing_dayclose_change", args=[signed.pk]))
            .content.decode()
        )

        assert signed.fingerprint in html
        assert "cash" in html
        assert "50.00" in html


class TestCalendar:
    def test_shows_every_day_of_the_month_as_it_stands(self, manager, staff_client, yesterday):
        before = Day(yesterday.on - timedelta(days=1), yesterday.zone)
        closing.sign(yesterday, by=manager)
        closing.sign(before, by=manager)
        move("1.00", day=before)

        days = [page(staff_client(manager), day.on)["weeks"] for day in (yesterday, before)]

        weeks = [week for weeks in days for week in weeks]
        cells = {cell.standing.day.on: cell for week in weeks for cell in week}
        assert cells[yesterday.on].words == "Signed off"
        assert cells[before.on].words == "Changed since it was signed off"
        assert {len(week) for week in weeks} == {7}

    def test_knows_that_today_is_not_over(self, manager, staff_client):
        weeks = page(staff_client(manager), closing.today().on)["weeks"]

        assert [cell.words for week in weeks for cell in week if cell.is_shown] == ["Not over yet"]

    @pytest.mark.parametrize(
        ("on", "earlier", "later"),
        [("2026-11-15", "2026-10-31", "2026-12-01"), ("2026-01-31", "2025-12-31", "2026-02-01")],
    )
    def test_leads_to_the_months_beside_it(self, manager, staff_client, on, earlier, later):
        shown = page(staff_client(manager), date.fromisoformat(on))

        assert [shown[name].partition("day=")[2] for name in ("earlier", "later")] == [earlier, later]


class TestCompare:
    def test_asks_a_worker_in_the_name_of_who_pressed(
        self, manager, staff_client, work, queued_tasks, empty_stripe
    ):
        staff_client(manager).post(COMPARE, {"day": "2026-11-15"})
        assert queued_tasks() == ["billing.tasks.reconcile_for"]

        work()

        assert (Reconciliation.objects.get().recorded_by, Reconciliation.objects.get().error) == (manager, "")

    def test_tells_that_stripe_was_away(self, manager, staff_client, settings):
        settings.STRIPE_API_BASE = "http://127.0.0.1:1"
        reconciling.reconcile(by=None)

        assert "cannot be reached" in page(staff_client(manager))["html"]

    def test_tells_how_much_differs(self, order, pay, manager, staff_client, empty_stripe):
        charging.follow(pay(order).session_id)
        empty_stripe.control("entry", "adjustment:-500")
        reconciling.reconcile(by=None)

        shown = page(staff_client(manager), closing.today().on)

        assert "1 difference to be explained" in shown["html"]
        assert shown["standing"].differences == 1
        assert ", differences: 1" in shown["html"]


def test_the_signed_content_is_plain_json(manager, yesterday):
    signed = closing.sign(yesterday, by=manager)

    assert json.loads(json.dumps(signed.figures)) == signed.figures
