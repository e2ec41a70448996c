"""What is asked and answered before a visit is kept as it was, and read by those who care."""

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction

from clinic import answering
from clinic.models import Answer, AuditEvent, Intake, Questionnaire
from clinic.models.questions import read_questions
from clinic.questionbook import QUESTIONS

pytestmark = pytest.mark.django_db
HEART = {
    "key": "heart",
    "label": "Heart?",
    "kind": "yes_no",
    "flags": [{"answer": "yes", "severity": "serious", "message": "Heart condition."}],
}


@pytest.fixture
def intake(confirmed, patient) -> Intake:
    asked = Questionnaire.objects.get()
    return answering.save(confirmed, questionnaire=asked, answers={"heart": "no"}, by=patient.user)


class TestGuards:
    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE clinic_questionnaire SET title = 'Another'",
            "DELETE FROM clinic_answer",
            "UPDATE clinic_answer SET value = 'yes'",
            "UPDATE clinic_intake SET recorded_at = now()",
            "DELETE FROM clinic_intake",
            "DELETE FROM clinic_questionnaire",
        ],
    )
    def test_refuse_every_change(self, intake, sql):
        with pytest.raises(DatabaseError, match="kept as it was written"), transaction.atomic():
            connection.cursor().execute(sql)

        assert Answer.objects.get().value == "no"

    def test_let_one_intake_be_for_an_appointment(self, intake):
        with pytest.raises(IntegrityError), transaction.atomic():
            Intake.objects.create(appointment=intake.appointment, questionnaire=intake.questionnaire)

    @pytest.mark.parametrize("version", [1, 3])
    def test_count_versions_without_a_gap(self, db, version):
        with pytest.raises(IntegrityError), transaction.atomic():
            Questionnaire.objects.create(
                key="before_visit", version=version, title="Before your visit", questions=[HEART]
            )

    def test_let_a_version_follow(self, db):
        second = Questionnaire.objects.create(
            key="before_visit", version=2, title="Before your visit", questions=[HEART]
        )

        assert Questionnaire.objects.newest("before_visit").first() == second


class TestReadQuestions:
    def test_reads_what_comes_with_the_product(self):
        asked = read_questions(QUESTIONS)

        assert [question.key for question in asked] == [
            "reason", "pregnancy", "psychosis", "heart", "dependence", "medicines", "allergies", "driving",
            "place",
        ]  # fmt: skip
        assert [q.key for q in asked if q.flags] == [
            "pregnancy", "psychosis", "heart", "dependence", "driving",
        ]  # fmt: skip

    @pytest.mark.parametrize(
        "rows",
        [
            [],
            {},
            None,
            [HEART, HEART],
            ["heart"],
            [HEART | {"key": "Heart!"}],
            [HEART | {"label": ""}],
            [HEART | {"kind": "score"}],
            [HEART | {"points": 5}],
            [HEART | {"choices": ["a", "b"]}],
            [{"key": "pick", "label": "Pick", "kind": "choice", "choices": ["a"]}],
            [{"key": "pick", "label": "Pick", "kind": "choice", "choices": ["a", "a"]}],
            [HEART | {"flags": [{"answer": "maybe", "severity": "serious", "message": "Heart."}]}],
            [HEART | {"flags": [{"answer": "yes", "severity": "high", "message": "Heart."}]}],
            [HEART | {"flags": [{"answer": "yes", "severity": "serious", "message": ""}]}],
        ],
    )
    def test_refuses_what_could_not_be_asked(self, rows):
        with pytest.raises(ValidationError):
            read_questions(rows)

    @pytest.mark.parametrize(
        ("kind", "value", "is_one"),
        [
            ("yes_no", "yes", True),
            ("yes_no", "perhaps", False),
            ("yes_no", "", True),
            ("yes_no", None, False),
            ("number", "12.5", True),
            ("number", "twelve", False),
            ("number", "NaN", False),
            ("date", "2026-02-28", True),
            ("date", "2026-02-30", False),
            ("date", "28/02/2026", False),
            ("text", "x" * 2000, True),
            ("text", "x" * 2001, False),
            ("text", "a\0b", False),
        ],
    )
    def test_knows_what_can_be_answered(self, kind, value, is_one):
        [question] = read_questions([{"key": "one", "label": "One?", "kind": kind}])

        assert question.accepts(value) is is_one


@pytest.mark.parametrize(
    ("name", "sees"),
    [
        ("owner", True),
        ("doctor", True),
        ("auditor", True),
        ("stranger", False),
        ("colleague", False),
        ("manager", False),
        ("reception", False),
    ],
)
def test_answers_are_read_like_other_clinical_records(
    intake, name, sees, patient, doctor, make_user, make_doctor, make_patient
):
    people = {
        "owner": lambda: patient.user,
        "doctor": lambda: doctor.user,
        "stranger": lambda: make_patient("stranger").user,
        "colleague": lambda: make_doctor("colleague").user,
    }
    user = people.get(name, lambda: make_user(name, f"some_{name}"))()

    assert Intake.objects.visible_to(user).exists() is sees
    assert Answer.objects.visible_to(user).exists() is sees


def test_the_trail_tells_that_and_not_what(intake, patient):
    events = AuditEvent.objects.filter(record_type__in=["clinic.intake", "clinic.answer"])

    assert {(event.by, event.patient_id, event.why) for event in events} == {(patient.user, patient.pk, "")}
    assert events.count() == 2
