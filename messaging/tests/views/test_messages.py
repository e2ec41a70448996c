import re

import pytest
from django.test import Client
from django.urls import reverse

from config.base import uuid7
from messaging import chatting, reading, withdrawing
from messaging.models import Draft, Message, Withdrawal

pytestmark = pytest.mark.django_db

JSON = "application/json"


@pytest.fixture
def address(room):
    return reverse("room-messages", args=[room.pk])


class TestReading:
    def test_answers_what_came_after(self, browser_of, patient, doctor, room, address):
        for person, text in ((patient, "One"), (doctor, "Two"), (doctor, "Three")):
            chatting.post(room, by=person, text=text)

        answer = browser_of(patient).get(address, {"after": 1}).json()

        assert [(m["sequence"], m["kind"], m["who"], m["text"]) for m in answer["messages"]] == [
            (2, "theirs", "Doctor Example", "Two"),
            (3, "theirs", "Doctor Example", "Three"),
        ]
        assert (answer["last_sequence"], answer["can_write"], answer["read_by_others"]) == (3, True, 0)

    def test_says_that_there_is_more(self, browser_of, patient, doctor, room, address):
        for number in range(reading.PAGE + 1):
            chatting.post(room, by=doctor, text=f"Line {number}")

        answer = browser_of(patient).get(address, {"after": 0}).json()

        assert [m["sequence"] for m in answer["messages"]] == list(range(1, reading.PAGE + 1))
        assert answer["last_sequence"] == reading.PAGE + 1

    def test_keeps_the_senders_id_from_others(self, browser_of, patient, staff_client, doctor, room, address):
        message = chatting.post(room, by=patient, text="One")

        ids = [
            browser.get(address, {"after": 0}).json()["messages"][0]["client_id"]
            for browser in (browser_of(patient), staff_client(doctor))
        ]

        assert ids == [str(message.client_id), ""]

    @pytest.mark.parametrize("after", ["-1", "x", "1.5", "99999999999", "%00"])
    def test_refuses_odd_numbers_with_a_sentence(self, browser_of, patient, address, after):
        response = browser_of(patient).get(address, {"after": after})

        assert response.status_code == 400
        assert response.json()["error"].endswith(".")

    def test_does_not_count_as_activity(self, browser_of, patient, address):
        response = browser_of(patient).get(address, {"after": 0})

        assert dict(response.cookies) == {}

    def test_is_logged_for_a_reviewer(self, staff_client, auditor, patient, room, address, opened_records):
        chatting.post(room, by=patient, text="One")

        staff_client(auditor).get(address, {"after": 0})

        assert opened_records == [(auditor, room, "read")]

    def test_asks_as_often_for_one_message_as_for_three(
        self, browser_of, patient, doctor, room, address, django_assert_max_num_queries
    ):
        browser = browser_of(patient)
        chatting.post(room, by=doctor, text="One")
        with django_assert_max_num_queries(100) as one:
            browser.get(address, {"after": 0})
        for person in (patient, doctor):
            chatting.post(room, by=person, text="More")

        with django_assert_max_num_queries(100) as three:
            browser.get(address, {"after": 0})

        assert len(three) == len(one)


