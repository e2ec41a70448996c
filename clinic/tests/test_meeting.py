"""Calls in a visit's room: who may call, and which stretches of the consultation come of it."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import time_machine
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic import booking, consulting, gathering, meeting, noting
from clinic.models import Appointment, Encounter, Segment
from config.base import Refused, uuid7
from messaging import calling, chatting
from messaging.models import Call

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 27, 1, 0, tzinfo=UTC)


@pytest.fixture
def clock(db):
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def visit(clock, make_slot, patient, fees, settle):
    """A visit that is paid for and begins in ten minutes."""
    slot = make_slot(hours=24)
    found = settle(booking.hold(slot, patient=patient, by=patient.user))
    clock.shift(timedelta(hours=24) - timedelta(minutes=10))
    return found


class Two:
    """The pages of both sides."""

    def __init__(self, visit, clock) -> None:
        self.visit, self.room, self.clock = visit, visit.room, clock
        self.people = {"patient": visit.patient.user, "doctor": visit.slot.practitioner.user}
        self.pages = {name: uuid7() for name in self.people}

    def join(self, name, modality="video"):
        calling.join(self.room, by=self.people[name], page_id=self.pages[name], modality=modality)

    def admit(self):
        calling.admit(self.room, by=self.people["doctor"], page_id=self.pages["doctor"])

    def beat(self, name, modality="video", *, connected=True):
        page_id = self.pages[name]
        calling.beat(
            self.room, by=self.people[name], page_id=page_id, is_connected=connected, modality=modality
        )

    def leave(self, name):
        calling.leave(self.room, by=self.people[name], page_id=self.pages[name])

    def talk(self, seconds: int, *names: str, modality="video"):
        """Let time pass in which the pages of ``names`` say every five seconds that they are connected."""
        for _ in range(seconds // 5):
            self.clock.shift(timedelta(seconds=5))
            for name in names or self.people:
                self.beat(name, modality)


@pytest.fixture
def two(visit, clock):
    return Two(visit, clock)


@pytest.fixture
def met(two):
    two.join("patient")
    two.join("doctor")
    two.admit()
    return two


def stretches() -> list[tuple]:
    """Modality, seconds that it lasted, whether it is of a call."""
    return [
        (s.modality, s.ended_at and (s.ended_at - s.started_at).seconds, s.call_id is not None)
        for s in Segment.objects.order_by("started_at", "created_at")
    ]


class TestComingIn:
    def test_the_patient_is_noted_as_here_and_the_letting_in_begins_the_consultation(self, two, visit):
        two.join("patient")
        visit.refresh_from_db()
        assert visit.status == Appointment.Status.ARRIVED

        two.join("doctor")
        assert not Encounter.objects.exists()
        two.admit()

        assert Encounter.objects.get().appointment == visit
        visit.refresh_from_db()
        assert visit.status == Appointment.Status.IN_CONSULTATION

    def test_not_before_the_doors_open(self, two, clock):
        clock.shift(-timedelta(minutes=21))

        with pytest.raises(meeting.NotYet, match=r"You can join the call from .* half an hour before"):
            two.join("patient")
        two.join("doctor")
        clock.shift(timedelta(minutes=1))
        two.join("patient")

    def test_a_room_without_a_visit_has_no_calls(self, patient, doctor, db):
        room = chatting.open_room("A question", members=[patient.user, doctor.user], by=None)

        assert (
            calling.refusal(room, patient.user)
            == "There is no visit to call for. Please book an appointment."
        )
        with pytest.raises(meeting.NoVisit):
            calling.join(room, by=doctor.user, page_id=uuid7(), modality="video")

    @pytest.mark.parametrize("status", ["completed", "cancelled", "no_show"])
    def test_a_visit_that_is_over_has_none(self, two, forced, status):
        forced(two.visit, status)

        for name in two.people:
            with pytest.raises(meeting.NoVisit):
                two.join(name)

    def test_a_colleague_another_patient_and_who_is_no_doctor_any_more_do_not_call(
        self, two, make_doctor, make_patient
    ):
        for person in (make_doctor("colleague").user, make_patient("other").user):
            with pytest.raises(consulting.NotTheirs):
                meeting.may_call(two.room, person)
            with pytest.raises(Refused):
                calling.join(two.room, by=person, page_id=uuid7(), modality="video")
        two.people["doctor"].role = "reception"
        two.people["doctor"].save()
        with pytest.raises(consulting.NotTheirs):
            two.join("doctor")

        assert not Call.objects.exists()


class TestAWaitingRoom:
    @pytest.mark.parametrize("status", ["completed", "cancelled", "no_show"])
    def test_ends_with_its_visit(self, two, forced, clock, status):
        two.join("patient")
        forced(two.visit, status)
        clock.shift(timedelta(seconds=5))

        calling.look_after_all()

        assert Call.objects.get().status == Call.Status.ENDED

    def test_goes_on_while_the_visit_does(self, two, clock):
        two.join("patient")
        clock.shift(timedelta(seconds=5))

        calling.look_after_all()

        assert Call.objects.get().status == Call.Status.WAITING


class TestStretches:
    def test_one_side_alone_makes_none(self, met):
        met.talk(60, "doctor")

        assert stretches() == []

    def test_both_together_make_one_that_ends_when_either_leaves(self, met):
        met.beat("patient")
        met.beat("doctor")
        met.talk(300)
        met.leave("patient")

        assert stretches() == [("video", 300, True)]
        assert Call.objects.get().status == Call.Status.ENDED

    def test_who_is_cut_off_ends_it_where_they_were_last_heard(self, met):
        met.beat("patient")
        met.beat("doctor")
        met.talk(60)
        met.talk(60, "doctor")  # the patient's page was killed

        assert stretches() == [("video", 60, True)]
        met.beat("patient")
        met.talk(30)
        met.leave("doctor")
        assert stretches() == [("video", 60, True), ("video", 30, True)]

    def test_a_camera_that_is_turned_off_begins_one_of_voice(self, met):
        met.beat("patient")
        met.beat("doctor")
        met.talk(30)
        met.talk(20, modality="audio")
        met.leave("doctor")

        assert stretches() == [("video", 35, True), ("voice", 15, True)]

    def test_carries_a_script_as_one_noted_by_hand(self, met):
        met.beat("patient")
        met.beat("doctor")
        encounter = Encounter.objects.get()
        facts = gathering.facts(encounter, now=timezone.now())

        assert [s.call_id for s in facts.stretches] == [Call.objects.get().pk]
        assert facts.spoken_at == facts.stretches[0].started_at

    def test_the_telephone_takes_over(self, met):
        met.beat("patient")
        met.beat("doctor")
        met.talk(60)
        encounter = Encounter.objects.get()
        consulting.start_segment(encounter, modality="voice", by=met.people["doctor"])
        assert meeting.beside(met.room, met.people["patient"]) == {"rings": True}

        with pytest.raises(calling.NoCall):
            met.beat("patient")
        met.clock.shift(timedelta(seconds=90))
        consulting.stop_segment(encounter, by=met.people["doctor"])
        assert stretches() == [("video", 60, True), ("voice", 90, False)]

    def test_takes_over_from_what_was_noted_by_hand(self, met):
        encounter = Encounter.objects.get()
        consulting.start_segment(encounter, modality="in_person", by=met.people["doctor"])
        met.join("doctor")  # starting by hand hung up
        met.join("patient")
        met.admit()
        met.talk(30)
        consulting.stop_segment(encounter, by=met.people["doctor"])

        assert stretches() == [("in_person", 5, False), ("video", 25, True)]

    def test_a_closed_consultation_ends_the_call(self, met):
        doctor = met.people["doctor"]
        met.beat("patient")
        met.beat("doctor")
        met.talk(30)
        encounter = Encounter.objects.get()
        noting.save(encounter.note, by=doctor, assessment="Insomnia.", plan="Review.")
        with pytest.raises(consulting.Unfinished):
            consulting.close(encounter, by=doctor)
        assert Call.objects.get().status == Call.Status.RUNNING
        noting.sign(encounter.note, by=doctor)
        consulting.close(encounter, by=doctor)

        assert Call.objects.get().status == Call.Status.ENDED
        assert stretches() == [("video", 30, True)]


class TestAnEndThatNobodyNoticed:
    """Both went away for long, and the next word comes before the worker looked."""

    @pytest.fixture
    def gone(self, met):
        met.beat("patient")
        met.beat("doctor")
        met.talk(30)
        met.clock.shift(timedelta(minutes=5))
        return met

    def test_is_noticed_by_who_joins_again(self, gone):
        gone.join("patient")

        assert stretches() == [("video", 30, True)]
        assert [call.status for call in Call.objects.order_by("created_at")] == ["ended", "waiting"]

    def test_is_noticed_by_who_leaves_or_speaks(self, gone):
        gone.leave("doctor")

        assert stretches() == [("video", 30, True)]
        with pytest.raises(calling.NoCall):
            gone.beat("patient")

    def test_is_noticed_by_who_takes_over(self, gone, make_user):
        gone.clock.shift(-timedelta(minutes=5))
        colleague = make_user("doctor", "colleague")
        doctor = gone.people["doctor"]
        chatting.replace(gone.room, leaves=doctor, joins=colleague, title="Visit", by=None)
        gone.people["doctor"].practitioner.change(by=None, user=colleague)
        calling.join(gone.room, by=colleague, page_id=uuid7(), modality="video")

        assert stretches() == [("video", 30, True)]


class TestDatabase:
    def add(self, encounter, call, **fields):
        now = timezone.now()
        with transaction.atomic():
            return Segment.objects.add(
                by=None, encounter=encounter, call=call, modality="video",
                **{"started_at": now, "ended_at": now} | fields,
            )  # fmt: skip

    def test_asks_for_the_word_of_both_sides(self, met):
        encounter, call = Encounter.objects.get(), Call.objects.get()
        met.beat("doctor")

        with pytest.raises(IntegrityError, match="needs the word of both sides"):
            self.add(encounter, call)
        met.beat("patient")
        with pytest.raises(IntegrityError, match="needs the word of both sides"):
            self.add(encounter, call, started_at=timezone.now() - timedelta(seconds=1))

    def test_takes_the_word_only_of_a_call_in_the_room_of_the_visit(self, met, make_patient, make_doctor):
        met.beat("patient")
        met.beat("doctor")
        met.leave("doctor")
        elsewhere = Call.objects.add(by=None, room=chatting.open_room("Else", members=[], by=None))

        with pytest.raises(IntegrityError, match="needs the word of both sides"):
            self.add(Encounter.objects.get(), elsewhere)

    def test_keeps_stretches_apart_and_in_order(self, met):
        encounter, now = Encounter.objects.get(), timezone.now()
        self.add(encounter, None, started_at=now - timedelta(minutes=5))

        with pytest.raises(IntegrityError, match="clinic_segment_apart"):
            self.add(encounter, None, started_at=now - timedelta(minutes=1), ended_at=None)
        self.add(encounter, None, ended_at=None)
        with pytest.raises(DatabaseError):
            self.add(encounter, None, ended_at=now - timedelta(minutes=1))


WORDS = st.lists(
    st.tuples(
        st.sampled_from(["patient", "doctor"]),
        st.sampled_from(["beat", "voice", "off", "leave", "join", "admit", "hand", "stop"]),
        st.sampled_from([0, 1, 10, 24, 40, 200]),
    ),
    min_size=3,
    max_size=25,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(WORDS)
def test_whatever_both_do_the_stretches_hold(visit, clock, words):
    """In any order: the database refuses nothing, nothing overlaps, both vouch for each of a call."""
    start = timezone.now()
    try:
        with transaction.atomic():
            two = Two(visit, clock)
            two.join("patient")
            two.join("doctor")
            two.admit()
            two.beat("patient")
            two.beat("doctor")
            for name, word, pause in words:
                clock.shift(timedelta(seconds=pause))
                act(two, name, word)
            check()
            transaction.set_rollback(True)
    finally:
        clock.move_to(start)


def act(two, name, word):
    encounter, doctor = Encounter.objects.get(), two.people["doctor"]
    acts = {
        "beat": lambda: two.beat(name),
        "voice": lambda: two.beat(name, "audio"),
        "off": lambda: two.beat(name, connected=False),
        "leave": lambda: two.leave(name),
        "join": lambda: two.join(name),
        "admit": two.admit,
        "hand": lambda: consulting.start_segment(encounter, modality="voice", by=doctor),
        "stop": lambda: consulting.stop_segment(encounter, by=doctor),
    }
    with suppress(Refused):
        acts[word]()


def check():
    found = [*Segment.objects.order_by("started_at", "created_at")]
    assert all(one.ended_at for one in found[:-1])
    for one, then in pairwise(found):
        assert one.started_at <= one.ended_at <= then.started_at
    by_call = [one for one in found if one.call_id]
    assert by_call, "The two were connected before anything else happened."
    for one in by_call:
        assert one.ended_at or one.call.status == Call.Status.RUNNING
        said = one.call.reports.filter(kind__in=["connected", "resumed"], at__lte=one.started_at)
        assert said.values("side").distinct().count() == 2
