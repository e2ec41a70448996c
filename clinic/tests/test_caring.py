"""Writing down, ending and denying what is known about a patient's health."""

import pytest
from django.db import IntegrityError, connection, transaction

from clinic import caring, consulting
from clinic.models import Alert, Allergy, AuditEvent, Condition, Consent, NoneKnown, OtherMedicine

pytestmark = pytest.mark.django_db

FACTS = [
    (caring.add_condition, {"name": "Chronic low back pain"}),
    (caring.add_allergy, {"substance": "Penicillin"}),
    (caring.add_medicine, {"name": "Sertraline"}),
    (caring.raise_alert, {"text": "Needs an interpreter."}),
]
each_kind = pytest.mark.parametrize(("add", "words"), FACTS, ids=[add.__name__ for add, _ in FACTS])


@pytest.fixture
def cared_for(encounter):
    """A patient whom ``doctor`` is seeing now."""
    return encounter.patient


class TestAdd:
    @each_kind
    def test_writes_it_down_with_who_and_a_version(self, cared_for, doctor, add, words):
        fact = add(cared_for, by=doctor.user, **words)

        stored = type(fact).objects.standing().get(patient=cared_for)
        assert str(stored) == next(iter(words.values()))
        assert stored.history.get().history_user == doctor.user
        trail = AuditEvent.objects.get(record_id=fact.pk, action="create")
        assert (trail.patient_id, trail.by) == (cared_for.pk, doctor.user)

    @each_kind
    def test_refuses_what_stands_there_whatever_its_capitals(self, cared_for, doctor, add, words):
        add(cared_for, by=doctor.user, **words)
        louder = {name: value.upper() for name, value in words.items()}

        with pytest.raises(caring.ThereAlready, match="is on record already"):
            add(cared_for, by=doctor.user, **louder)

    @each_kind
    def test_refuses_blanks(self, cared_for, doctor, add, words):
        with pytest.raises(caring.Untold):
            add(cared_for, by=doctor.user, **dict.fromkeys(words, "  "))

    @each_kind
    def test_is_for_those_who_care_for_the_patient(self, cared_for, make_doctor, manager, add, words):
        for somebody in (make_doctor("stranger").user, manager, cared_for.user):
            with pytest.raises(consulting.NotTheirs):
                add(cared_for, by=somebody, **words)

        assert not any(model.objects.exists() for model in (Condition, Allergy, OtherMedicine, Alert))

    @pytest.mark.parametrize("code", ["22298006", "22 298 006", "279039007"])
    def test_a_code_is_kept_as_its_digits(self, cared_for, doctor, code):
        condition = caring.add_condition(cared_for, name="Something", code=code, by=doctor.user)

        assert condition.code == code.replace(" ", "")

    @pytest.mark.parametrize("code", ["22298007", "12345", "2229800A", "0123456"])
    def test_a_code_whose_check_digit_does_not_fit_is_refused(self, cared_for, doctor, code):
        with pytest.raises(caring.NoSuchCode, match="not a SNOMED CT identifier"):
            caring.add_condition(cared_for, name="Myocardial infarction", code=code, by=doctor.user)

        assert Condition.objects.count() == 0

    def test_the_database_refuses_a_code_that_is_no_number(self, cared_for, doctor):
        with pytest.raises(IntegrityError), transaction.atomic():
            Condition.objects.add(by=doctor.user, patient=cared_for, name="Something", code="D-17")


class TestEnd:
    @each_kind
    def test_keeps_it_with_who_and_why(self, cared_for, doctor, add, words):
        fact = add(cared_for, by=doctor.user, **words)

        caring.end(fact, by=doctor.user, why="It was a mistake.")

        kept = type(fact).objects.get()
        assert (kept.ended_by, kept.history.first().history_change_reason) == (
            doctor.user,
            "It was a mistake.",
        )
        assert not type(fact).objects.standing().exists()
        assert str(add(cared_for, by=doctor.user, **words)) == str(fact)

    def test_asks_why(self, cared_for, doctor):
        allergy = caring.add_allergy(cared_for, substance="Penicillin", by=doctor.user)

        with pytest.raises(caring.NoReason):
            caring.end(allergy, by=doctor.user, why=" ")

    def test_happens_once(self, cared_for, doctor):
        allergy = caring.add_allergy(cared_for, substance="Penicillin", by=doctor.user)
        caring.end(allergy, by=doctor.user, why="Tested, none.")

        with pytest.raises(caring.EndedBefore):
            caring.end(allergy, by=doctor.user, why="Again.")

    def test_is_for_those_who_care_for_the_patient(self, cared_for, doctor, make_doctor):
        allergy = caring.add_allergy(cared_for, substance="Penicillin", by=doctor.user)

        with pytest.raises(consulting.NotTheirs):
            caring.end(allergy, by=make_doctor("stranger").user, why="Not mine.")

    def test_nothing_is_deleted(self, cared_for, doctor):
        caring.add_allergy(cared_for, substance="Penicillin", by=doctor.user)

        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM clinic_allergy")


