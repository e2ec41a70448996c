"""Answers before a visit: kept each time they change, compared with the last visit, flagged."""

import datetime

import pytest
import time_machine
from django.utils import timezone

from clinic import answering, booking, consulting, moving
from clinic.models import Answer, Intake, Questionnaire
from config import together

pytestmark = pytest.mark.django_db
ANSWERS = {"reason": "Sleep", "psychosis": "no", "heart": "no", "driving": "yes"}


@pytest.fixture
def asked(db) -> Questionnaire:
    return Questionnaire.objects.get()


@pytest.fixture
def say(asked):
    """Let the patient answer before a visit."""

    def do(appointment, **answers) -> Intake:
        return answering.save(appointment, questionnaire=asked, answers=answers, by=appointment.patient.user)

    return do


@pytest.fixture
def read(doctor):
    """What the doctor reads in a consultation."""

    def do(encounter) -> dict:
        rows = answering.rows(encounter, by=doctor.user)
        together.read(rows.values())
        return answering.told(encounter, rows)

    return do


class TestSave:
    def test_keeps_each_answer_that_changes_and_no_other(self, confirmed, say):
        say(confirmed, **ANSWERS)
        intake = say(confirmed, **ANSWERS | {"heart": "yes"})

        assert Answer.objects.count() == len(ANSWERS) + 1
        assert [one.value for one in intake.answers.filter(key="heart")] == ["no", "yes"]
        assert answering.values(intake) == ANSWERS | {"heart": "yes"}

    def test_keeps_that_an_answer_was_taken_back(self, confirmed, say):
        say(confirmed, heart="yes")
        intake = say(confirmed, heart="")

        assert [one.value for one in intake.answers.all()] == ["yes", ""]

    @pytest.mark.parametrize("answers", [{"heart": "perhaps"}, {"unasked": "yes"}])
    def test_refuses_what_is_no_answer_and_writes_nothing(self, confirmed, say, answers):
        with pytest.raises(answering.Unreadable):
            say(confirmed, reason="Sleep", **answers)

        assert not Intake.objects.exists()
        assert not Answer.objects.exists()

    def test_waits_for_the_payment(self, held, say):
        with pytest.raises(answering.Closed):
            say(held, **ANSWERS)

    @pytest.mark.parametrize("status", ["in_consultation", "completed", "no_show", "moved", "cancelled"])
    def test_is_closed_from_the_consultation_on(self, confirmed, say, status, forced):
        say(confirmed, **ANSWERS)
        forced(confirmed, status)

        with pytest.raises(answering.Closed):
            say(confirmed, heart="yes")

        assert Answer.objects.filter(key="heart").get().value == "no"

    def test_stays_with_the_version_that_was_seen(self, confirmed, say, asked, patient):
        say(confirmed, **ANSWERS)
        later = Questionnaire.objects.create(
            key=asked.key, version=2, title=asked.title, questions=asked.questions
        )

        with pytest.raises(answering.OtherQuestions):
            answering.save(confirmed, questionnaire=later, answers={"heart": "yes"}, by=patient.user)

        assert Intake.objects.get().questionnaire == asked


class TestBring:
    def test_lets_the_answers_follow_to_another_time(self, confirmed, say, make_slot, patient):
        say(confirmed, heart="no")
        before = say(confirmed, heart="yes")

        moved = moving.move(confirmed, to=make_slot(hours=72), by=patient.user, why="Another time.")

        assert [(one.value, one.said_at) for one in moved.intake.answers.all()] == [
            (one.value, one.said_at) for one in before.answers.all()
        ]


