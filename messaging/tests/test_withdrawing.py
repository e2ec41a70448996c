import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from django_eventstream.models import Event

from messaging import chatting, heeding, withdrawing
from messaging.models import WITHDRAWABLE, Concern, Withdrawal

pytestmark = pytest.mark.django_db


@pytest.fixture
def message(room, patient):
    return chatting.post(room, by=patient, text="A secret")


@pytest.fixture
def later(monkeypatch):
    def move(by):
        then = timezone.now() + by
        monkeypatch.setattr(timezone, "now", lambda: then)

    return move


class TestWithdraw:
    def test_keeps_what_was_said_and_tells_the_people(self, room, message, patient, doctor):
        withdrawal = withdrawing.withdraw(message, by=patient, reason="mistake")

        message.refresh_from_db()
        assert (withdrawal.recorded_by, withdrawal.reason, message.text) == (patient, "mistake", "A secret")
        last = Event.objects.filter(channel=f"user-{doctor.pk}").order_by("-eid").first()
        assert last.type == "withdrawn"
        assert json.loads(json.loads(last.data)) == {"room": str(room.pk), "sequence": 1}

    def test_twice_is_once(self, message, patient):
        first = withdrawing.withdraw(message, by=patient, reason="mistake")

        assert withdrawing.withdraw(message, by=patient, reason="other") == first

    def test_is_refused_to_others(self, message, doctor, stranger):
        with pytest.raises(withdrawing.NotYours):
            withdrawing.withdraw(message, by=doctor, reason="mistake")
        with pytest.raises(chatting.NotAMember):
            withdrawing.withdraw(message, by=stranger, reason="mistake")

    def test_is_refused_when_it_is_too_late(self, message, patient, later):
        later(WITHDRAWABLE + timedelta(seconds=1))

        with pytest.raises(withdrawing.TooLate):
            withdrawing.withdraw(message, by=patient, reason="mistake")

    def test_is_possible_in_a_room_that_was_just_closed(self, room, message, patient):
        chatting.close_room(room, by=None)

        assert withdrawing.withdraw(message, by=patient, reason="mistake")

    def test_leaves_a_call_for_help_as_it_is(self, room, patient):
        heeding.ship()
        message = chatting.post(room, by=patient, text="I want to die")

        withdrawing.withdraw(message, by=patient, reason="mistake")

        assert Concern.objects.open().get().message == message


class TestTheDatabase:
    def write(self, message, by, late=timedelta(0), reason="mistake"):
        with transaction.atomic():
            return Withdrawal.objects.create(
                message=message, recorded_by=by, recorded_at=message.recorded_at + late, reason=reason
            )

    def test_lets_the_sender_in_time(self, message, patient):
        assert self.write(message, patient, WITHDRAWABLE)

    def test_refuses_everybody_else(self, room, message, doctor):
        systems = chatting.post_system(room, text="A document is ready.")
        for said, person in ((message, doctor), (message, None), (systems, None), (systems, doctor)):
            with pytest.raises(IntegrityError, match="only its sender"):
                self.write(said, person)

    @pytest.mark.parametrize("late", [WITHDRAWABLE + timedelta(seconds=1), timedelta(seconds=-1)])
    def test_refuses_what_is_too_late_or_before_it_was_said(self, message, patient, late):
        with pytest.raises(IntegrityError, match="too late"):
            self.write(message, patient, late)

    def test_refuses_a_second_one_another_reason_and_any_change(self, message, patient):
        with pytest.raises(IntegrityError, match="says_why"):
            self.write(message, patient, reason="bored")
        withdrawal = self.write(message, patient)
        with pytest.raises(IntegrityError):
            self.write(message, patient)
        with pytest.raises(IntegrityError, match="kept as it was written"), transaction.atomic():
            Withdrawal.objects.filter(pk=withdrawal.pk).update(reason="other")
