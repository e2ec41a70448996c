"""Calls for help on the staff site: who sees what, and who says what was done."""

import pytest
from django.urls import reverse

from clinic.models import Appointment
from messaging import chatting, withdrawing
from messaging.models import Concern, Phrase

pytestmark = pytest.mark.django_db
LIST = reverse("admin:messaging_concern_changelist")
SAID = "Some nights I want to die."


@pytest.fixture
def concern(confirmed, patient) -> Concern:
    patient.change(by=None, phone="0491570006", emergency_name="Linh Ali", emergency_phone="0491570110")
    chatting.post(Appointment.objects.get(pk=confirmed.pk).room, by=patient.user, text=SAID)
    return Concern.objects.get()


def page(concern: Concern) -> str:
    return reverse("admin:messaging_concern_change", args=[concern.pk])


class TestPages:
    @pytest.mark.parametrize(("role", "reads"), [("manager", False), ("reception", False), ("auditor", True)])
    def test_tell_everybody_that_help_is_wanted_and_only_some_what_was_said(
        self, staff_client, make_user, concern, role, reads
    ):
        browser = staff_client(make_user(role, f"one-{role}"))

        listed, shown = (browser.get(address).content.decode() for address in (LIST, page(concern)))

        for html in (listed, shown):
            assert "Patient Example" in html
            assert "Nobody has seen to it" in html
        assert "0491570006" in shown
        assert "Linh Ali 0491570110" in shown
        assert SAID not in listed
        assert (SAID in shown, "want to die" in shown) == (reads, reads)

    def test_show_the_doctor_of_the_conversation_what_was_said(self, staff_client, doctor, concern):
        html = staff_client(doctor.user).get(page(concern)).content.decode()

        room = reverse("admin:messaging_room_change", args=[concern.message.room_id])
        assert SAID in html
        assert f"{room}#message-1" in html

    def test_still_show_what_was_withdrawn_and_say_so(self, staff_client, doctor, patient, concern):
        withdrawing.withdraw(concern.message, by=patient.user, reason="other")

        html = staff_client(doctor.user).get(page(concern)).content.decode()

        assert html.count("(Withdrawn by who wrote it.)") == 1
        assert SAID in html

    def test_are_not_there_for_a_doctor_elsewhere(self, staff_client, make_doctor, concern):
        browser = staff_client(make_doctor("stranger").user)

        assert browser.get(page(concern)).headers["Location"] == reverse("admin:index")
        assert "Patient Example" not in browser.get(LIST).content.decode()

    def test_ask_as_often_for_three_as_for_one(
        self, staff_client, manager, concern, patient, django_assert_max_num_queries
    ):
        browser = staff_client(manager)
        browser.get(LIST)
        with django_assert_max_num_queries(20) as one:
            browser.get(LIST)
        for _ in range(2):
            chatting.post(concern.message.room, by=patient.user, text=SAID)

        with django_assert_max_num_queries(20) as three:
            browser.get(LIST)

        assert len(three) == len(one)


class TestSeenTo:
    def press(self, browser, concern, **answers):
        address = reverse("admin:messaging_concern_see_to", args=[concern.pk])
        return browser.post(address, {"_form_submitted": "True", **answers})

    @pytest.mark.parametrize("role", ["manager", "reception"])
    def test_is_said_with_what_was_done(self, staff_client, make_user, concern, role):
        person = make_user(role, f"one-{role}")

        self.press(staff_client(person), concern, done="Rang; a friend is with him.")

        concern.refresh_from_db()
        assert (concern.status, concern.seen_by, concern.done) == (
            "seen_to",
            person,
            "Rang; a friend is with him.",
        )

    def test_needs_words(self, staff_client, manager, concern):
        answer = self.press(staff_client(manager), concern, done=" ")

        assert "Write what you did" in answer.content.decode()
        assert Concern.objects.get().status == "open"

    def test_is_not_for_auditors(self, staff_client, auditor, concern):
        assert self.press(staff_client(auditor), concern, done="Nothing.").status_code == 403
        assert Concern.objects.get().status == "open"


class TestFirstPages:
    @pytest.mark.parametrize("role", ["manager", "reception", "doctor"])
    def test_show_that_a_call_waits_until_it_is_seen_to(self, staff_client, make_user, doctor, concern, role):
        person = doctor.user if role == "doctor" else make_user(role, f"one-{role}")
        address = f"{LIST}?status__exact=open"
        browser = staff_client(person)
        before = browser.get(reverse("admin:index")).content.decode()
        concern.move_to("seen_to", by=person, seen_at=concern.created_at, seen_by=person, done="Rang.")

        assert address in before.replace("&amp;", "&")
        assert "Calls for help" in before


class TestWords:
    def test_are_kept_by_managers(self, staff_client, manager):
        browser = staff_client(manager)
        browser.post(reverse("admin:messaging_phrase_add"), {"words": "farewell everyone", "is_used": "on"})

        assert Phrase.objects.get(words="farewell everyone").history.get().history_user == manager

    def test_that_say_nothing_are_refused_in_a_sentence(self, staff_client, manager):
        answer = staff_client(manager).post(
            reverse("admin:messaging_phrase_add"), {"words": "a", "is_used": "on"}
        )

        assert answer.status_code == 400
        assert "Write at least one word of three letters." in answer.content.decode()

    @pytest.mark.parametrize(("role", "status"), [("reception", 403), ("doctor", 403), ("auditor", 200)])
    def test_are_not_everybodys(self, staff_client, make_user, role, status):
        browser = staff_client(make_user(role, f"one-{role}"))

        assert browser.get(reverse("admin:messaging_phrase_changelist")).status_code == status