class TestNoneKnown:
    def test_is_said_by_somebody_at_some_time(self, cared_for, doctor):
        said = caring.state_none_known(cared_for, kind="allergies", by=doctor.user)

        assert (said.recorded_by, said.kind, str(said)) == (
            doctor.user,
            "allergies",
            "Allergies: none known",
        )

    @pytest.mark.parametrize(
        ("kind", "add", "words"),
        [
            ("allergies", caring.add_allergy, {"substance": "Penicillin"}),
            ("conditions", caring.add_condition, {"name": "Asthma"}),
            ("medicines", caring.add_medicine, {"name": "Sertraline"}),
        ],
    )
    def test_is_refused_while_there_are_some(self, cared_for, doctor, kind, add, words):
        fact = add(cared_for, by=doctor.user, **words)
        with pytest.raises(caring.ThereAreSome):
            caring.state_none_known(cared_for, kind=kind, by=doctor.user)

        caring.end(fact, by=doctor.user, why="A mistake.")

        assert caring.state_none_known(cared_for, kind=kind, by=doctor.user).kind == kind

    def test_is_for_those_who_care_for_the_patient(self, cared_for, make_doctor):
        with pytest.raises(consulting.NotTheirs):
            caring.state_none_known(cared_for, kind="allergies", by=make_doctor("stranger").user)

        assert NoneKnown.objects.count() == 0


class TestGp:
    def test_is_kept_on_the_patients_record(self, cared_for, doctor):
        caring.note_gp(cared_for, gp_name="Dr Ito", gp_practice="Main Street", by=doctor.user)

        cared_for.refresh_from_db()
        assert (cared_for.gp_name, cared_for.gp_practice) == ("Dr Ito", "Main Street")
        assert cared_for.history.first().history_user == doctor.user

    def test_is_for_those_who_care_for_the_patient(self, cared_for, make_doctor):
        with pytest.raises(consulting.NotTheirs):
            caring.note_gp(cared_for, gp_name="Dr Ito", by=make_doctor("stranger").user)


class TestAnswer:
    @pytest.mark.parametrize("answer", ["given", "declined"])
    def test_is_dated_and_tells_the_version_of_the_words(self, cared_for, doctor, answer):
        consent = caring.answer(cared_for, kind="share_gp", answer=answer, by=doctor.user)

        assert (consent.answer, consent.version, consent.recorded_by) == (answer, "1", doctor.user)
        assert len(consent.text_sha256) == 64

    def test_withdrawing_needs_a_yes_before(self, cared_for, doctor):
        for before in ([], ["declined"], ["given", "withdrawn"]):
            for earlier in before:
                caring.answer(cared_for, kind="share_gp", answer=earlier, by=doctor.user)
            with pytest.raises(caring.consenting.NotGiven):
                caring.answer(cared_for, kind="share_gp", answer="withdrawn", by=doctor.user)

    def test_the_newest_counts(self, cared_for, doctor):
        for answer in ("given", "withdrawn", "given", "withdrawn"):
            caring.answer(cared_for, kind="unapproved_s8", answer=answer, by=doctor.user)

        [newest] = Consent.objects.filter(patient=cared_for, kind="unapproved_s8").newest()
        assert newest.answer == "withdrawn"

    def test_is_for_those_who_care_for_the_patient(self, cared_for, make_doctor):
        with pytest.raises(consulting.NotTheirs):
            caring.answer(cared_for, kind="share_gp", answer="given", by=make_doctor("stranger").user)
