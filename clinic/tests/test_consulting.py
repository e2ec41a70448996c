"""Opening, calling, writing up and closing a consultation."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from clinic import cancelling, caring, consulting, gathering, noting
from clinic.models import Appointment, Consent, Encounter, Note
from config.base import IllegalMove

pytestmark = pytest.mark.django_db


@pytest.fixture
def note(encounter):
    return encounter.note


@pytest.fixture
def signed(note, doctor):
    noting.save(note, by=doctor.user, assessment="Insomnia.", plan="Review in four weeks.")
    noting.sign(note, by=doctor.user)
    return note


class TestOpen:
    def test_puts_the_appointment_in_consultation_with_an_empty_note(self, confirmed, doctor):
        encounter = consulting.open(confirmed, by=doctor.user)

        confirmed.refresh_from_db()
        assert confirmed.status == Appointment.Status.IN_CONSULTATION
        assert (encounter.patient, encounter.practitioner) == (confirmed.patient, doctor)
        assert encounter.note.status == Note.Status.DRAFT

    def test_twice_comes_back_to_the_same(self, confirmed, doctor):
        first = consulting.open(confirmed, by=doctor.user)

        assert consulting.open(confirmed, by=doctor.user) == first
        assert Encounter.objects.count() == 1

    def test_is_for_the_doctor_of_the_appointment(self, confirmed, make_doctor, manager):
        for somebody in (make_doctor("colleague").user, manager, confirmed.patient.user):
            with pytest.raises(consulting.NotTheirs):
                consulting.open(confirmed, by=somebody)

        assert Encounter.objects.count() == 0

    def test_refuses_what_is_not_paid_for(self, held, doctor):
        with pytest.raises(IllegalMove, match="held for payment"):
            consulting.open(held, by=doctor.user)

    def test_comes_back_to_what_is_over(self, encounter, signed, doctor):
        consulting.close(encounter, by=doctor.user)

        assert consulting.open(encounter.appointment, by=doctor.user).status == Encounter.Status.CLOSED


class TestSegments:
    def test_starting_another_kind_ends_the_one_that_runs(self, encounter, doctor):
        consulting.start_segment(encounter, modality="video", by=doctor.user)
        consulting.start_segment(encounter, modality="voice", by=doctor.user)

        assert [(s.modality, s.ended_at is None) for s in encounter.segments.all()] == [
            ("video", False),
            ("voice", True),
        ]

    def test_starting_the_same_again_changes_nothing(self, encounter, doctor):
        first = consulting.start_segment(encounter, modality="video", by=doctor.user)

        assert consulting.start_segment(encounter, modality="video", by=doctor.user) == first

    def test_stopping_ends_it_once(self, encounter, doctor):
        consulting.start_segment(encounter, modality="video", by=doctor.user)
        consulting.stop_segment(encounter, by=doctor.user)
        ended_at = encounter.segments.get().ended_at
        consulting.stop_segment(encounter, by=doctor.user)

        assert ended_at is not None
        assert encounter.segments.get().ended_at == ended_at

    def test_are_of_the_doctor(self, encounter, make_doctor):
        colleague = make_doctor("colleague").user
        with pytest.raises(consulting.NotTheirs):
            consulting.start_segment(encounter, modality="video", by=colleague)
        with pytest.raises(consulting.NotTheirs):
            consulting.stop_segment(encounter, by=colleague)


class TestCare:
    def test_the_location_is_confirmed(self, encounter, doctor):
        consulting.confirm_location(encounter, state="QLD", by=doctor.user)

        assert Encounter.objects.get().location_state == "QLD"

    def test_what_was_sighted_is_noted_with_who_and_when(self, encounter, doctor, patient):
        consulting.identify(patient, document=" Passport, ending X12 ", by=doctor.user)

        patient.refresh_from_db()
        assert patient.identity_document == "Passport, ending X12"
        assert patient.identified_by == doctor.user
        assert patient.identified_at is not None

    def test_a_document_must_be_named(self, encounter, doctor, patient):
        with pytest.raises(consulting.NotSighted):
            consulting.identify(patient, document="  ", by=doctor.user)

    def test_a_doctor_elsewhere_identifies_nobody_and_records_no_consent(
        self, encounter, patient, make_doctor, make_product
    ):
        stranger, oil = make_doctor("stranger").user, make_product()
        with pytest.raises(consulting.NotTheirs):
            consulting.identify(patient, document="Passport", by=stranger)
        with pytest.raises(consulting.NotTheirs):
            consulting.record_consent(patient, product=oil, by=stranger)

        assert not Consent.objects.filter(kind__startswith="unapproved").exists()


class TestAFormerDoctor:
    """One whose account was closed or given another role writes nothing more, in what was theirs either."""

    @pytest.mark.parametrize("change", [{"role": "auditor"}, {"is_active": False}])
    def test_writes_nothing_more(self, encounter, note, patient, doctor, make_product, change):
        user, oil = doctor.user, make_product()
        noting.save(note, by=user, assessment="Insomnia.", plan="Review in four weeks.")
        user.change(by=None, **change)

        for way in (
            lambda: consulting.open(encounter.appointment, by=user),
            lambda: consulting.start_segment(encounter, modality="video", by=user),
            lambda: consulting.stop_segment(encounter, by=user),
            lambda: consulting.confirm_location(encounter, state="QLD", by=user),
            lambda: consulting.confirm_practising(encounter, state="TAS", by=user),
            lambda: consulting.identify(patient, document="Passport", by=user),
            lambda: consulting.record_consent(patient, product=oil, by=user),
            lambda: noting.save(note, by=user, plan="Something else."),
            lambda: noting.sign(note, by=user),
            lambda: consulting.close(encounter, by=user),
        ):
            with pytest.raises(consulting.NotTheirs):
                way()

        kept = Note.objects.get()
        assert (kept.status, kept.plan) == (Note.Status.DRAFT, "Review in four weeks.")
        assert not Consent.objects.filter(kind__startswith="unapproved").exists()


class TestClose:
    def test_completes_the_appointment_and_leaves_the_room_open(self, encounter, signed, doctor, practice):
        practice.change(by=None, room_days=9)
        consulting.start_segment(encounter, modality="voice", by=doctor.user)
        consulting.close(encounter, by=doctor.user)

        appointment = Appointment.objects.get()
        assert appointment.status == Appointment.Status.COMPLETED
        assert appointment.room.is_open
        assert appointment.room.closes_at - Encounter.objects.get().closed_at == pytest.approx(
            timedelta(days=9), abs=timedelta(minutes=1)
        )
        assert Encounter.objects.get().closed_at <= timezone.now()
        assert encounter.segments.get().ended_at is not None

    def test_waits_for_the_signature(self, encounter, doctor):
        with pytest.raises(consulting.Unfinished, match="Sign the note"):
            consulting.close(encounter, by=doctor.user)

    def test_waits_for_drafts(self, ready, doctor):
        note = ready.encounter.note
        noting.save(note, by=doctor.user, assessment="Insomnia.", plan="Oil.")
        noting.sign(note, by=doctor.user)

        with pytest.raises(consulting.Unfinished, match="draft prescriptions"):
            consulting.close(ready.encounter, by=doctor.user)

    def test_ends_all_further_work(self, encounter, signed, doctor):
        consulting.close(encounter, by=doctor.user)

        with pytest.raises(consulting.Over):
            consulting.start_segment(encounter, modality="video", by=doctor.user)
        with pytest.raises(consulting.Over):
            consulting.close(encounter, by=doctor.user)


def test_a_cancelled_appointment_is_not_opened(confirmed, doctor, simulated_stripe):
    cancelling.cancel(confirmed, by=doctor.user, why="The doctor is ill.")

    with pytest.raises(IllegalMove):
        consulting.open(confirmed, by=doctor.user)


class TestConfirm:
    @pytest.fixture
    def told(self, patient):
        patient.change(by=None, date_of_birth=date(1980, 5, 10), street="1 Example Road", suburb="Geelong")

    def test_keeps_what_was_said_for_this_consultation(self, encounter, doctor, told):
        consulting.confirm(
            encounter,
            emergency_name="Sam",
            emergency_phone="0491 570 157",
            present="A friend",
            by=doctor.user,
        )
        consulting.confirm_location(encounter, state="QLD", where="3 Beach Road, Noosa", by=doctor.user)

        said = {one.kind: one.words for one in encounter.confirmations.all()}
        assert said["identity"] == "Patient Example, born 10 May 1980, 1 Example Road, Geelong"
        assert said["emergency"] == "Sam 0491 570 157"
        assert said["present"] == "A friend"
        assert said["location"] == "3 Beach Road, Noosa, Queensland"
        assert said["age"].endswith(" years")
        assert {one.recorded_by for one in encounter.confirmations.all()} == {doctor.user}

    def test_carries_a_new_contact_over_to_the_record(self, encounter, patient, doctor, told):
        consulting.confirm(encounter, emergency_name="Kim", emergency_phone="0491 570 158", by=doctor.user)

        patient.refresh_from_db()
        assert (patient.emergency_name, patient.emergency_phone) == ("Kim", "0491 570 158")

    def test_needs_something_to_compare_with(self, encounter, doctor):
        with pytest.raises(consulting.NotConfirmable):
            consulting.confirm(encounter, by=doctor.user)

        assert encounter.confirmations.count() == 0

    def test_keeps_where_the_doctor_is_and_practises(self, encounter, doctor):
        said = consulting.confirm_practising(encounter, state="TAS", by=doctor.user)

        assert (said.state, said.words, said.recorded_by) == ("TAS", "Tasmania", doctor.user)
        assert [*encounter.confirmations.all()] == [said]
        with pytest.raises(ValueError, match="Tassie"):
            consulting.confirm_practising(encounter, state="Tassie", by=doctor.user)

    def test_is_of_the_doctor_and_of_an_open_consultation(self, encounter, signed, doctor, make_doctor, told):
        colleague = make_doctor("colleague").user
        with pytest.raises(consulting.NotTheirs):
            consulting.confirm(encounter, by=colleague)
        with pytest.raises(consulting.NotTheirs):
            consulting.confirm_practising(encounter, state="TAS", by=colleague)
        consulting.close(encounter, by=doctor.user)

        with pytest.raises(consulting.Over):
            consulting.confirm(encounter, by=doctor.user)
        with pytest.raises(consulting.Over):
            consulting.confirm_practising(encounter, state="TAS", by=doctor.user)
        assert encounter.confirmations.count() == 0


class TestIdentityChecks:
    def test_each_is_kept_with_what_was_read(self, encounter, patient, doctor):
        consulting.identify(
            patient,
            encounter=encounter,
            document="Passport",
            issuer="New Zealand",
            ending="41X",
            expires_on=date(2035, 1, 1),
            by=doctor.user,
        )
        consulting.identify(patient, document="Driver licence", by=doctor.user)

        kept = [str(check) for check in patient.identity_checks.all()]
        patient.refresh_from_db()
        assert kept == ["Driver licence", "Passport, New Zealand, ending 41X"]
        assert patient.identity_document == "Driver licence"

    def test_one_that_is_not_valid_any_more_is_refused(self, encounter, patient, doctor):
        with pytest.raises(consulting.Expired):
            consulting.identify(patient, document="Passport", expires_on=date(2020, 1, 1), by=doctor.user)

        assert not patient.identity_checks.exists()


def test_a_withdrawn_consent_is_no_consent_to_the_guard(ready, patient, doctor):
    now = timezone.now()
    before = gathering.facts(ready.encounter, now=now).consents
    caring.answer(patient, kind="unapproved_s8", answer="withdrawn", by=doctor.user)

    kept = {one.kind for one in gathering.facts(ready.encounter, now=now).consents}
    assert {one.kind for one in before} - kept == {"unapproved_s8"}
