"""Streams over real web processes, with this process as the one that sends."""

import signal
from datetime import timedelta

import psutil
import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic import enrolling
from clinic.models import AccessReason, Patient
from clinic.models.openings import OPEN_FOR
from messaging import chatting, streaming
from messaging.tests.live import Page, Web, wait_until


@pytest.fixture(scope="module")
def webs(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        webs = [Web().start(), Web().start()]
    yield webs
    for web in webs:
        web.stop()


@pytest.fixture
def web(webs):
    return webs[0]


@pytest.fixture
def open_page(browser_of):
    """Open a listening page of a person or of their browser, and close it when the test is over."""
    pages = []

    def open_one(web, listener, **options):
        browser = listener if isinstance(listener, Client) else browser_of(listener)
        pages.append(Page(web, browser, **options))
        return pages[-1]

    yield open_one
    for page in pages:
        page.cut()


def push(*people, n):
    streaming.push(people, "note", {"n": n})


@pytest.mark.django_db
class TestTheDoor:
    def test_is_shut_to_who_is_signed_out(self, client):
        assert client.get(reverse("events")).status_code == 401

    def test_is_shut_to_staff_without_their_second_factor(self, browser_of, doctor):
        assert browser_of(doctor).get(reverse("events")).status_code == 401

    @pytest.mark.parametrize("last", ["x", "-1", "1.5", "user-1:5", "error", "٣", "9" * 19])
    def test_refuses_odd_places_to_start(self, browser_of, patient, last):
        response = browser_of(patient).get(reverse("events"), {"lastEventId": last})

        assert response.status_code == 400
        assert response.json()["error"] == "This is not the number of an event. Please reload the page."

    @pytest.mark.parametrize("also", ["day", "user-1", "times,day"])
    def test_is_shut_to_patients_who_ask_for_what_is_not_theirs(self, browser_of, patient, also):
        assert browser_of(patient).get(reverse("events"), {"also": also}).status_code == 403

    def test_takes_no_post(self, browser_of, patient):
        assert browser_of(patient).post(reverse("events")).status_code == 405


@pytest.mark.django_db(transaction=True)
class TestDelivery:
    def test_every_member_hears_every_message_once_and_in_order(
        self, webs, open_page, room, patient, doctor, stranger, staff_client
    ):
        pages = [open_page(web, patient) for web in webs]
        pages.append(open_page(webs[1], staff_client(doctor)))
        outsider = open_page(webs[0], stranger)

        for number in range(1, 11):
            chatting.post(room, by=(patient, doctor)[number % 2], text=f"Line {number}")
        push(stranger, n=1)

        wait_until(lambda: all(len(page.numbers()) == 10 for page in pages), "ten messages")
        assert [page.numbers() for page in pages] == [list(range(1, 11))] * 3
        wait_until(outsider.notes, "the stranger's own event")
        assert outsider.events == [("note", {"n": 1})]

    def test_commit_sends_and_rollback_does_not(self, web, open_page, patient):
        page = open_page(web, patient)

        with transaction.atomic():
            push(patient, n=1)
            transaction.set_rollback(True)
        with transaction.atomic():
            push(patient, n=2)
            push(patient, n=3)
            before_commit = page.notes()

        wait_until(lambda: len(page.notes()) >= 2, "two events")
        assert (before_commit, page.notes()) == ([], [2, 3])

    def test_a_page_whose_line_is_cut_misses_and_doubles_nothing(self, webs, open_page, patient):
        page = open_page(webs[0], patient)
        push(patient, n=1)
        wait_until(page.notes, "the first event")

        page.cut()
        push(patient, n=2)
        page.web = webs[1]
        page.connect()
        push(patient, n=3)

        wait_until(lambda: len(page.notes()) >= 3, "three events")
        assert page.notes() == [1, 2, 3]

    def test_a_restarted_web_process_loses_nothing(self, webs, open_page, patient):
        web = webs[1]
        page = open_page(web, patient)
        push(patient, n=1)
        wait_until(page.notes, "the first event")

        web.kill()
        wait_until(lambda: not page.is_open, "the end of the stream")
        push(patient, n=2)
        web.start()
        page.connect()
        push(patient, n=3)

        wait_until(lambda: len(page.notes()) >= 3, "three events")
        assert page.notes() == [1, 2, 3]

    def test_a_listener_that_loses_the_database_loses_nothing(self, web, open_page, patient):
        page = open_page(web, patient)
        push(patient, n=0)
        wait_until(page.notes, "the first event")

        for n in range(1, 21):
            push(patient, n=n)
            if n % 8 == 0:
                with connection.cursor() as cursor:
                    cursor.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE application_name = 'eventstream-listen'"
                    )

        wait_until(lambda: len(page.notes()) >= 21, "twenty-one events")
        assert page.notes() == list(range(21))

    def test_a_burst_arrives_whole(self, web, open_page, patient):
        page = open_page(web, patient)

        with transaction.atomic():
            for n in range(150):
                push(patient, n=n)

        wait_until(lambda: len(page.notes()) >= 150, "a hundred and fifty events")
        assert page.notes() == list(range(150))

    def test_what_is_too_large_for_a_notification_arrives(self, web, open_page, patient):
        page = open_page(web, patient)

        streaming.push([patient], "note", {"n": 1, "filling": "x" * 9000})

        wait_until(page.notes, "the event")
        assert page.events == [("note", {"n": 1, "filling": "x" * 9000})]

    def test_news_for_all_reach_those_who_asked_for_them_in_one_event(
        self, webs, open_page, patient, stranger
    ):
        asking = [open_page(web, patient, also="times") for web in webs]
        other = open_page(webs[0], stranger)

        with transaction.atomic():
            streaming.call_out(streaming.TIMES, "times", [{"n": n} for n in range(30)])
        wait_until(lambda: all(page.events for page in asking), "the news")
        push(patient, stranger, n=1)

        wait_until(lambda: all(page.notes() for page in [*asking, other]), "an event of their own")
        news = ("times", [{"n": n} for n in range(30)])
        assert [page.events for page in [*asking, other]] == [[news, ("note", {"n": 1})]] * 2 + [
            [("note", {"n": 1})]
        ]

    def test_a_page_that_slept_too_long_is_told_to_ask_anew(self, web, open_page, patient):
        for n in range(3):
            push(patient, n=n)
        streaming.models.Event.objects.all().delete()
        page = open_page(web, patient, last=1)
        wait_until(lambda: page.events, "the request to ask anew")

        push(patient, n=9)

        wait_until(page.notes, "the event")
        assert page.events == [("stream-reset", {}), ("note", {"n": 9})]

    def test_fetching_as_told_gives_every_message_once(self, webs, open_page, room, patient, doctor):
        page = open_page(webs[0], patient)
        address = reverse("room-messages", args=[room.pk])
        fetched = []
        for number in range(1, 7):
            chatting.post(room, by=doctor, text=f"Line {number}")
            if number == 3:
                page.cut()
                page.connect()

        wait_until(lambda: len(page.numbers()) == 6, "six messages")
        for _ in page.numbers():
            after = fetched[-1]["sequence"] if fetched else 0
            fetched += page.ask(f"{address}?after={after}")[1]["messages"]

        assert [message["text"] for message in fetched] == [f"Line {number}" for number in range(1, 7)]


