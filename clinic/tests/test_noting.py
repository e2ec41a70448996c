"""Drafts, signatures, templates and addenda."""

import json
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from clinic import booking, consulting, noting
from clinic.models import Addendum, Note, NoteTemplate
from config import hashing
from config.base import IllegalMove

pytestmark = pytest.mark.django_db
WORDS = {"assessment": "Insomnia.", "plan": "Review in four weeks."}


@pytest.fixture
def note(encounter):
    return encounter.note


@pytest.fixture
def signed(note, doctor):
    noting.save(note, by=doctor.user, **WORDS)
    noting.sign(note, by=doctor.user)
    return Note.objects.get(pk=note.pk)


@pytest.fixture
def next_note(signed, encounter, make_slot, settle, doctor):
    """The draft of the patient's next visit to the same doctor."""
    patient = encounter.patient
    visit = settle(booking.hold(make_slot(hours=90), patient=patient, by=patient.user))
    return consulting.open(visit, by=doctor.user).note


class TestSave:
    def test_a_draft_is_kept_without_a_version(self, note, doctor):
        noting.save(note, by=doctor.user, presenting="Sleeps badly.", review_on=date(2027, 1, 5))

        note.refresh_from_db()
        assert (note.presenting, note.review_on) == ("Sleeps badly.", date(2027, 1, 5))
        assert note.history.count() == 1

    def test_tells_the_revision_to_go_on_with(self, note, doctor):
        first = noting.save(note, by=doctor.user, revision=0, plan="One.")
        second = noting.save(note, by=doctor.user, revision=first.revision, plan="Two.")

        assert (first.revision, second.revision) == (1, 2)
        assert Note.objects.get().revision == 2

    def test_writes_nothing_over_what_another_window_kept(self, note, doctor):
        noting.save(note, by=doctor.user, revision=0, plan="Theirs.")

        with pytest.raises(noting.WrittenElsewhere) as refusal:
            noting.save(note, by=doctor.user, revision=0, plan="Mine.")

        assert (refusal.value.note.plan, refusal.value.note.revision) == ("Theirs.", 1)
        assert Note.objects.get().plan == "Theirs."

    def test_the_same_words_again_are_no_quarrel(self, note, doctor):
        noting.save(note, by=doctor.user, revision=0, plan="Mine.")

        assert noting.save(note, by=doctor.user, revision=0, plan="Mine.").revision == 1

    def test_a_draft_is_of_its_doctor(self, note, make_doctor):
        with pytest.raises(consulting.NotTheirs):
            noting.save(note, by=make_doctor("colleague").user, plan="Mine.")

    def test_a_signed_note_is_not_saved(self, signed, doctor):
        for revision in (None, 0, signed.revision):
            with pytest.raises(noting.Signed):
                noting.save(signed, by=doctor.user, revision=revision, plan="Something else.")

    def test_a_part_that_no_note_has_is_a_mistake_of_ours(self, note, doctor):
        with pytest.raises(ValueError, match="status"):
            noting.save(note, by=doctor.user, status="signed")


class TestBegin:
    @pytest.fixture
    def template(self, manager):
        return NoteTemplate.objects.add(
            by=manager, name="Insomnia", presenting="Since when? What was tried?",
            goals="Asleep in 30 minutes.", review_weeks=4,
        )  # fmt: skip

    def test_a_template_fills_what_is_empty_and_stands_under_what_is_not(self, note, template, doctor):
        noting.save(note, by=doctor.user, presenting="Sleeps badly.")

        noting.begin_from_template(note, template, by=doctor.user)

        note.refresh_from_db()
        assert note.presenting == "Sleeps badly.\n\nSince when? What was tried?"
        assert note.goals == "Asleep in 30 minutes."
        assert note.review_on == timezone.localdate() + timedelta(weeks=4)

    def test_twice_is_once(self, note, template, doctor):
        for _ in range(2):
            noting.begin_from_template(note, template, by=doctor.user)

        assert Note.objects.get().goals == "Asleep in 30 minutes."

    def test_the_last_signed_note_gives_its_words_but_not_its_dates(self, next_note, doctor):
        noting.begin_from_last(next_note, by=doctor.user)

        next_note.refresh_from_db()
        assert (next_note.assessment, next_note.plan) == tuple(WORDS.values())
        assert next_note.review_on is None

    def test_a_first_note_has_no_last(self, note, doctor):
        with pytest.raises(noting.NoneBefore):
            noting.begin_from_last(note, by=doctor.user)

    def test_is_of_its_doctor(self, note, template, make_doctor):
        colleague = make_doctor("colleague").user
        with pytest.raises(consulting.NotTheirs):
            noting.begin_from_template(note, template, by=colleague)

    def test_what_was_signed_does_not_change_with_the_template(self, note, template, doctor, manager):
        noting.begin_from_template(note, template, by=doctor.user)
        noting.sign(note, by=doctor.user, **WORDS)
        template.change(by=manager, goals="Something else.")

        assert ("Goals of treatment", "Asleep in 30 minutes.") in noting.parts(Note.objects.get())
        assert noting.is_as_signed(Note.objects.get())


