import pytest
from django.urls import reverse

from config.base import uuid7
from messaging import chatting, enquiring
from messaging.models import Room

pytestmark = pytest.mark.django_db

LIST = "/admin/messaging/room/"


@pytest.fixture
def pages(room, patient):
    chatting.post(room, by=patient, text="A word with the doctor")
    return [
        LIST,
        reverse("admin:messaging_room_change", args=[room.pk]),
        reverse("admin:messaging_room_history", args=[room.pk]),
    ]


def statuses(browser, pages):
    return [browser.get(page).status_code for page in pages]


class TestRoomAdmin:
    def test_opens_for_its_doctor_and_the_auditor(self, staff_client, doctor, auditor, pages):
        assert statuses(staff_client(doctor), pages) == [200, 200, 200]
        assert statuses(staff_client(auditor), pages) == [200, 200, 200]

    @pytest.mark.parametrize("role", ["doctor", "manager", "reception"])
    def test_hides_it_from_everybody_else(self, staff_client, make_user, role, pages):
        colleague = staff_client(make_user(role, "colleague"))

        assert statuses(colleague, pages[1:]) == [302, 404]
        assert colleague.get(LIST).context["cl"].result_count == 0

    def test_lets_the_doctor_write_and_the_auditor_read(self, staff_client, doctor, auditor, pages):
        writing, reading = [staff_client(user).get(pages[1]) for user in (doctor, auditor)]

        for response in (writing, reading):
            assert response.content.decode().count("A word with the doctor") == 1
        assert writing.context["room_state"]["can_write"]
        assert not reading.context["room_state"]["can_write"]

    def test_is_logged(self, staff_client, auditor, room, pages, opened_records):
        staff_client(auditor).get(pages[1])

        assert opened_records == [(auditor, room, "read")]

    def test_lists_three_as_quickly_as_one(
        self, staff_client, doctor, patient, pages, django_assert_max_num_queries
    ):
        browser = staff_client(doctor)
        browser.get(LIST)
        with django_assert_max_num_queries(100) as one:
            browser.get(LIST)
        for title in ("Two", "Three"):
            chatting.post(
                chatting.open_room(title, members=[patient, doctor], by=None), by=patient, text="Hello"
            )

        with django_assert_max_num_queries(100) as three:
            browser.get(LIST)

        assert len(three) == len(one)


class TestInbox:
    @pytest.fixture
    def asked(self, patient):
        return enquiring.ask("Where is my receipt?", topic="money", by=patient, client_id=uuid7())

    @pytest.fixture
    def press(self, asked):
        """Press a button of the question's page, and say where it leads."""

        def run(browser, button, **filled):
            address = reverse(f"admin:messaging_room_{button}", args=[asked.pk])
            return browser.post(address, filled | {"_form_submitted": "1"}, headers={"HX-Request": "true"})

        return run

    def test_shows_reception_what_waits(self, staff_client, reception, asked, room, doctor):
        chatting.post(room, by=doctor, text="Of a visit")

        found = staff_client(reception).get(f"{LIST}?answer=waiting").context["cl"]

        assert list(found.result_list) == [asked]

    def test_forgets_what_is_answered(self, staff_client, reception, asked):
        chatting.post(asked, by=reception, text="In your receipts.")

        assert staff_client(reception).get(f"{LIST}?answer=waiting").context["cl"].result_count == 0
        assert staff_client(reception).get(LIST).context["cl"].result_count == 1

    def test_mine_is_what_i_have_in_hand(self, staff_client, reception, manager, asked):
        enquiring.assign(asked, to=manager, by=reception)

        counts = [
            staff_client(person).get(f"{LIST}?answer=mine").context["cl"].result_count
            for person in (reception, manager)
        ]

        assert counts == [0, 1]

    def test_somebody_takes_it_gives_it_on_and_is_done(self, staff_client, reception, manager, asked, press):
        browser = staff_client(reception)
        hands = []
        for button, filled in (("take", {}), ("assign", {"to": manager.pk}), ("assign", {"to": ""})):
            assert press(browser, button, **filled).status_code == 200
            hands.append(Room.objects.get(pk=asked.pk).assigned_to)

        press(browser, "settle")
        press(browser, "finish")

        assert hands == [reception, manager, None]
        done = Room.objects.get(pk=asked.pk)
        assert (done.settled_up_to, done.is_open) == (1, False)

    def test_the_buttons_fit_what_is_open(self, staff_client, doctor, reception, asked, room, patient):
        page = reverse("admin:messaging_room_change", args=[asked.pk])
        offered = staff_client(reception).get(page).content.decode()
        enquiring.finish(asked, by=reception)
        after = staff_client(reception).get(page).content.decode()

        words = ["I answer this", "Give to somebody", "No answer needed"]
        assert [(word in offered, word in after) for word in words] == [(True, False)] * 3

    @pytest.mark.parametrize(("who", "status"), [("auditor", 403), ("doctor", 403)])
    def test_is_worked_by_those_who_answer(self, staff_client, request, press, who, status):
        assert press(staff_client(request.getfixturevalue(who)), "take").status_code == status

    def test_an_auditor_settles_nothing(self, staff_client, auditor, asked, press):
        assert press(staff_client(auditor), "settle").status_code == 403
        assert Room.objects.get(pk=asked.pk).settled_up_to == 0

    def test_the_list_asks_as_often_for_three_as_for_one(
        self, staff_client, reception, asked, make_user, django_assert_max_num_queries
    ):
        browser = staff_client(reception)
        browser.get(LIST)
        with django_assert_max_num_queries(100) as one:
            browser.get(LIST)
        for name in ("second", "third"):
            other = make_user("patient", name)
            enquiring.ask("Hello", topic="other", by=other, client_id=uuid7())

        with django_assert_max_num_queries(100) as three:
            browser.get(LIST)

        assert len(three) == len(one)
