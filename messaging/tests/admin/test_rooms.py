import pytest
from django.urls import reverse

from messaging import chatting

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

    def test_hides_it_from_a_colleague_and_is_shut_to_the_manager(
        self, staff_client, make_user, manager, pages
    ):
        colleague = make_user("doctor", "colleague")

        assert statuses(staff_client(colleague), pages[1:]) == [302, 404]
        assert staff_client(colleague).get(LIST).context["cl"].result_count == 0
        assert statuses(staff_client(manager), pages)[0] == 403

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
