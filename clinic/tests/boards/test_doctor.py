"""What a doctor's first page is made of."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from clinic import answering, attending, boards, booking, caring, consulting
from clinic.models import Appointment, Questionnaire
from messaging import chatting

NOON = "2026-03-03T01:00Z"  # in Sydney


@pytest.fixture
def noon():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def book(make_slot, make_patient, settle, fees):
    """Book and pay for a time in so many hours from now, for a patient of that name."""

    def do(name: str, hours: float, **fields) -> Appointment:
        held = booking.hold(make_slot(hours=hours, **fields), patient=make_patient(name), by=None)
        return settle(held)

    return do


@pytest.mark.usefixtures("noon")
class TestBoard:
    def test_lists_today_and_not_tomorrow(self, doctor, book):
        today = [book("ada", 1), book("ben", 2)]
        book("cleo", 24)

        assert boards.doctor.board(doctor.user)["visits"] == today

    def test_leaves_out_colleagues(self, doctor, make_doctor, book):
        book("ada", 1, of=make_doctor("another"))

        board = boards.doctor.board(doctor.user)

        assert (board["visits"], board["next"]) == ([], None)

    def test_leaves_out_what_is_not_paid_for(self, doctor, held):
        assert boards.doctor.board(doctor.user)["next"] is None

    def test_tells_since_when_a_patient_waits(self, doctor, book, noon):
        visit = book("ada", 1)
        noon.shift(timedelta(minutes=50))
        attending.arrive(visit, by=visit.patient.user)
        arrived_at = timezone.now()
        noon.shift(timedelta(minutes=20))

        [shown] = boards.doctor.board(doctor.user)["visits"]

        assert shown.arrived_at == arrived_at

    def test_lists_notes_and_scripts_to_be_finished_and_rooms_to_be_read(self, doctor, book, make_doctor):
        visit = book("ada", 1)
        consulting.open(visit, by=doctor.user)
        chatting.post(visit.room, text="One.", by=visit.patient.user)
        chatting.post(visit.room, text="Two.", by=visit.patient.user)
        chatting.post(visit.room, text="An answer.", by=doctor.user)

        board = boards.doctor.board(doctor.user)

        assert [note.encounter.appointment for note in board["notes"]] == [visit]
        assert board["rooms"] == [(visit.room, "Ada Example", 2)]
        assert {figure.label: figure.value for figure in board["numbers"]} == {
            "Appointments today": 1,
            "Notes to sign": 1,
            "Prescriptions in draft": 0,
            "Papers to sign": 0,
            "Unread messages": 2,
            "Approvals that end soon": 0,
        }

    def test_offers_the_first_of_another_day_when_today_is_over(self, doctor, book):
        visit = book("ada", 24)

        assert boards.doctor.board(doctor.user)["next"] == visit

    def test_offers_who_waits_shortly_before_midnight_for_a_visit_after_it(self, doctor, book, noon):
        first, waiting = book("ada", 12), book("ben", 12.25)
        noon.shift(timedelta(hours=11, minutes=59))
        before = boards.doctor.board(doctor.user)["next"], boards.doctor.next_visit(doctor.user)

        attending.arrive(waiting, by=waiting.patient.user)

        assert before == (first, None)
        assert boards.doctor.board(doctor.user)["next"] == waiting
        assert boards.doctor.next_visit(doctor.user) == waiting

    def test_flags_what_the_doctor_should_know_before(self, doctor, book):
        visit = book("ada", 1)
        patient, by = visit.patient, doctor.user
        caring.raise_alert(patient, text="Needs an interpreter.", by=by)
        caring.add_allergy(patient, substance="Penicillin", severity="severe", by=by)
        caring.add_allergy(patient, substance="Pollen", severity="mild", by=by)
        caring.add_condition(patient, name="Schizophrenia", risk="psychosis", by=by)
        over = caring.add_condition(patient, name="Pregnant", risk="pregnancy", by=by)
        caring.end(over, why="Over.", by=by)
        answering.save(
            visit, questionnaire=Questionnaire.objects.get(), answers={"heart": "yes"}, by=patient.user
        )

        [shown] = boards.doctor.board(by)["visits"]

        assert shown.flags == [
            "Needs an interpreter.",
            "Severe allergy: Penicillin",
            "Psychosis or schizophrenia",
            "Identity not checked",
            "Heart condition.",
        ]


class TestPapers:
    def test_are_the_doctors_own_that_wait_for_ink(self, doctor, make_doctor, issued):
        [paper] = boards.doctor.board(doctor.user)["papers"]

        assert paper.prescription == issued
        assert boards.doctor.board(make_doctor("another").user)["papers"] == []


@pytest.mark.usefixtures("noon")
class TestNextOf:
    def test_is_the_first_to_come(self, book):
        visits = [book("ada", 2), book("ben", 1)]

        assert boards.doctor.next_of(visits) == visits[1]

    def test_is_rather_who_waits(self, book):
        early, late = book("ada", 1), book("ben", 2)
        late.move_to(Appointment.Status.ARRIVED, by=None)

        assert boards.doctor.next_of([early, late]) == late

    def test_is_first_of_all_who_is_being_seen(self, doctor, book):
        waiting, seen = book("ada", 1), book("ben", 2)
        waiting.move_to(Appointment.Status.ARRIVED, by=None)
        consulting.open(seen, by=doctor.user)

        assert boards.doctor.next_of([waiting, seen]) == seen

    def test_is_nobody_when_all_are_seen(self, doctor, book):
        visit = book("ada", 1)
        visit.move_to(Appointment.Status.NO_SHOW, by=None)

        assert boards.doctor.next_of([visit]) is None
