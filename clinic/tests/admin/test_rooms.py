import re
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from clinic import booking
from clinic.models import AuditEvent
from config.base import record_viewed, uuid7
from messaging import chatting, enquiring
from messaging.models import Room

pytestmark = pytest.mark.django_db

LIST = "/admin/messaging/room/"


@pytest.fixture
def patient(make_patient):
    return make_patient(phone="0491570006").user


@pytest.fixture
def doctor(make_user):
    return make_user("doctor")


@pytest.fixture
def room(patient, doctor):
    return chatting.open_room("Consultation with Dr Example", members=[patient, doctor], by=None)


@pytest.fixture
def opened_records():
    """Who opened what, as it is announced to the audit trail."""
    opened = []

    def note(sender, record, request, action, **kwargs):
        opened.append((request.user, record, action))

    record_viewed.connect(note)
    yield opened
    record_viewed.disconnect(note)


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

    def test_leaves_what_has_been_over_for_long_to_the_archive(self, staff_client, doctor, room, pages):
        room.change(by=None, why="Over.", closes_at=timezone.now() - timedelta(days=91))
        browser = staff_client(doctor)

        shown = [
            browser.get(LIST, {"age": age}).context["cl"].result_count for age in ("", "archived", "all")
        ]

        assert shown == [0, 1, 1]
        assert browser.get(pages[1]).status_code == 200

    @pytest.mark.parametrize(("hour", "count"), [("00:30", 1), ("00:31", 0)])
    @time_machine.travel("2026-11-30T13:30:00+00:00", tick=False)
    def test_its_period_is_by_the_practices_clock(self, staff_client, patient, doctor, hour, count):
        chatting.open_room("Consultation", members=[patient, doctor], by=None)
        asked = {"created_at_from_0": "2026-12-01", "created_at_from_1": hour}

        assert staff_client(doctor).get(LIST, asked).context["cl"].result_count == count

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
        """Press a button of the question's page."""

        def run(browser, button, **filled):
            address = reverse(f"admin:messaging_room_{button}", args=[asked.pk])
            return browser.post(address, filled | {"_form_submitted": "1"}, headers={"HX-Request": "true"})

        return run

    def test_shows_reception_what_waits(self, staff_client, reception, asked, room, doctor):
        chatting.post(room, by=doctor, text="Of a visit")

        found = staff_client(reception).get(f"{LIST}?answer=waiting").context["cl"]

        assert list(found.result_list) == [asked]

    def test_tells_reception_whom_to_ring(self, staff_client, reception, asked, patient):
        html = (
            staff_client(reception)
            .get(reverse("admin:messaging_room_change", args=[asked.pk]))
            .content.decode()
        )

        assert html.count("0491570006") == 1
        assert reverse("admin:clinic_patient_change", args=[patient.patient.pk]) in html

    def test_names_who_answers_without_a_link_that_reception_may_not_open(
        self, staff_client, reception, manager, asked
    ):
        enquiring.assign(asked, to=manager, by=reception)

        page = staff_client(reception).get(reverse("admin:messaging_room_change", args=[asked.pk]))

        html = page.content.decode()
        assert str(manager) in html
        assert html.count(reverse("admin:clinic_user_changelist")) == 0

    def test_puts_who_waits_longest_first(self, staff_client, reception, asked, make_patient):
        later = enquiring.ask("Hello", topic="other", by=make_patient("later").user, client_id=uuid7())

        found = staff_client(reception).get(f"{LIST}?answer=waiting").context["cl"]

        assert list(found.result_list) == [asked, later]

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

    def test_somebody_takes_it_gives_it_on_and_is_done_with_it(
        self, staff_client, reception, manager, asked, press
    ):
        browser = staff_client(reception)
        hands = []
        for to in (reception.pk, manager.pk, ""):
            assert press(browser, "assign", to=to).status_code == 200
            hands.append(Room.objects.get(pk=asked.pk).assigned_to)

        press(browser, "settle", seen=1)
        press(browser, "finish", seen=1)

        assert hands == [reception, manager, None]
        done = Room.objects.get(pk=asked.pk)
        assert (done.settled_up_to, done.is_open) == (1, False)

    def test_the_dialog_knows_how_far_the_conversation_went(self, staff_client, reception, asked):
        browser = staff_client(reception)
        address = reverse("admin:messaging_room_finish", args=[asked.pk])
        dialog = browser.get(address, headers={"HX-Request": "true"}).content.decode()
        enquiring.ask("And twice", topic="money", by=asked.patient, client_id=uuid7())

        browser.post(address, {"_form_submitted": "1", "seen": "1"}, headers={"HX-Request": "true"})

        assert re.search(r'<input type="hidden" name="seen" value="1"', dialog)
        assert Room.objects.get(pk=asked.pk).is_open

    def test_the_buttons_fit_what_is_open(self, staff_client, doctor, reception, asked, room, patient):
        page = reverse("admin:messaging_room_change", args=[asked.pk])
        offered = staff_client(reception).get(page).content.decode()
        enquiring.finish(asked, by=reception, seen=99)
        after = staff_client(reception).get(page).content.decode()

        words = ["Who answers?", "No answer needed"]
        assert [(word in offered, word in after) for word in words] == [(True, False)] * 2

    @pytest.mark.parametrize(("who", "status"), [("auditor", 403), ("doctor", 403)])
    def test_is_worked_by_those_who_answer(self, staff_client, request, press, who, status):
        assert press(staff_client(request.getfixturevalue(who)), "assign").status_code == status

    def test_an_auditor_settles_nothing(self, staff_client, auditor, asked, press):
        assert press(staff_client(auditor), "settle", seen=1).status_code == 403
        assert Room.objects.get(pk=asked.pk).settled_up_to == 0

    def test_the_list_asks_as_often_for_three_as_for_one(
        self, staff_client, reception, asked, make_patient, django_assert_max_num_queries
    ):
        browser = staff_client(reception)
        browser.get(LIST)
        with django_assert_max_num_queries(100) as one:
            browser.get(LIST)
        for name in ("second", "third"):
            other = make_patient(name).user
            enquiring.ask("Hello", topic="other", by=other, client_id=uuid7())

        with django_assert_max_num_queries(100) as three:
            browser.get(LIST)

        assert len(three) == len(one)


