"""The waiting list in the portal: asking, seeing, leaving, and answering in one tap."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic import consenting, filling, waitlisting
from clinic.models import Appointment, WaitlistEntry, WaitlistOffer
from clinic.tests.test_filling import NOON
from clinic.waitlisting import Wish

pytestmark = pytest.mark.django_db

LIST, JOIN = "/portal/waiting/", "/portal/waiting/join/"


@pytest.fixture(autouse=True)
def by_day():
    with time_machine.travel(NOON):
        yield


@pytest.fixture
def browser(client, patient, fees):
    client.force_login(patient.user)
    return client


@pytest.fixture
def stranger(make_patient):
    client = Client()
    client.force_login(make_patient("stranger").user)
    return client


@pytest.fixture
def dates() -> dict[str, str]:
    today = timezone.localdate()
    return {"from_on": f"{today}", "until_on": f"{today + timedelta(weeks=2)}"}


@pytest.fixture
def wish() -> Wish:
    today = timezone.localdate()
    return Wish(today, today + timedelta(weeks=2))


@pytest.fixture
def entry(patient, short_visit, wish) -> WaitlistEntry:
    return waitlisting.ask(patient, wish=wish, kind=short_visit, by=patient.user)


@pytest.fixture
def offered(entry, slot, fees) -> WaitlistOffer:
    return filling.offer(slot)


@pytest.fixture
def exchange(confirmed, wish, make_slot) -> WaitlistOffer:
    """An earlier time for one who has paid for a later one."""
    waitlisting.ask(confirmed.patient, wish=wish, instead_of=confirmed, by=confirmed.patient.user)
    return filling.offer(make_slot(20))


def page_of(offered: WaitlistOffer) -> str:
    return reverse("waiting-offer", args=[offered.pk])


def yes(offered) -> dict[str, str]:
    """What the page sends when somebody agrees to what is lacking."""
    texts = consenting.lacking(offered.entry.patient, policy=offered.appointment.policy)
    return {"agree": "on", "read": consenting.mark(texts)}


def text(response) -> str:
    return response.content.decode()


class TestJoin:
    def test_from_booking_when_nothing_is_free(self, browser, short_visit, doctor, dates):
        html = text(browser.get(f"/portal/book/?kind={short_visit.pk}&doctor={doctor.pk}"))
        link = f"{JOIN}?kind={short_visit.pk}&amp;doctor={doctor.pk}"
        assert html.count(f'href="{link}"') == 1

        choice = {"practitioners": [str(doctor.pk)], "weekdays": ["0", "4"], "parts": ["evening"]}
        answer = browser.post(link.replace("&amp;", "&"), dates | choice, follow=True)

        entry = WaitlistEntry.objects.get()
        assert (entry.practitioners, entry.weekdays, entry.parts) == ([doctor.pk], [0, 4], ["evening"])
        assert text(answer).count("You are on the waiting list.") == 1

    def test_from_a_visit_for_an_earlier_time(self, browser, confirmed, dates):
        link = f"{JOIN}?appointment={confirmed.pk}"
        assert text(browser.get(f"/portal/appointments/{confirmed.pk}/")).count(f'href="{link}"') == 1

        shown = text(browser.get(link))
        browser.post(link, dates)

        assert shown.count("You keep the time you have.") == 1
        assert WaitlistEntry.objects.get().booking == confirmed.order

    def test_asks_nothing_without_a_kind(self, browser):
        assert browser.get(JOIN).headers["Location"] == "/portal/book/"

    @pytest.mark.parametrize("named", ["nonsense", "01a20000-0000-7000-8000-000000000000"])
    def test_finds_no_visit_that_is_not_there(self, browser, named):
        assert browser.get(f"{JOIN}?appointment={named}").status_code == 404

    def test_finds_no_visit_of_somebody_else_s(self, stranger, confirmed, dates):
        link = f"{JOIN}?appointment={confirmed.pk}"

        assert [stranger.get(link).status_code, stranger.post(link, dates).status_code] == [404, 404]
        assert not WaitlistEntry.objects.exists()

    @pytest.mark.parametrize(
        "wrong",
        [
            {"until_on": "2020-01-01"},
            {"until_on": "nonsense"},
            {"until_on": "9999-12-31"},
            {"from_on": "0001-01-01"},
            {"from_on": ""},
            {"practitioners": ["nonsense"]},
            {"practitioners": ["01a20000-0000-7000-8000-000000000000"]},
            {"weekdays": ["7"]},
            {"parts": ["midnight"]},
        ],
        ids=str,
    )
    def test_says_what_is_wrong_and_writes_nothing(self, browser, short_visit, dates, wrong):
        answer = browser.post(f"{JOIN}?kind={short_visit.pk}", dates | wrong)

        assert answer.status_code == 400
        assert text(answer).count('class="error-summary"') == 1
        assert not WaitlistEntry.objects.exists()

    def test_refuses_a_second_wish_with_a_sentence(self, browser, entry, short_visit, dates):
        answer = browser.post(f"{JOIN}?kind={short_visit.pk}", dates)

        assert (answer.status_code, WaitlistEntry.objects.count()) == (409, 1)
        assert text(answer).count("You are on the waiting list for this already.") == 1


class TestList:
    def test_says_what_one_waits_for(self, browser, patient, short_visit, doctor, wish):
        narrow = wish._replace(practitioners=[doctor], weekdays=[0], parts=["evening"])
        waitlisting.ask(patient, wish=narrow, kind=short_visit, by=patient.user)

        html = text(browser.get(LIST))

        told = ["Short consultation", "Dr Doctor Example", "Monday", "After 5 pm"]
        assert [word for word in told if word not in html] == []

    def test_shows_nobody_else_s(self, stranger, entry):
        assert text(stranger.get(LIST)).count("You are not waiting for a time") == 1

    def test_is_left_in_one_tap(self, browser, entry):
        browser.post(reverse("waiting-leave", args=[entry.pk]))

        entry.refresh_from_db()
        assert entry.status == "left"

    def test_nobody_leaves_for_somebody_else(self, stranger, entry):
        assert stranger.post(reverse("waiting-leave", args=[entry.pk])).status_code == 404
        entry.refresh_from_db()
        assert entry.status == "waiting"

    def test_asks_as_often_for_one_as_for_two(
        self, browser, patient, short_visit, long_visit, wish, doctor, django_assert_num_queries
    ):
        narrow = wish._replace(practitioners=[doctor])
        waitlisting.ask(patient, wish=narrow, kind=short_visit, by=patient.user)
        browser.get(LIST)  # the session is seen once a minute
        with django_assert_num_queries(7):
            browser.get(LIST)
        waitlisting.ask(patient, wish=narrow, kind=long_visit, by=patient.user)

        with django_assert_num_queries(7):
            browser.get(LIST)


class TestOffer:
    @pytest.mark.parametrize("page", ["/portal/", "/portal/visits/", LIST])
    def test_is_told_on_every_page_where_one_looks(self, browser, offered, page):
        html = text(browser.get(page))

        assert html.count("A time is free for you") == 1
        assert html.count("Pay to keep your time") == 0

    def test_shows_time_price_and_how_long(self, browser, offered):
        html = text(browser.get(page_of(offered)))

        assert (html.count("A$80.00"), html.count("Take this time"), html.count("AEDT")) == (1, 1, 2)

    def test_is_taken_in_one_tap_by_one_who_has_agreed(self, browser, patient, offered):
        consenting.agree(patient, kinds=consenting.BEFORE_BOOKING, by=patient.user)

        answer = browser.post(page_of(offered))

        assert answer.headers["Location"] == f"/portal/appointments/{offered.appointment.pk}/"

    def test_asks_one_who_has_not(self, browser, patient, offered):
        refused = browser.post(page_of(offered))
        before = patient.consents.count()
        taken = browser.post(page_of(offered), yes(offered))

        assert (refused.status_code, before, taken.status_code) == (400, 0, 302)
        assert patient.consents.count() == 3

    def test_moves_what_was_paid_for_in_one_tap(self, browser, confirmed, exchange):
        shown = text(browser.get(page_of(exchange)))
        answer = browser.post(page_of(exchange), follow=True)

        moved = Appointment.objects.live().get()
        assert (shown.count("nothing is charged"), shown.count("A$")) == (1, 0)
        assert (moved.slot, moved.order) == (exchange.slot, confirmed.order)
        assert text(answer).count("Your appointment has moved to the earlier time.") == 1

    def test_cannot_be_paid_for_twice(self, browser, exchange):
        """What keeps the earlier time is an appointment like any other, but nobody is asked to pay for it."""
        addresses = [
            browser.get(reverse("appointment", args=[exchange.appointment.pk])),
            browser.post(reverse("appointment-pay", args=[exchange.appointment.pk])),
        ]

        assert {answer.headers["Location"] for answer in addresses} == {page_of(exchange)}

    def test_is_declined_in_one_tap(self, browser, entry, offered):
        browser.post(reverse("waiting-decline", args=[offered.pk]))

        entry.refresh_from_db()
        assert (entry.status, WaitlistOffer.objects.get().status) == ("waiting", "declined")

    def test_what_was_declined_is_no_visit_of_theirs(self, browser, offered, patient):
        filling.decline(offered, by=patient.user)

        assert text(browser.get("/portal/visits/")).count("Cancelled") == 0

    def test_says_that_it_is_over(self, browser, offered):
        with time_machine.travel(NOON + timedelta(minutes=31)):
            browser.force_login(offered.entry.patient.user)
            html = text(browser.get(page_of(offered)))
            answer = browser.post(page_of(offered), yes(offered))

        assert html.count("This time is not kept for you any more") == 1
        assert (answer.status_code, text(answer).count("not kept for you any more")) == (409, 1)

    def test_is_nobody_else_s(self, stranger, offered):
        addresses = [page_of(offered), reverse("waiting-decline", args=[offered.pk])]

        assert stranger.get(addresses[0]).status_code == 404
        assert [stranger.post(address, {"agree": "on"}).status_code for address in addresses] == [404, 404]
        assert WaitlistOffer.objects.get().status == "open"

    def test_nothing_is_changed_by_looking(self, browser, offered):
        assert browser.get(reverse("waiting-decline", args=[offered.pk])).status_code == 405
