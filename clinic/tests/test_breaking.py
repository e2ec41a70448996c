"""A record opens outside care for a reason, for half an hour, to be read; and it is told."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from clinic import breaking, caring, consulting, noting, prescribing, requesting, tasks
from clinic.breaking import Whom
from clinic.models import (
    AccessEnd,
    AccessReason,
    AccessReview,
    Alert,
    Appointment,
    AuditEvent,
    Document,
    Encounter,
    Note,
    Patient,
    Prescription,
    PrivacyRequest,
    RequestText,
)
from config.base import TooOften
from messaging import chatting, enquiring
from messaging.models import Letter, Message, Room

pytestmark = pytest.mark.django_db
WHY = "The hospital rang about her."


@pytest.fixture
def stranger(make_doctor):
    """A doctor who cares for nobody."""
    return make_doctor("stranger").user


@pytest.fixture
def record(issued, doctor, patient):
    """A patient with something of everything."""
    caring.raise_alert(patient, text="Interpreter.", by=doctor.user)
    noting.sign(issued.encounter.note, by=doctor.user, assessment="Insomnia.", plan="Diary.")
    chatting.post(issued.encounter.appointment.room, by=patient.user, text="Hello")
    requesting.ask(patient, kind="correction", is_clinical=True, text="I never smoked.", by=patient.user)
    return patient


@pytest.fixture
def papers(record, files):
    tasks.render_prescription(str(Prescription.objects.get().pk))


@pytest.fixture
def open_to(patient):
    return lambda user: breaking.break_glass(Whom(key=patient.pk), why=WHY, by=user)


CLINICAL = [Alert, Encounter, Note, Prescription, Document, RequestText]


def seen(user) -> dict[str, bool]:
    """Of which kinds of the record ``user`` sees something."""
    return {model.__name__: model.objects.visible_to(user).exists() for model in [*CLINICAL, Room, Message]}


def tries(user) -> list[tuple]:
    events = AuditEvent.objects.filter(action="break_glass", by=user).order_by("at", "pk")
    return [(event.outcome, event.patient_id, event.why, event.trace.get("refused")) for event in events]


class TestBreakGlass:
    def test_lets_a_doctor_read_for_half_an_hour(self, record, stranger, open_to, papers):
        before = seen(stranger)
        open_to(stranger)
        during = seen(stranger)
        with time_machine.travel(timezone.now() + timedelta(minutes=31)):
            after = seen(stranger)

        assert set(before.values()) == {False}
        assert set(during.values()) == {True}
        assert set(after.values()) == {False}

    def test_lets_a_manager_read_and_nobody_else(
        self, record, manager, make_user, reception, open_to, papers
    ):
        own = {"Alert", "Encounter", "Note", "Prescription", "Document", "Room", "Message"}
        before = {kind for kind, is_seen in seen(manager).items() if is_seen}
        open_to(manager)
        during = {kind for kind, is_seen in seen(manager).items() if is_seen}

        assert (before & own, during & own) == (set(), own)
        assert {
            kind for kind, is_seen in seen(make_user("manager", "other")).items() if is_seen
        } & own == set()
        assert set(seen(reception).values()) == {False}

    def test_ends_to_the_second(self, record, stranger, open_to):
        with time_machine.travel(timezone.now(), tick=False) as clock:
            open_to(stranger)
            clock.shift(timedelta(minutes=29, seconds=59))
            before = Note.objects.visible_to(stranger).exists()
            clock.shift(timedelta(seconds=1))

            assert (before, Note.objects.visible_to(stranger).exists()) == (True, False)

    def test_opens_one_record_and_no_other(self, record, stranger, open_to, make_patient):
        make_patient("other")
        open_to(stranger)

        assert [*Patient.objects.visible_to(stranger)] == [record]

    def test_leaves_the_form_for_ink_to_its_prescriber(self, record, stranger, manager, open_to, papers):
        for user in (stranger, manager):
            open_to(user)
            kinds = set(Document.objects.visible_to(user).values_list("kind", flat=True))
            assert kinds == {"patient_copy"}

    def test_does_not_tell_of_colleagues_appointments(self, record, stranger, open_to):
        open_to(stranger)

        assert not Appointment.objects.visible_to(stranger).exists()

    def test_finds_by_name_and_date_of_birth(self, record, stranger):
        whom = Whom(given_name="pATIENT ", family_name="example", date_of_birth=record.date_of_birth)

        assert breaking.break_glass(whom, why=WHY, by=stranger).patient == record

    def test_keeps_the_reason_out_of_the_trail(self, record, stranger, open_to):
        opening = open_to(stranger)

        assert tries(stranger) == [("done", record.pk, "", None)]
        assert opening.why == WHY
        assert not AuditEvent.objects.filter(why__contains="hospital").exists()

    def test_tells_every_other_manager_once_and_neutrally(self, record, manager, make_user, open_to):
        second = make_user("manager", "second")
        open_to(manager)
        open_to(manager)

        letters = Letter.objects.filter(template=breaking.OPENED)
        told = {letter.recipient.given_name for letter in letters}
        assert told == {"Second", "Cashier"}
        assert letters.count() == 2
        assert second in {letter.recipient for letter in letters}
        for letter in letters:
            assert not re.search(r"hospital|Patient|patient@", str(letter.context))

    def test_tells_the_auditors_where_no_other_manager_is(self, patient, manager, auditor, open_to):
        open_to(manager)

        assert [*Letter.objects.values_list("recipient", flat=True)] == [auditor.pk]

    def test_what_is_open_goes_on_as_it_is(self, record, stranger, open_to):
        first = open_to(stranger)

        assert open_to(stranger) == first
        assert AccessReason.objects.count() == 1

    @pytest.mark.parametrize("role", ["reception", "auditor", "patient"])
    def test_is_for_doctors_and_managers(self, patient, make_user, role, open_to):
        user = make_user(role, "other")

        with pytest.raises(breaking.NotAllowed):
            open_to(user)

        assert tries(user) == [("refused", None, "", "NotAllowed")]

    @pytest.mark.parametrize("why", ["", "asdf", "need it", "  a  b "])
    def test_asks_for_a_reason_of_a_few_words(self, patient, stranger, why):
        with pytest.raises(breaking.NoReason):
            breaking.break_glass(Whom(key=patient.pk), why=why, by=stranger)

        assert tries(stranger) == [("refused", None, "", "NoReason")]

    def test_says_the_same_of_nobody_and_of_too_many(self, make_patient, stranger):
        born = timezone.localdate() - timedelta(days=12_000)
        for name in ("one", "two"):
            twin = make_patient(name, date_of_birth=born)
            twin.user.given_name = "Twin"
            twin.user.save(update_fields=["given_name"])
        asked = [
            Whom(key=stranger.pk),
            Whom(given_name="Twin", family_name="Example", date_of_birth=born),
            Whom(given_name="Nobody", family_name="Example", date_of_birth=born),
            Whom(family_name="Example"),
        ]

        said = []
        for whom in asked:
            with pytest.raises(breaking.NoSuchRecord) as no:
                breaking.break_glass(whom, why=WHY, by=stranger)
            said.append(str(no.value))

        assert said == [said[0]] * 4
        assert tries(stranger) == [("refused", None, "", "NoSuchRecord")] * 4

    def test_is_not_for_those_in_ones_care(self, record, doctor, open_to):
        with pytest.raises(breaking.InYourCare):
            open_to(doctor.user)

        assert tries(doctor.user) == [("refused", record.pk, "", "InYourCare")]

    def test_is_tried_ten_times_an_hour(self, patient, stranger):
        for _ in range(breaking.MOST):
            with pytest.raises(breaking.NoReason):
                breaking.break_glass(Whom(key=patient.pk), why="", by=stranger)

        with pytest.raises(TooOften):
            breaking.break_glass(Whom(key=patient.pk), why=WHY, by=stranger)

        assert tries(stranger)[-1] == ("refused", None, "", "TooOften")
        assert not AccessReason.objects.exists()

    def test_a_doctor_who_became_a_manager_reads_nothing_of_before(self, record, doctor, papers):
        doctor.user.role = "manager"
        doctor.user.save(update_fields=["role"])

        assert not Note.objects.visible_to(doctor.user).exists()
        assert not Document.objects.visible_to(doctor.user).exists()


class TestItIsForReading:
    @pytest.fixture
    def opened(self, record, stranger, open_to):
        open_to(stranger)
        return record

    def test_nothing_of_the_record_can_be_written(self, opened, stranger, doctor):
        note = Note.objects.visible_to(stranger).get()
        alert = Alert.objects.visible_to(stranger).get()
        script = Prescription.objects.visible_to(stranger).get()
        writes = [
            lambda: caring.add_allergy(opened, substance="Penicillin", by=stranger),
            lambda: caring.end(alert, by=stranger, why="Over."),
            lambda: caring.note_gp(opened, by=stranger, gp_name="Dr Other"),
            lambda: consulting.identify(opened, document="Passport", by=stranger),
            lambda: noting.add(note, text="More.", reason="Forgotten.", by=stranger),
            lambda: consulting.confirm_location(note.encounter, state="VIC", by=stranger),
            lambda: prescribing.cancel(script, why="No.", by=stranger),
        ]

        for write in writes:
            with pytest.raises(consulting.NotTheirs):
                write()

    def test_nothing_is_said_in_its_conversations(self, opened, stranger, manager, open_to):
        open_to(manager)
        for user in (stranger, manager):
            room = Room.objects.visible_to(user).get(kind="visit")
            with pytest.raises(chatting.NotAMember):
                chatting.post(room, by=user, text="Hello")
            assert not room.members.filter(user=user).exists()

    def test_its_conversations_are_neither_ended_nor_given_away(self, opened, manager, open_to):
        open_to(manager)
        room = Room.objects.visible_to(manager).get(kind="visit")
        for act in (
            lambda: enquiring.finish(room, by=manager, seen=99),
            lambda: enquiring.assign(room, to=None, by=manager),
            lambda: enquiring.settle(room, by=manager, seen=99),
        ):
            with pytest.raises(chatting.NotAMember):
                act()

        assert Room.objects.get(pk=room.pk).is_open

    def test_a_request_about_health_is_read_and_not_answered(self, opened, stranger):
        asked = PrivacyRequest.objects.visible_to(stranger).get()

        with pytest.raises(requesting.NotADoctorInCare):
            requesting.correct(asked, answer="Done.", by=stranger)


class TestClose:
    def test_ends_it_at_once(self, record, stranger, open_to):
        opening = open_to(stranger)

        breaking.close(opening, by=stranger)

        assert not Note.objects.visible_to(stranger).exists()
        assert AccessEnd.objects.get().recorded_by == stranger

    def test_is_also_for_managers_and_for_nobody_else(self, record, stranger, manager, make_doctor, open_to):
        opening = open_to(stranger)

        with pytest.raises(breaking.NotYours):
            breaking.close(opening, by=make_doctor("third").user)
        breaking.close(opening, by=manager)

        assert not Note.objects.visible_to(stranger).exists()

    def test_is_refused_when_it_is_over(self, record, stranger, open_to):
        opening = open_to(stranger)
        breaking.close(opening, by=stranger)

        with pytest.raises(breaking.Over):
            breaking.close(opening, by=stranger)
        later = open_to(stranger)
        with time_machine.travel(timezone.now() + timedelta(minutes=31)), pytest.raises(breaking.Over):
            breaking.close(later, by=stranger)


class TestReview:
    @pytest.fixture
    def over(self, record, stranger, open_to):
        opening = open_to(stranger)
        breaking.close(opening, by=stranger)
        return opening

    def test_is_noted_by_another_manager(self, over, manager):
        breaking.review(over, note="Asked the hospital.", by=manager)

        assert AccessReview.objects.get().note == "Asked the hospital."
        with pytest.raises(breaking.ReviewedBefore):
            breaking.review(over, note="Again.", by=manager)

    def test_is_for_managers(self, over, stranger, auditor):
        for user in (stranger, auditor):
            with pytest.raises(breaking.NotAllowed):
                breaking.review(over, note="Fine.", by=user)

    def test_is_not_of_ones_own(self, record, manager, open_to):
        opening = open_to(manager)
        breaking.close(opening, by=manager)

        with pytest.raises(breaking.YourOwn):
            breaking.review(opening, note="Fine.", by=manager)

    def test_waits_until_it_is_over(self, record, stranger, manager, open_to):
        opening = open_to(stranger)

        with pytest.raises(breaking.StillOpen):
            breaking.review(opening, note="Fine.", by=manager)

    def test_says_something(self, over, manager):
        with pytest.raises(breaking.SaysNothing):
            breaking.review(over, note=" ", by=manager)


class TestTheDatabase:
    @pytest.fixture
    def opening(self, patient, manager, open_to):
        return open_to(manager)

    def refused(self, name, make):
        with pytest.raises(IntegrityError) as no, transaction.atomic():
            make()
        assert name in str(no.value)

    @pytest.mark.parametrize(
        ("changes", "name"),
        [
            ({"why": "asdf"}, "says_why"),
            ({"ends_at": timedelta(hours=9)}, "half_an_hour"),
            ({"recorded_by": None}, "by_somebody"),
        ],
    )
    def test_takes_no_opening_without_reason_end_or_person(self, patient, manager, changes, name):
        now = timezone.now()
        whole = {"why": WHY, "recorded_by": manager, "recorded_at": now, "ends_at": now + breaking.OPEN_FOR}
        given = {
            key: now + value if isinstance(value, timedelta) else value for key, value in changes.items()
        }

        self.refused(
            name, lambda: AccessReason.objects.create(patient=patient, role="manager", **whole | given)
        )

    def test_lets_nobody_review_what_they_opened_or_what_is_open(self, opening, manager, make_user):
        other = make_user("manager", "other")

        self.refused(
            "somebody else",
            lambda: AccessReview.objects.create(opening=opening, note="X.", recorded_by=manager),
        )
        self.refused(
            "when it is over",
            lambda: AccessReview.objects.create(opening=opening, note="X.", recorded_by=other),
        )

    def test_closes_nothing_that_is_over(self, opening, manager):
        late = opening.ends_at + timedelta(seconds=1)

        self.refused(
            "while it is open",
            lambda: AccessEnd.objects.create(opening=opening, recorded_by=manager, recorded_at=late),
        )

    def test_changes_and_forgets_none(self, opening):
        self.refused("kept as it was written", lambda: AccessReason.objects.update(why="Another reason now."))
        self.refused("kept as it was written", lambda: AccessReason.objects.all().delete())
