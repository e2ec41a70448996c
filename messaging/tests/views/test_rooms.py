from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from config.base import uuid7
from messaging import chatting
from messaging.models import Message

pytestmark = pytest.mark.django_db

BANNER = 'Not for emergencies. In an emergency call <a href="tel:000">000</a>.'


@pytest.fixture
def page(room):
    return reverse("room", args=[room.pk])


class TestRoom:
    def test_shows_the_conversation_and_the_emergency_banner(self, browser_of, patient, doctor, room, page):
        chatting.post(room, by=doctor, text="<b>How</b> are you?")

        response = browser_of(patient).get(page)

        assert response.status_code == 200
        html = response.content.decode()
        assert html.count(BANNER) == 1
        assert html.count("&lt;b&gt;How&lt;/b&gt; are you?") == 1

    def test_is_hidden_from_strangers(self, browser_of, stranger, make_user, staff_client, manager, page):
        colleague = staff_client(make_user("doctor", "colleague"))

        statuses = [
            browser.get(page).status_code
            for browser in (browser_of(stranger), colleague, staff_client(manager))
        ]

        assert statuses == [404, 404, 404]

    def test_asks_who_is_signed_out_to_sign_in(self, client, page):
        response = client.get(page)

        assert (response.status_code, response.headers["Location"]) == (302, f"/accounts/login/?next={page}")

    def test_waits_for_the_second_factor_of_staff(self, browser_of, staff_client, doctor, page):
        assert browser_of(doctor).get(page).status_code == 403
        assert staff_client(doctor).get(page).status_code == 200

    def test_takes_a_message_without_a_script(self, browser_of, patient, room, page):
        response = browser_of(patient).post(page, {"text": "Hello", "client_id": str(uuid7())})

        assert (response.status_code, response.headers["Location"]) == (302, page)
        assert room.messages.get().text == "Hello"

    def test_a_form_sent_twice_says_it_once(self, browser_of, patient, room, page):
        browser, sent = browser_of(patient), {"text": "Hello", "client_id": str(uuid7())}

        browser.post(page, sent)
        browser.post(page, sent)

        assert room.messages.count() == 1

    def test_keeps_what_was_typed_when_it_cannot_be_sent(self, browser_of, patient, page):
        response = browser_of(patient).post(page, {"text": "x" * 4001, "client_id": str(uuid7())})

        assert response.status_code == 400
        html = response.content.decode()
        assert html.count("A message has at most 4,000 characters. Please send it in parts.") == 1
        assert html.count("x" * 4001) == 1

    def test_a_stranger_cannot_write(self, browser_of, stranger, page):
        response = browser_of(stranger).post(page, {"text": "Hello", "client_id": str(uuid7())})

        assert response.status_code == 404
        assert not Message.objects.exists()

    def test_shows_a_reviewer_no_form(self, staff_client, auditor, page):
        html = staff_client(auditor).get(page).content.decode()

        assert html.count("You are reading a conversation that you are not part of.") == 1

    @pytest.mark.parametrize(
        "query", ["?before=0", "?before=x", "?before=99999999999999999999", "?before=%00"]
    )
    def test_survives_odd_addresses(self, browser_of, patient, page, query):
        assert browser_of(patient).get(page + query).status_code == 200

    def test_its_statements_do_not_grow_with_what_is_said(
        self, browser_of, patient, doctor, room, page, django_assert_max_num_queries
    ):
        browser = browser_of(patient)
        chatting.post(room, by=doctor, text="One")
        browser.get(page)  # the session is awake: only once a minute it writes that
        with django_assert_max_num_queries(100) as one:
            browser.get(page)
        for text in ("Two", "Three"):
            chatting.post(room, by=doctor, text=text)

        with django_assert_max_num_queries(100) as three:
            browser.get(page)

        assert len(three) == len(one)


class TestRooms:
    def test_lists_ones_own_conversations_the_latest_first(self, browser_of, patient, doctor, stranger):
        old = chatting.open_room("Old", members=[patient, doctor], by=None)
        new = chatting.open_room("New", members=[patient, doctor], by=None)
        chatting.open_room("Another's", members=[stranger, doctor], by=None)
        chatting.post(old, by=doctor, text="Hello")

        rooms = browser_of(patient).get(reverse("rooms")).context["rooms"]

        assert rooms == [(old, 1), (new, 0)]

    def test_counts_what_is_unread_at_its_tab(self, browser_of, patient, doctor, room):
        chatting.post(room, by=doctor, text="Hello")

        html = browser_of(patient).get(reverse("rooms")).content.decode()

        assert html.count('<span data-total>1</span><span class="visually-hidden"> unread</span>') == 1

    def test_says_what_comes_where_there_is_nothing_yet(self, browser_of, patient):
        html = browser_of(patient).get(reverse("rooms")).content.decode()

        assert html.count("When you book an appointment, you can write with your doctor here.") == 1

    def test_is_closed_to_who_is_signed_out(self, client):
        assert client.get(reverse("rooms")).status_code == 302

    def test_asks_as_often_for_one_room_as_for_three(
        self, browser_of, patient, doctor, room, django_assert_max_num_queries
    ):
        browser = browser_of(patient)
        browser.get(reverse("rooms"))  # the session is awake: only once a minute it writes that
        with django_assert_max_num_queries(100) as one:
            browser.get(reverse("rooms"))
        for title in ("Two", "Three"):
            another = chatting.open_room(title, members=[patient, doctor], by=None)
            chatting.post(another, by=doctor, text="Hello")

        with django_assert_max_num_queries(100) as three:
            browser.get(reverse("rooms"))

        assert len(three) == len(one)


class TestTheArchive:
    @pytest.fixture
    def over(self, room):
        def do(days: float):
            ended = timezone.now() - timedelta(days=days)
            room.change(by=None, why="The consultation was over.", closes_at=ended)

        return do

    @pytest.mark.parametrize(("days", "usual"), [(89, True), (91, False)])
    def test_takes_what_has_been_over_for_long(self, browser_of, patient, room, over, days, usual):
        over(days)
        browser = browser_of(patient)

        lists = [browser.get(reverse("rooms"), {"archive": "1"} if old else {}) for old in (False, True)]

        shown = [[one for one, _ in answer.context["rooms"]] == [room] for answer in lists]
        assert shown == [usual, not usual]
        assert lists[0].context["has_archive"] == (not usual)

    def test_can_still_be_read(self, browser_of, patient, doctor, room, page, over):
        chatting.post(room, by=doctor, text="Good morning")
        over(500)

        answer = browser_of(patient).get(page)

        assert (answer.status_code, answer.content.decode().count("Good morning")) == (200, 1)

    @pytest.mark.parametrize("archive", ["0", "x", "\x00", "1" * 5000])
    def test_asked_for_oddly_it_is_the_usual_list(self, browser_of, patient, room, archive):
        answer = browser_of(patient).get(reverse("rooms"), {"archive": archive})

        assert [one for one, _ in answer.context["rooms"]] == [room]