class TestSign:
    def test_needs_an_assessment_and_a_plan(self, note, doctor):
        noting.save(note, by=doctor.user, assessment="Insomnia.", plan=" ")

        with pytest.raises(noting.Unfinished):
            noting.sign(note, by=doctor.user)

    def test_keeps_who_when_what_and_its_fingerprint(self, signed, doctor):
        version = signed.history.first()

        assert signed.signed_by == doctor.user
        assert signed.content["parts"] == [["Assessment", "Insomnia."], ["Plan", "Review in four weeks."]]
        assert signed.content["patient"] == "Patient Example"
        assert signed.content_sha256 == hashing.fingerprint(signed.content)
        assert (version.assessment, version.history_user) == ("Insomnia.", doctor.user)

    def test_happens_once(self, signed, doctor):
        with pytest.raises(IllegalMove):
            noting.sign(signed, by=doctor.user)

    def test_signs_nothing_that_another_window_changed_meanwhile(self, note, doctor):
        noting.save(note, by=doctor.user, revision=0, **WORDS)

        with pytest.raises(noting.WrittenElsewhere):
            noting.sign(note, by=doctor.user, revision=0, assessment="Insomnia.", plan="Another.")

        noting.sign(note, by=doctor.user, revision=1, assessment="Insomnia.", plan="Another.")
        assert Note.objects.get().plan == "Another."

    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE clinic_note SET plan = 'else'",
            "UPDATE clinic_note SET status = 'draft'",
            "UPDATE clinic_note SET content = '{}'",
            "UPDATE clinic_note SET content_sha256 = ''",
            "DELETE FROM clinic_note",
        ],
    )
    def test_the_database_keeps_a_signed_note(self, signed, sql):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)

        assert Note.objects.get().plan == "Review in four weeks."

    def test_the_models_keep_a_signed_note(self, signed):
        signed.plan = "else"
        for way in (
            signed.save,
            lambda: Note.objects.update(plan="else"),
            lambda: Note.objects.bulk_update([signed], ["plan"]),
            signed.delete,
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                way()

        assert Note.objects.get().plan == "Review in four weeks."


class TestIsAsSigned:
    def test_holds_for_what_was_signed(self, signed):
        assert noting.is_as_signed(signed)

    def test_is_false_when_a_word_is_another(self, signed, off_guard):
        changed = json.dumps(signed.content | {"parts": [["Plan", "Something else."]]})
        with off_guard("clinic_note") as cursor:
            cursor.execute("UPDATE clinic_note SET content = %s", [changed])

        assert not noting.is_as_signed(Note.objects.get())

    def test_holds_for_notes_from_before_contents_were_kept(self, signed, off_guard):
        old = {
            "presenting": "", "examination": "", **WORDS,
            "encounter": str(signed.encounter_id), "review_on": None,
            "signed_at": noting.describe(
                signed, {**dict.fromkeys(noting.FIELDS, ""), "review_on": None},
                signed_at=signed.signed_at, signed_by=signed.signed_by,
            )["signed_at"],
            "signed_by": str(signed.signed_by_id),
        }  # fmt: skip
        with off_guard("clinic_note") as cursor:
            cursor.execute(
                "UPDATE clinic_note SET content = '{}', content_sha256 = %s", [hashing.fingerprint(old)]
            )

        note = Note.objects.get()
        assert noting.is_as_signed(note)
        assert noting.parts(note) == [("Assessment", "Insomnia."), ("Plan", "Review in four weeks.")]


class TestAdd:
    def test_stands_beside_the_note_signed_and_with_its_reason(self, signed, doctor):
        added = noting.add(signed, text="Also has asthma.", reason="Forgotten.", by=doctor.user)

        assert (added.recorded_by, added.reason) == (doctor.user, "Forgotten.")
        assert added.content["note_sha256"] == signed.content_sha256
        assert noting.is_as_signed(added)
        assert noting.is_as_signed(Note.objects.get())

    @pytest.mark.parametrize(("text", "reason"), [("", "Forgotten."), ("Asthma.", " ")])
    def test_says_what_and_why(self, signed, doctor, text, reason):
        with pytest.raises(noting.NothingAdded):
            noting.add(signed, text=text, reason=reason, by=doctor.user)

    def test_is_for_what_is_signed(self, note, doctor):
        with pytest.raises(noting.NotSigned):
            noting.add(note, text="Asthma.", reason="Forgotten.", by=doctor.user)

    def test_is_for_those_who_care_for_the_patient(self, signed, make_doctor, manager):
        for somebody in (make_doctor("stranger").user, manager):
            with pytest.raises(consulting.NotTheirs):
                noting.add(signed, text="Asthma.", reason="Forgotten.", by=somebody)

    @pytest.mark.parametrize("sql", ["UPDATE clinic_addendum SET text = 'x'", "DELETE FROM clinic_addendum"])
    def test_is_kept_as_it_was_written(self, signed, doctor, sql):
        noting.add(signed, text="Asthma.", reason="Forgotten.", by=doctor.user)

        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
        assert Addendum.objects.get().text == "Asthma."


class TestBrowserKey:
    def test_is_the_same_for_one_person_and_note_and_no_other(self, note, doctor, manager):
        key = noting.browser_key(note, by=doctor.user)

        assert key == noting.browser_key(note, by=doctor.user)
        assert len(key) == 64
        assert key != noting.browser_key(note, by=manager)
