"""Coming into a call, being let in, being cut off, leaving; and what is written down of it."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from config.base import uuid7
from messaging import calling, chatting, signalling
from messaging.models import Call, CallReport, Signal

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 27, 1, 0, tzinfo=UTC)
OFFER = {"description": {"type": "offer", "sdp": "v=0"}}


@pytest.fixture(autouse=True)
def nobody_above(monkeypatch):
    """Calls by themselves: the clinic's questions are asked in its own tests."""
    monkeypatch.setattr(calling, "ABOVE", [])


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


class Phone:
    """One side's page."""

    def __init__(self, room, user, clock) -> None:
        self.room, self.user, self.clock, self.page_id = room, user, clock, uuid7()

    def join(self, modality="video"):
        return calling.join(self.room, by=self.user, page_id=self.page_id, modality=modality)

    def beat(self, modality="video", *, connected=True):
        calling.beat(self.room, by=self.user, page_id=self.page_id, is_connected=connected, modality=modality)

    def leave(self):
        calling.leave(self.room, by=self.user, page_id=self.page_id)

    def admit(self):
        calling.admit(self.room, by=self.user, page_id=self.page_id)


@pytest.fixture
def at_home(room, patient, clock):
    return Phone(room, patient, clock)


@pytest.fixture
def at_work(room, doctor, clock):
    return Phone(room, doctor, clock)


@pytest.fixture
def running(at_home, at_work):
    at_home.join()
    at_work.join()
    at_work.admit()
    return Call.objects.get()


def told(call) -> list[str]:
    return [f"{r.side.role} {r.kind}" for r in call.reports.select_related("side")]


def after(clock, seconds: float) -> None:
    clock.shift(timedelta(seconds=seconds))


class TestJoin:
    def test_the_patient_waits_until_the_doctor_lets_them_in(self, at_home, at_work):
        call = at_home.join()
        at_home.beat()  # what a page believes does not count before
        at_work.join()

        assert call.status == Call.Status.WAITING
        assert told(call) == ["patient joined", "doctor joined"]

        at_work.admit()
        at_work.admit()

        call.refresh_from_db()
        assert call.status == Call.Status.RUNNING
        assert told(call)[2:] == ["doctor admitted"]

    def test_a_patient_lets_nobody_in_and_a_doctor_nobody_who_is_not_there(self, at_home, at_work):
        at_work.join()

        with pytest.raises(calling.NobodyWaits):
            at_work.admit()
        at_home.join()
        with pytest.raises(calling.NotTheHost):
            at_home.admit()

    def test_somebody_who_went_away_is_not_let_in(self, at_home, at_work, clock):
        at_home.join()
        after(clock, 26)
        at_work.join()

        with pytest.raises(calling.NobodyWaits):
            at_work.admit()

    def test_on_another_device_takes_the_call_over(self, room, patient, running, at_home, clock):
        tablet = Phone(room, patient, clock)
        tablet.join("audio")

        with pytest.raises(calling.Elsewhere):
            at_home.beat()
        tablet.beat("audio")
        assert Call.objects.count() == 1
        assert told(running)[-2:] == ["patient joined", "patient connected"]

    def test_only_members_come_in(self, room, stranger, auditor, doctor, clock):
        for person in (stranger, auditor):
            with pytest.raises(chatting.NotAMember):
                Phone(room, person, clock).join()
        room.members.get(user=doctor).change(by=None, left_at=timezone.now())
        with pytest.raises(chatting.NotAMember):
            Phone(room, doctor, clock).join()

        assert Call.objects.count() == 0

    def test_not_where_the_conversation_is_over(self, room, at_home):
        chatting.close_room(room, by=None)

        with pytest.raises(chatting.RoomClosed):
            at_home.join()

    def test_another_doctor_in_the_place_of_the_first_begins_anew(
        self, room, running, doctor, make_user, at_home, clock
    ):
        colleague = make_user("doctor", "colleague")
        chatting.replace(room, leaves=doctor, joins=colleague, title="Consultation", by=None)

        Phone(room, colleague, clock).join()

        assert [call.status for call in Call.objects.order_by("created_at", "pk")] == ["ended", "waiting"]

    def test_too_often_is_refused(self, at_home, monkeypatch):
        monkeypatch.setattr(calling, "MOST_CALLS", 2)
        for _ in range(2):
            at_home.join()
            at_home.leave()

        with pytest.raises(calling.TooOften):
            at_home.join()


class TestBeat:
    def test_only_what_changed_is_written_down(self, running, at_home, at_work, clock):
        for _ in range(3):
            at_home.beat()
            at_work.beat()
            after(clock, 10)
        at_home.beat("audio")
        at_home.beat("audio", connected=False)
        at_home.beat("audio")

        assert told(running)[3:] == [
            "patient connected",
            "doctor connected",
            "patient changed",
            "patient interrupted",
            "patient resumed",
        ]

    def test_who_is_silent_is_lost_from_when_they_were_last_heard(self, running, at_home, at_work, clock):
        at_home.beat()
        at_work.beat()
        heard_at = timezone.now()
        for _ in range(3):
            after(clock, 10)
            at_work.beat()

        lost = running.reports.get(kind="lost")
        assert (lost.side, lost.at, lost.recorded_by) == (at_home.user, heard_at, None)
        at_home.beat()
        assert told(running)[-1] == "patient resumed"
        running.refresh_from_db()
        assert running.status == Call.Status.RUNNING

    def test_a_gap_of_ones_own_is_told_too(self, running, at_home, at_work, clock):
        at_home.beat()
        after(clock, 30)
        at_home.beat()

        assert told(running)[-3:] == ["patient lost", "doctor lost", "patient resumed"]

    def test_a_call_nobody_comes_back_to_ends(self, running, at_home, at_work, clock):
        at_home.beat()
        at_work.beat()
        after(clock, 200)
        assert calling.look_after_all() == 1

        running.refresh_from_db()
        assert running.status == Call.Status.ENDED
        assert told(running)[-2:] == ["patient lost", "doctor lost"]
        assert calling.look_after_all() == 0
        with pytest.raises(calling.NoCall):
            at_work.beat()

    def test_one_that_never_says_the_same_is_heard_and_not_written_down(self, running, at_home, monkeypatch):
        monkeypatch.setattr(calling, "MOST_REPORTS", 4)
        at_home.beat()

        before = told(running)
        at_home.beat("audio")
        assert told(running) == before

        at_home.leave()  # an end is always written down
        assert told(running)[-1] == "patient left"

    def test_a_quiet_one_costs_few_statements(self, running, at_home, django_assert_max_num_queries):
        at_home.beat()

        with django_assert_max_num_queries(14):
            at_home.beat()


