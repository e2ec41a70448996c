"""What reception's first page is made of."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from clinic import attending, boards, booking
from clinic.models import Appointment
from config.base import uuid7
from messaging import enquiring
from messaging.models import Delivery, Letter

NOON = "2026-03-03T01:00Z"  # in Sydney


@pytest.fixture
def noon():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def book(make_slot, make_patient, fees):
    def do(name: str, hours: float, **fields):
        return booking.hold(make_slot(hours=hours), patient=make_patient(name, **fields), by=None)

    return do


def calls(user) -> list[tuple[str, str]]:
    return [(str(call.patient), call.why) for call in boards.reception.board(user)["calls"]]


@pytest.mark.usefixtures("noon")
class TestBoard:
    def test_lists_who_is_still_to_be_seen_today(self, reception, book, settle):
        late, early = settle(book("ada", 2)), settle(book("ben", 1))
        settle(book("cleo", 24))
        late.move_to(Appointment.Status.ARRIVED, by=None)
        book("dan", 3)

        assert boards.reception.board(reception)["arrivals"] == [early, late]

    def test_lists_holds_by_when_they_run_out(self, reception, book, noon):
        first = book("ada", 20)
        noon.shift(timedelta(minutes=2))
        second = book("ben", 10)

        assert boards.reception.board(reception)["holds"] == [first, second]

    def test_leaves_out_holds_that_ran_out(self, reception, book, noon):
        book("ada", 20)
        noon.shift(timedelta(minutes=16))

        assert boards.reception.board(reception)["holds"] == []

    def test_counts_the_questions_that_wait_and_since_when_the_oldest_does(self, reception, make_user, noon):
        for name in ("ada", "ben"):
            enquiring.ask("Hello", topic="other", by=make_user("patient", name), client_id=uuid7())
            noon.shift(timedelta(hours=2))

        questions = boards.reception.board(reception)["numbers"][0]

        assert (questions.label, questions.value) == ("Questions to answer", 2)
        assert questions.note.replace("\xa0", " ") == "the oldest for 4 hours"

    def test_counts_who_waits(self, reception, book, settle):
        settle(book("ada", 1)).move_to(Appointment.Status.ARRIVED, by=None)
        settle(book("ben", 2))

        assert {figure.label: figure.value for figure in boards.reception.board(reception)["numbers"]} == {
            "Questions to answer": 0,
            "Appointments today": 2,
            "Waiting now": 1,
            "Times held for payment": 0,
            "Prescriptions to send": 0,
        }


@pytest.mark.usefixtures("noon")
class TestCalls:
    def test_name_who_is_five_minutes_late(self, reception, book, settle, noon):
        settle(book("ada", 1))
        noon.shift(timedelta(hours=1, minutes=5))
        assert calls(reception) == []
        noon.shift(timedelta(seconds=1))

        assert calls(reception) == [("Ada Example", "Expected at 1:00 pm, not here yet")]

    def test_name_who_did_not_come(self, reception, book, settle, noon):
        visit = settle(book("ada", 1))
        noon.shift(timedelta(hours=2))
        attending.no_show(visit, by=reception, why="Nobody answered.")

        assert calls(reception) == [("Ada Example", "Did not attend at 1:00 pm")]

    def test_name_whom_no_letter_reaches(self, reception, make_patient, noon):
        ada = make_patient("ada")
        for status in ["failed", "failed", "sent"]:
            Letter.objects.add(
                by=None, recipient=ada.user, to=ada.user.email, template="t", status=status,
                next_attempt_at=timezone.now(),
            )  # fmt: skip

        assert calls(reception) == [("Ada Example", "A letter could not be delivered")]
        noon.shift(timedelta(days=7, seconds=1))
        assert calls(reception) == []

    def test_name_whose_letter_came_back_from_the_provider(self, reception, make_patient, noon):
        ada = make_patient("ada")
        Letter.objects.add(
            by=None, recipient=ada.user, to=ada.user.email, template="t", status="sent", message_id="m1",
            next_attempt_at=timezone.now(),
        )  # fmt: skip
        report = {"event_id": "e1", "message_id": "m1", "to": ada.user.email, "at": timezone.now()}
        Delivery.objects.create(outcome=Delivery.Outcome.BOUNCED, **report)

        assert calls(reception) == [("Ada Example", "A letter could not be delivered")]

    def test_name_nobody_because_of_a_letter_to_staff(self, reception, manager):
        Letter.objects.add(
            by=None, recipient=manager, to=manager.email, template="t", status="failed",
            next_attempt_at=timezone.now(),
        )  # fmt: skip

        assert calls(reception) == []