@pytest.mark.django_db(transaction=True)
class TestClosing:
    def test_signing_out_ends_that_sessions_streams_and_no_other(self, webs, open_page, browser_of, patient):
        leaving, staying = browser_of(patient), browser_of(patient)
        ended = [open_page(web, leaving) for web in webs]
        kept = open_page(webs[0], staying)

        leaving.logout()

        wait_until(lambda: not any(page.is_open for page in ended), "the end of the streams")
        push(patient, n=1)
        wait_until(kept.notes, "the event")
        assert [page.notes() for page in [*ended, kept]] == [[], [], [1]]
        assert ended[0].connect().status == 401

    def test_a_record_that_is_open_for_a_while_ends_the_streams_of_who_opened_it(
        self, web, open_page, doctor, staff_client, patient
    ):
        listening, other = open_page(web, staff_client(doctor)), open_page(web, patient)
        now = timezone.now()
        AccessReason.objects.create(  # opened long ago: it ends in three seconds
            patient=Patient.objects.add(user=patient, by=None),
            role="doctor",
            why="The hospital rang about her.",
            recorded_by=doctor,
            recorded_at=now - OPEN_FOR + timedelta(seconds=3),
            ends_at=now + timedelta(seconds=3),
        )
        streaming.recheck(doctor)

        wait_until(lambda: not listening.is_open, "the end of the stream")
        assert timezone.now() >= now + timedelta(seconds=3)
        assert other.is_open
        assert listening.connect().status == 200  # as themselves, they hear on
        push(doctor, n=1)
        wait_until(listening.notes, "the event")

    def test_who_is_deactivated_hears_nothing_more(self, web, open_page, patient):
        page = open_page(web, patient)
        push(patient, n=1)
        wait_until(page.notes, "the first event")

        with transaction.atomic():
            enrolling.deactivate(patient, by=None, why="They asked for it.")
            push(patient, n=2)

        wait_until(lambda: not page.is_open, "the end of the stream")
        assert page.notes() == [1]
        assert page.connect().status == 401

    def test_who_has_left_a_room_hears_no_more_of_it(self, web, open_page, room, patient, doctor):
        page = open_page(web, patient)
        member = room.members.get(user=patient)

        member.change(by=None, left_at=member.created_at)
        chatting.post(room, by=doctor, text="Hello")
        push(patient, n=1)

        wait_until(page.notes, "a later event")
        assert page.events == [("note", {"n": 1})]
        assert page.ask(reverse("room-messages", args=[room.pk]) + "?after=0")[0] == 404

    def test_a_stopping_server_does_not_wait_for_its_streams(self, webs, open_page, patient):
        web = webs[1]
        page = open_page(web, patient)

        seconds = web.kill(signal.SIGTERM)

        assert seconds < 5
        wait_until(lambda: not page.is_open, "the end of the stream")
        web.start()


@pytest.mark.django_db(transaction=True)
def test_an_open_stream_holds_no_thread_and_no_connection(web, open_page, make_user):
    people = [make_user("patient", f"patient{letter}") for letter in "abcdefghijklmnopqrst"]

    pages = [open_page(web, person) for person in people]
    push(*people, n=1)
    wait_until(lambda: all(page.notes() for page in pages), "twenty events")

    threads = psutil.Process(web.process.pid).num_threads()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        connections = cursor.fetchone()[0]
    assert [page.status for page in pages] == [200] * 20
    assert threads < 20
    # This test's own; in each of two web processes a pool of up to four, and the one that listens.
    assert connections <= 1 + 2 * (4 + 1)
