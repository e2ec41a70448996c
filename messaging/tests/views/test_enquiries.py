import pytest
from django.urls import reverse

from config.base import uuid7
from messaging import enquiring, reading
from messaging.models import Room

pytestmark = pytest.mark.django_db


@pytest.fixture
def question():
    return {"topic": "money", "text": "Where is my receipt?", "client_id": str(uuid7())}


class TestAsk:
    def test_shows_who_reads_it_and_that_it_is_not_for_emergencies(self, browser_of, patient):
        html = browser_of(patient).get(reverse("ask")).content.decode()

        assert html.count('In an emergency call <a href="tel:000">000</a>.') == 1
        assert html.count("Reception reads this, within one business day.") == 1

    def test_opens_the_conversation(self, browser_of, patient, question):
        response = browser_of(patient).post(reverse("ask"), question)

        room = Room.objects.get()
        assert (response.status_code, response.headers["Location"]) == (302, reverse("room", args=[room.pk]))
        assert (room.title, room.patient) == ("Question: Payments and refunds", patient)

    def test_leads_to_the_open_one(self, browser_of, patient, question):
        browser = browser_of(patient)
        browser.post(reverse("ask"), question)

        response = browser.get(reverse("ask"))

        assert response.headers["Location"] == reverse("room", args=[Room.objects.get().pk])

    @pytest.mark.parametrize(
        ("wrong", "sentence"),
        [
            ({"topic": ""}, "Choose what it is about."),
            ({"topic": "gossip"}, "Choose what it is about."),
            ({"text": " "}, "Write something before you send it."),
            ({"text": "\x00"}, "Null characters are not allowed."),
            ({"text": "x" * 4001}, "A message has at most 4,000 characters. Please send it in parts."),
            ({"client_id": "x"}, "Please reload the page and send it again."),
        ],
    )
    def test_explains_what_is_missing_and_keeps_what_was_typed(
        self, browser_of, patient, question, wrong, sentence
    ):
        response = browser_of(patient).post(reverse("ask"), question | wrong)

        assert response.status_code == 400
        assert response.content.decode().count(sentence) == 1
        assert not Room.objects.exists()

    def test_is_for_patients(self, client, staff_client, reception, doctor):
        assert client.get(reverse("ask")).status_code == 302
        assert [staff_client(person).get(reverse("ask")).status_code for person in (reception, doctor)] == [
            404,
            404,
        ]


class TestRoom:
    def test_is_hidden_from_another_patient_and_from_doctors(
        self, browser_of, staff_client, patient, stranger, doctor
    ):
        room = enquiring.ask("Hello", topic="other", by=patient, client_id=uuid7())
        page = reverse("room", args=[room.pk])

        assert [
            browser.get(page).status_code for browser in (browser_of(stranger), staff_client(doctor))
        ] == [404, 404]

    def test_reception_answers_through_the_script_s_address(self, staff_client, patient, reception):
        room = enquiring.ask("Hello", topic="other", by=patient, client_id=uuid7())
        browser, address = staff_client(reception), reverse("room-messages", args=[room.pk])
        before = browser.get(address).json()

        said = browser.post(
            address, {"text": "Good morning", "client_id": str(uuid7())}, content_type="application/json"
        )

        assert (before["can_write"], before["is_member"]) == (True, False)
        assert said.status_code == 200
        assert browser.get(address).json()["is_member"]

    def test_tells_who_reads_it(self, browser_of, patient):
        room = enquiring.ask("Hello", topic="other", by=patient, client_id=uuid7())

        html = browser_of(patient).get(reverse("room", args=[room.pk])).content.decode()

        assert html.count("Reception reads this: about your health or medicine, write to your doctor.") == 1

    def test_what_is_over_says_so(self, browser_of, patient, reception):
        room = enquiring.ask("Hello", topic="other", by=patient, client_id=uuid7())
        enquiring.finish(room, by=reception, seen=99)

        assert reading.state_of(room, patient)["expect"] == (
            "This conversation is over and is no longer read."
        )