class TestColleague:
    """A doctor who cares for the patient, too."""

    @pytest.fixture
    def visit(self, confirmed) -> Room:
        return Room.objects.get(appointments=confirmed)

    @pytest.fixture
    def colleague(self, make_doctor, make_slot, settle, visit):
        found = make_doctor("colleague")
        booked = booking.hold(make_slot(hours=90, of=found), patient=visit.patient.patient, by=visit.patient)
        settle(booked)
        return found.user

    @pytest.fixture
    def doctor(self, make_doctor):
        return make_doctor()

    @pytest.fixture
    def patient(self, make_patient):
        return make_patient()

    def test_reads_what_is_said_without_having_a_say(self, staff_client, colleague, visit):
        chatting.post(visit, by=visit.patient, text="It helps")
        browser, address = staff_client(colleague), reverse("room-messages", args=[visit.pk])
        words = {"text": "Hello", "client_id": str(uuid7())}

        read = browser.get(address).json()
        said = browser.post(address, words, content_type="application/json")

        assert ([message["text"] for message in read["messages"]], read["can_write"]) == (["It helps"], False)
        assert (said.status_code, visit.messages.count()) == (409, 1)

    def test_finds_it_in_the_record_and_not_in_the_inbox(self, staff_client, colleague, visit):
        browser = staff_client(colleague)
        chatting.post(visit, by=visit.patient, text="It helps")

        page = browser.get(reverse("admin:messaging_room_change", args=[visit.pk]))

        assert page.content.decode().count("It helps") == 1
        assert "No answer needed" not in page.content.decode()
        assert visit not in browser.get(LIST).context["cl"].result_list
        assert chatting.unread_for(colleague) == {}

    def test_is_in_the_trail_with_the_patient_whose_conversation_was_read(
        self, staff_client, colleague, visit
    ):
        staff_client(colleague).get(reverse("admin:messaging_room_change", args=[visit.pk]))

        read = AuditEvent.objects.get(action="read", record_id=visit.pk)
        assert (read.by, read.patient_id) == (colleague, visit.patient.patient.pk)

    def test_reads_no_question_to_the_practice(self, staff_client, colleague, visit):
        room = enquiring.ask("Hello", topic="other", by=visit.patient, client_id=uuid7())

        assert staff_client(colleague).get(reverse("room-messages", args=[room.pk])).status_code == 404