class TestPosting:
    def test_a_resend_is_harmless(self, browser_of, patient, room, address):
        browser, sent = browser_of(patient), {"text": "Hello", "client_id": str(uuid7())}

        answers = [browser.post(address, sent, JSON) for _ in range(2)]

        assert [(answer.status_code, answer.json()["sequence"]) for answer in answers] == [(200, 1)] * 2
        assert room.messages.count() == 1

    @pytest.mark.parametrize(
        ("sent", "sentence"),
        [
            ({"text": " ", "client_id": str(uuid7())}, "Write something before you send it."),
            (
                {"text": "x" * 4001, "client_id": str(uuid7())},
                "A message has at most 4,000 characters. Please send it in parts.",
            ),
            ({"text": "Hello", "client_id": "7"}, "Please reload the page and send it again."),
            ([], "Write something before you send it. This field is required."),
            ("nonsense", "Write something before you send it. This field is required."),
        ],
    )
    def test_refuses_bad_input_with_a_sentence(self, browser_of, patient, address, sent, sentence):
        response = browser_of(patient).post(address, sent, JSON)

        assert (response.status_code, response.json()) == (400, {"error": sentence})
        assert not Message.objects.exists()

    def test_says_that_a_room_is_closed(self, browser_of, patient, room, address):
        chatting.close_room(room, by=None)

        response = browser_of(patient).post(
            address,
            {"text": "Hello", "client_id": str(uuid7())},
            JSON,
            headers={"Referer": "http://testserver/"},
        )

        assert response.status_code == 409
        assert response.json() == {"error": str(chatting.RoomClosed())}

    def test_refuses_a_reviewer(self, staff_client, auditor, address):
        response = staff_client(auditor).post(address, {"text": "Hello", "client_id": str(uuid7())}, JSON)

        assert (response.status_code, response.json()) == (409, {"error": str(chatting.NotAMember())})

    def test_asks_for_the_token_against_forgery(self, patient, address):
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(patient)

        response = browser.post(address, {"text": "Hello", "client_id": str(uuid7())}, JSON)

        assert response.status_code == 403
        assert not Message.objects.exists()

    def test_answers_an_earlier_message(self, browser_of, patient, doctor, room, address):
        chatting.post(room, by=doctor, text="How  are\nyou?")

        browser_of(patient).post(address, {"text": "Well", "client_id": str(uuid7()), "answers": 1}, JSON)

        last = browser_of(patient).get(address, {"after": 1}).json()["messages"][0]
        assert last["answers"] == {"sequence": 1, "who": "Doctor Example", "text": "How are you?"}

    @pytest.mark.parametrize(("answers", "status"), [(1, 409), (0, 400), (-1, 400), ("x", 400), (2**31, 400)])
    def test_refuses_to_answer_what_is_not_there(self, browser_of, patient, address, answers, status):
        sent = {"text": "Well", "client_id": str(uuid7()), "answers": answers}

        response = browser_of(patient).post(address, sent, JSON)

        assert (response.status_code, response.json()) == (status, {"error": str(chatting.NothingToAnswer())})
        assert not Message.objects.exists()


class TestWithdrawing:
    @pytest.fixture
    def withdrawal(self, room, patient):
        chatting.post(room, by=patient, text="A secret")
        return reverse("room-withdrawal", args=[room.pk, 1])

    def test_leaves_the_trace_for_its_people(
        self, browser_of, patient, staff_client, doctor, address, withdrawal
    ):
        response = browser_of(patient).post(withdrawal, {"reason": "elsewhere"}, JSON)

        assert (response.status_code, response.json()) == (200, {})
        seen = [
            browser.get(address, {"after": 0}).json()["messages"][0]
            for browser in (browser_of(patient), staff_client(doctor))
        ]
        assert [(one["text"], one["withdrawn"]) for one in seen] == [
            ("", "Message withdrawn by you: it was meant for somebody else."),
            ("", "Message withdrawn by Patient Example: it was meant for somebody else."),
        ]

    @pytest.mark.parametrize("sent", [{}, {"reason": ""}, {"reason": "bored"}, "nonsense"])
    def test_asks_for_a_reason(self, browser_of, patient, withdrawal, sent):
        response = browser_of(patient).post(withdrawal, sent, JSON)

        assert response.status_code == 400
        assert response.json() == {"error": "Choose why you withdraw the message."}
        assert not Withdrawal.objects.exists()

    def test_is_the_senders_alone(self, staff_client, doctor, auditor, withdrawal):
        answers = [
            staff_client(person).post(withdrawal, {"reason": "mistake"}, JSON) for person in (doctor, auditor)
        ]

        assert [(answer.status_code, answer.json()["error"]) for answer in answers] == [
            (409, str(withdrawing.NotYours())),
            (409, str(chatting.NotAMember())),
        ]

    def test_a_stranger_is_told_nothing(self, browser_of, stranger, withdrawal):
        response = browser_of(stranger).post(withdrawal, {"reason": "mistake"}, JSON)

        assert response.status_code == 404


