"""Words that may tell of self-harm: what is found, who is told, and who answers for it."""

import pytest
from django.db import IntegrityError, transaction

from config.base import IllegalMove
from messaging import chatting, heeding
from messaging.models import Concern, Letter, Phrase
from messaging.tests.test_chatting import told

pytestmark = pytest.mark.django_db


@pytest.fixture
def concern(room, patient, doctor):
    chatting.post(room, by=patient, text="Some days I want to die.")
    return Concern.objects.get()


class TestFoundIn:
    @pytest.mark.parametrize(
        "text",
        [
            "I don’t want to live anymore",
            "i dont want to LIVE!",
            "I DON'T\nWANT   TO\tLIVE",
            "Sometimes: suicide.",
            "thoughts of self-harm",
            "thoughts of self harm",
            "I (want to die)",
        ],
    )
    def test_sees_what_is_meant_however_it_is_written(self, text):
        assert heeding.found_in(text)

    @pytest.mark.parametrize(
        "text",
        [
            "I want to diet",
            "The suicidality form is attached",
            "I live in Perth and do not want to move",
            "My battery died",
            "",
            "…!?",
        ],
    )
    def test_leaves_the_rest_in_peace(self, text):
        assert heeding.found_in(text) == []

    def test_looks_for_what_managers_say(self):
        Phrase.objects.get(words="suicide").change(by=None, is_used=False)
        Phrase.objects.add(by=None, words="Goodbye forever")

        assert heeding.found_in("Suicide, and goodbye, forever") == ["Goodbye forever"]


class TestHeed:
    def test_is_recorded_and_tells_staff_at_once_without_a_word_of_it(
        self, room, patient, doctor, make_user, concern
    ):
        letters = Letter.objects.filter(template="messaging/mail/concern_raised")

        assert (concern.status, concern.words, concern.message.text) == (
            "open",
            "want to die",
            "Some days I want to die.",
        )
        assert [letter.recipient for letter in letters] == [doctor]
        assert "die" not in str(letters[0].context)
        assert told(doctor)[-1] == ("concern", {"concern": str(concern.pk)})
        assert "concern" not in [kind for kind, _ in told(patient)]

    def test_tells_those_who_keep_watch_too(self, room, patient, doctor, manager, reception, auditor):
        chatting.post(room, by=patient, text="I want to die")

        people = {letter.recipient for letter in Letter.objects.all()}
        assert people == {doctor, manager, reception}  # an auditor reads, and does not act

    def test_answers_nothing_by_itself(self, room, concern):
        assert room.messages.count() == 1

    def test_takes_no_notice_of_staff_or_of_other_words(self, room, patient, doctor):
        chatting.post(room, by=doctor, text="Do you ever think of suicide?")
        chatting.post(room, by=patient, text="No, never.")

        assert not Concern.objects.exists()

    def test_a_resend_is_no_second_call(self, room, patient, concern):
        message = concern.message
        chatting.post(room, by=patient, text=message.text, client_id=message.client_id)

        assert Concern.objects.count() == 1


class TestSeeTo:
    def test_says_who_did_what(self, concern, doctor):
        heeding.see_to(concern, by=doctor, done="  Rang her; her sister is with her. ")

        concern.refresh_from_db()
        assert (concern.status, concern.seen_by, concern.done) == (
            "seen_to",
            doctor,
            "Rang her; her sister is with her.",
        )
        assert told(doctor)[-1] == ("concern", {"concern": str(concern.pk)})

    def test_is_not_done_by_saying_nothing(self, concern, doctor):
        with pytest.raises(heeding.NothingDone):
            heeding.see_to(concern, by=doctor, done=" ")
        with pytest.raises(IntegrityError), transaction.atomic():
            Concern.objects.update(status="seen_to")

    def test_is_done_once(self, concern, doctor):
        heeding.see_to(concern, by=doctor, done="Rang her.")

        with pytest.raises(IllegalMove):
            heeding.see_to(concern, by=doctor, done="Rang again.")


SEES = {
    "patient": False,
    "doctor": True,
    "stranger": False,
    "manager": True,
    "reception": True,
    "auditor": True,
}


@pytest.mark.parametrize(("who", "sees"), SEES.items())
def test_who_sees_that_a_conversation_calls_for_help(request, concern, who, sees):
    assert Concern.objects.visible_to(request.getfixturevalue(who)).count() == int(sees)


def test_a_colleague_does_not_see_it(concern, make_user):
    assert not Concern.objects.visible_to(make_user("doctor", "colleague")).exists()