class TestLeave:
    def test_ends_the_call_for_both(self, running, at_home, at_work):
        at_home.leave()
        at_home.leave()

        running.refresh_from_db()
        assert running.status == Call.Status.ENDED
        assert told(running)[-1] == "patient left"
        with pytest.raises(calling.NoCall):
            at_work.beat()

    def test_a_doctor_who_leaves_lets_the_patient_wait(self, at_home, at_work):
        call = at_home.join()
        at_work.join()
        at_work.leave()

        call.refresh_from_db()
        assert call.status == Call.Status.WAITING
        at_home.leave()
        call.refresh_from_db()
        assert call.status == Call.Status.ENDED

    def test_another_page_of_theirs_ends_nothing(self, room, running, patient, clock):
        Phone(room, patient, clock).leave()

        running.refresh_from_db()
        assert running.status == Call.Status.RUNNING


class TestSignals:
    def send(self, one, other, content=OFFER):
        return signalling.send(
            one.room, by=one.user, page_id=one.page_id, to_page=other.page_id, content=content
        )

    def fetch(self, one, after=0):
        return signalling.fetch(one.room, by=one.user, page_id=one.page_id, after=after)

    def test_reach_the_other_side_once_and_are_gone(self, running, at_home, at_work):
        assert self.send(at_work, at_home) == 1
        assert self.send(at_work, at_home) == 2

        assert self.fetch(at_work) == []
        assert [one["number"] for one in self.fetch(at_home)] == [1, 2]
        assert self.fetch(at_home, after=2) == []
        assert Signal.objects.count() == 0
        assert self.send(at_work, at_home) == 3

    def test_end_with_the_call(self, running, at_home, at_work):
        self.send(at_work, at_home)
        at_home.leave()

        assert Signal.objects.count() == 0

    def test_that_nobody_fetches_are_forgotten(self, running, at_home, at_work, clock):
        self.send(at_work, at_home)
        after(clock, 181)
        calling.look_after_all()

        assert Signal.objects.count() == 0

    def test_wait_for_the_letting_in(self, at_home, at_work):
        at_home.join()
        at_work.join()

        with pytest.raises(signalling.NobodyThere):
            self.send(at_home, at_work)

    def test_do_not_reach_a_page_that_was_left(self, room, running, patient, at_home, at_work, clock):
        Phone(room, patient, clock).join()

        with pytest.raises(signalling.NobodyThere):
            self.send(at_work, at_home)

    @pytest.mark.parametrize(
        "content",
        [
            None,
            "offer",
            {},
            {"description": {"type": "shout", "sdp": ""}},
            {"description": {"type": "offer", "sdp": "x" * 24_000}},
            {"description": {"type": "offer", "sdp": ""}, "candidate": {}},
            {"candidate": {"candidate": "", "note": "hello"}},
            {"text": "hello"},
        ],
    )
    def test_are_nothing_else(self, running, at_home, at_work, content):
        with pytest.raises(signalling.NotASignal):
            self.send(at_work, at_home, content)

    def test_are_not_too_many(self, running, at_home, at_work, clock, monkeypatch):
        monkeypatch.setattr(signalling, "MOST", 3)
        for _ in range(3):
            self.send(at_work, at_home)

        with pytest.raises(calling.TooOften):
            self.send(at_work, at_home)
        after(clock, 61)
        assert self.send(at_work, at_home) == 4


class TestDatabase:
    def test_nobody_speaks_for_the_other_side(self, running, patient, doctor):
        for fields in [
            {"side": patient, "recorded_by": doctor, "kind": "connected"},
            {"side": patient, "recorded_by": None, "kind": "connected"},
        ]:
            with pytest.raises(IntegrityError, match="for_oneself"), transaction.atomic():
                CallReport.objects.create(
                    call=running, sequence=4, modality="video", at=timezone.now(), **fields
                )

    def test_what_was_said_stays_and_counts_without_a_gap(self, running):
        with pytest.raises(IntegrityError, match="kept as it was written"), transaction.atomic():
            running.reports.update(kind="left")
        with pytest.raises(IntegrityError, match="without a gap"), transaction.atomic():
            CallReport.objects.create(
                call=running, sequence=9, side=running.reports.first().side, kind="lost",
                modality="video", at=timezone.now(),
            )  # fmt: skip

    def test_a_room_has_one_call_at_a_time(self, room, running):
        with pytest.raises(IntegrityError, match="one_at_a_time"), transaction.atomic():
            Call.objects.add(by=None, room=room)