class TestDrafting:
    def test_is_kept_for_its_writer_alone(self, browser_of, patient, staff_client, doctor, room):
        browser_of(patient).post(reverse("room-draft", args=[room.pk]), {"text": " I think "}, JSON)

        drafts = [reading.room_context(room, person)["room_draft"] for person in (patient, doctor)]
        assert drafts == [" I think ", ""]
        page = reverse("room", args=[room.pk])
        assert browser_of(patient).get(page).content.decode().count("> I think </textarea>") == 1
        assert b"I think" not in staff_client(doctor).get(page).content

    def test_goes_when_the_message_is_sent(self, browser_of, patient, room, address):
        browser = browser_of(patient)
        browser.post(reverse("room-draft", args=[room.pk]), {"text": "Hello"}, JSON)

        browser.post(address, {"text": "Hello", "client_id": str(uuid7())}, JSON)

        assert [draft.text for draft in Draft.objects.all()] == [""]

    def test_refuses_what_is_too_long(self, browser_of, patient, room):
        response = browser_of(patient).post(reverse("room-draft", args=[room.pk]), {"text": "x" * 4001}, JSON)

        assert (response.status_code, response.json()) == (400, {"error": str(chatting.TooLong())})

    def test_a_reviewer_keeps_none(self, staff_client, auditor, room):
        response = staff_client(auditor).post(reverse("room-draft", args=[room.pk]), {"text": "Hm"}, JSON)

        assert (response.status_code, response.json()) == (200, {"kept": False})
        assert not Draft.objects.exists()


class TestTheAnswer:
    def test_carries_the_message_as_its_sender_reads_it(self, browser_of, patient, doctor, room, address):
        chatting.post(room, by=doctor, text="How are you?")
        browser = browser_of(patient)

        sent = browser.post(address, {"text": "Fine", "client_id": str(uuid7()), "answers": 1}, JSON).json()
        read = browser.get(address, {"after": 1}).json()["messages"]

        assert sent["sequence"] == 2
        assert [{**sent["message"], "withdrawable_for": 0}] == [{**read[0], "withdrawable_for": 0}]


class TestMarking:
    def test_moves_the_mark(self, browser_of, patient, doctor, room):
        chatting.post(room, by=doctor, text="Hello")

        response = browser_of(patient).post(reverse("room-read", args=[room.pk]), {"sequence": 1}, JSON)

        assert response.status_code == 200
        assert chatting.unread_for(patient) == {}

    def test_a_page_without_a_script_moves_it_by_what_it_loads(self, browser_of, patient, doctor, room):
        chatting.post(room, by=doctor, text="Hello")
        browser = browser_of(patient)
        page = browser.get(reverse("room", args=[room.pk])).content.decode()
        [address] = re.findall(r'<noscript><img src="([^"]+)"', page)

        assert browser.get(address).status_code == 204
        assert chatting.unread_for(patient) == {}

    @pytest.mark.parametrize("sequence", [0, 1, 2**31, 10**30])
    def test_whatever_number_such_a_page_names_it_stays_within_what_was_said(
        self, browser_of, patient, stranger, doctor, room, sequence
    ):
        chatting.post(room, by=doctor, text="Hello")
        address = reverse("room-seen", args=[room.pk, sequence])

        answers = [browser_of(person).get(address).status_code for person in (patient, stranger)]

        assert answers == [204, 404]
        assert chatting.unread_for(patient) == ({} if sequence else {room.pk: 1})

    @pytest.mark.parametrize("sequence", [-1, "x", None, 2**31])
    def test_refuses_odd_numbers(self, browser_of, patient, room, sequence):
        response = browser_of(patient).post(
            reverse("room-read", args=[room.pk]), {"sequence": sequence}, JSON
        )

        assert response.status_code == 400


def test_unread_counts_are_ones_own(browser_of, patient, stranger, doctor, room):
    chatting.post(room, by=doctor, text="Hello")

    answers = [browser_of(person).get(reverse("rooms-unread")).json() for person in (patient, stranger)]

    assert answers == [{"rooms": {str(room.pk): 1}, "total": 1}, {"rooms": {}, "total": 0}]


ADDRESSES = [
    ("get", "room-messages"),
    ("post", "room-messages"),
    ("post", "room-read"),
    ("post", "room-draft"),
]


@pytest.mark.parametrize(("method", "name"), ADDRESSES)
class TestEveryAddress:
    def ask(self, browser, method, name, room):
        return getattr(browser, method)(reverse(name, args=[room.pk]), {}, content_type=JSON)

    def test_hides_the_room_from_strangers(
        self, browser_of, stranger, staff_client, manager, room, method, name
    ):
        for browser in (browser_of(stranger), staff_client(manager)):
            response = self.ask(browser, method, name, room)

            assert response.status_code == 404
            assert response.json() == {"error": "There is no such conversation, or you are not in it."}

    def test_tells_who_is_signed_out(self, client, browser_of, doctor, room, method, name):
        for browser in (client, browser_of(doctor)):  # the doctor's second factor is missing
            response = self.ask(browser, method, name, room)

            assert response.status_code == 401
            assert response.json() == {"error": "You are signed out. Please sign in again."}