class TestTold:
    def test_is_nothing_where_nothing_was_answered(self, encounter, read):
        assert read(encounter) == {"intake": None}

    def test_puts_red_flags_first_and_the_serious_before_others(self, confirmed, say, doctor, read):
        say(confirmed, driving="yes", psychosis="yes", heart="no")

        told = read(consulting.open(confirmed, by=doctor.user))

        assert [(one.flag.severity, one.flag.message) for one in told["intake_flags"]] == [
            ("serious", "Psychosis, bipolar disorder or schizophrenia, own or in the family."),
            ("caution", "Drives, or works with heavy machinery or at heights."),
        ]

    def test_keeps_the_flag_of_an_answer_that_was_changed(self, confirmed, say, doctor, read):
        say(confirmed, heart="yes")
        say(confirmed, heart="no")

        told = read(consulting.open(confirmed, by=doctor.user))

        [raised] = told["intake_flags"]
        assert (raised.flag.message, raised.is_withdrawn) == ("Heart condition.", True)
        assert raised.said.is_changed
        assert (raised.said.words, [words for words, _ in raised.said.earlier]) == ("No", ["Yes"])

    def test_tells_what_differs_from_the_last_visit(self, visit_before, settle, make_slot, say, doctor, read):
        patient = visit_before.patient
        again = settle(booking.hold(make_slot(), patient=patient, by=patient.user))
        say(again, **ANSWERS | {"heart": "yes"})

        told = read(consulting.open(again, by=doctor.user))

        assert {
            one.question.key: (one.last_words, one.words) for one in told["intake_said"] if one.is_changed
        } == {"heart": ("No", "Yes")}

    def test_does_not_compare_with_what_no_doctor_saw(self, confirmed, settle, make_slot, say, doctor, read):
        say(confirmed, **ANSWERS)
        patient = confirmed.patient
        later = settle(booking.hold(make_slot(hours=48), patient=patient, by=patient.user))
        say(later, heart="yes")

        told = read(consulting.open(later, by=doctor.user))

        assert [one.question.key for one in told["intake_said"] if one.is_changed] == []

    @pytest.fixture
    def visit_before(self, make_slot, settle, patient, fees, say, doctor):
        with time_machine.travel(timezone.now() - datetime.timedelta(days=30), tick=False):
            visit = settle(booking.hold(make_slot(), patient=patient, by=patient.user))
            say(visit, **ANSWERS)
            consulting.open(visit, by=doctor.user)
        return visit


def test_two_questionnaires_may_use_one_key_for_different_things(
    confirmed, settle, make_slot, say, asked, doctor
):
    """A later answer to another questionnaire takes no red flag away."""
    patient = confirmed.patient
    say(confirmed, heart="yes")
    other = Questionnaire.objects.create(
        key="another",
        version=1,
        title="Another",
        questions=[{"key": "heart", "label": "A card?", "kind": "yes_no"}],
    )
    again = settle(booking.hold(make_slot(hours=72), patient=patient, by=patient.user))
    answering.save(again, questionnaire=other, answers={"heart": "no"}, by=patient.user)

    read = {name: [*rows] for name, rows in answering.of_patient(patient.pk).items()}
    said = answering.last_said(read, after=timezone.now() - datetime.timedelta(days=1))

    assert [one.flag.message for one in answering.raised(said)] == ["Heart condition."]


class TestFlags:
    def test_are_the_serious_ones_that_count(self, confirmed, say, doctor, make_doctor):
        say(confirmed, heart="yes", psychosis="yes", driving="yes")
        say(confirmed, psychosis="no")

        assert answering.flags([confirmed], by=doctor.user) == {confirmed.pk: ["Heart condition."]}
        assert answering.flags([confirmed], by=make_doctor("other").user) == {confirmed.pk: []}

    def test_are_read_in_one_statement(
        self, confirmed, say, doctor, make_patient, make_slot, settle, django_assert_num_queries
    ):
        visits = [confirmed]
        for number in range(2):
            of = make_patient(f"patient{number}")
            visits.append(settle(booking.hold(make_slot(hours=30 + number), patient=of, by=of.user)))
        for visit in visits:
            say(visit, heart="yes")

        with django_assert_num_queries(1):
            found = answering.flags(visits, by=doctor.user)

        assert found == {visit.pk: ["Heart condition."] for visit in visits}
