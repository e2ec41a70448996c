"""Notices to patients: two people, a few at a time, once to each, and a stop that holds."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from clinic import advertising, broadcasting, tasks
from clinic.models import Addressee, Broadcast
from config.base import IllegalMove
from messaging import choosing, mailing
from messaging.models import Letter

pytestmark = pytest.mark.django_db
TEXT = "our telephone number changes on Monday.\n\nThe new one is 02 7010 7520."


@pytest.fixture
def author(make_user):
    return make_user("manager", "author")


@pytest.fixture
def notice(author):
    return write(author)


@pytest.fixture
def many(make_patient):
    return [make_patient(f"p{number}") for number in range(5)]


@pytest.fixture
def sending(notice, manager, many):
    return begin(notice, manager)


def write(author, **fields):
    fields = {"subject": "We have a new number", "text": TEXT, "author": author} | fields
    return Broadcast.objects.add(by=author, **fields)


def begin(notice, manager):
    broadcasting.approve(notice, by=manager)
    broadcasting.send(notice, by=manager)
    return notice


def pace(practice, a_minute):
    practice.change(by=None, notices_a_minute=a_minute)


def readers(notice):
    return {patient.user.given_name for patient in broadcasting.readers(notice, now=timezone.now())}


class TestReaders:
    def test_everybody_with_an_account_and_nobody_who_opted_out_or_left(self, notice, many):
        choosing.choose(many[0].user, wanted={"reminders", "messages", "papers"}, by=many[0].user)
        many[1].user.change(by=None, is_active=False)

        assert readers(notice) == {"P2", "P3", "P4"}

    def test_those_of_one_state(self, author, many):
        many[0].change(by=None, state="TAS")
        many[1].change(by=None, state="VIC")

        assert readers(write(author, state="TAS")) == {"P0"}

    def test_those_who_come_to_one_doctor(self, author, many, confirmed, make_doctor, doctor):
        assert readers(write(author, practitioner=doctor)) == {"Patient"}
        assert readers(write(author, practitioner=make_doctor("another"))) == set()

    def test_those_who_came_since(self, author, many, confirmed, forced, timed):
        timed(confirmed, timezone.now() - timedelta(days=10))
        forced(confirmed, "completed")
        today = timezone.localdate()

        assert readers(write(author, visited_since=today - timedelta(days=20))) == {"Patient"}
        assert readers(write(author, visited_since=today - timedelta(days=5))) == set()

    def test_a_preview_is_what_one_of_them_would_read(self, notice, many):
        seen = broadcasting.preview(notice, now=timezone.now())

        assert seen.subject == "We have a new number"
        assert seen.text.startswith(f"Hello {seen.to.user.get_short_name()},\n\n{TEXT}\n\nProMedicine\n")
        assert "You can choose which of these letters you get: " in seen.text
        assert not Letter.objects.exists()

    def test_words_in_braces_stay_words(self, author, many):
        notice = write(author, text="{{ recipient.email }} {% now 'Y' %}")

        assert "{{ recipient.email }} {% now 'Y' %}" in broadcasting.preview(notice, now=timezone.now()).text


class TestApprove:
    def test_takes_a_second_person(self, notice, author, manager, many):
        with pytest.raises(broadcasting.WroteIt):
            broadcasting.approve(notice, by=author)

        broadcasting.approve(notice, by=manager)

        assert (notice.status, notice.approved_by) == ("approved", manager)

    def test_whoever_changed_it_wrote_it(self, notice, manager, many):
        notice.text = "something else"
        broadcasting.rewrite(notice, changed=["text"], by=manager)

        with pytest.raises(broadcasting.WroteIt):
            broadcasting.approve(notice, by=manager)

    def test_the_database_takes_no_approval_of_ones_own(self, notice, author):
        with pytest.raises(IntegrityError, match="by_a_second_person"), transaction.atomic():
            notice.move_to("approved", by=author, approved_by=author, approved_at=timezone.now())

    def test_the_database_sends_nothing_that_nobody_approved(self, notice, off_guard):
        with pytest.raises(IntegrityError, match="sent_once_approved"), transaction.atomic():
            Broadcast.objects.filter(pk=notice.pk).update(status="sending")

    def test_is_refused_for_nobody(self, notice, manager):
        with pytest.raises(broadcasting.ForNobody):
            broadcasting.approve(notice, by=manager)

    def test_is_refused_where_it_would_advertise(self, author, manager, many):
        notice = write(author, text="Ask about cannabis.")

        with pytest.raises(advertising.Advertises, match="“cannabis”"):
            broadcasting.approve(notice, by=manager)

        assert notice.status == "draft"

    def test_then_the_words_stay(self, notice, author, manager, many):
        broadcasting.approve(notice, by=manager)
        notice.text = "something else"

        with pytest.raises(broadcasting.NoDraft):
            broadcasting.rewrite(notice, changed=["text"], by=author)
        with pytest.raises(IntegrityError, match="kept as it is"), transaction.atomic():
            notice.change(by=author, text="something else")
        with pytest.raises(IntegrityError, match="kept as it is"), transaction.atomic():
            notice.change(by=author, status="draft")

    def test_a_draft_is_not_sent(self, notice, manager, many):
        with pytest.raises(IllegalMove):
            broadcasting.send(notice, by=manager)

    def test_a_name_that_came_into_the_catalogue_since_stops_the_sending(
        self, author, manager, many, make_product
    ):
        notice = write(author, text="We moved to Harbour Lane.")
        broadcasting.approve(notice, by=manager)
        make_product("Harbour Lane")

        with pytest.raises(advertising.Advertises):
            broadcasting.send(notice, by=manager)


class TestSending:
    def test_goes_so_many_a_minute(self, sending, practice):
        pace(practice, 2)
        now = timezone.now()
        counts = [
            broadcasting.carry_on(now=now + timedelta(seconds=seconds)) for seconds in (0, 30, 61, 122, 183)
        ]

        sending.refresh_from_db()
        assert counts == [2, 0, 2, 1, 0]
        assert (sending.status, Addressee.objects.count()) == ("sent", 5)

    def test_two_notices_share_the_pace(self, sending, practice, author, manager):
        pace(practice, 3)
        begin(write(author), manager)

        assert broadcasting.carry_on(now=timezone.now()) == 3

    def test_each_gets_one_letter_of_its_own_kind(self, sending, many, queued_tasks):
        tasks.send_broadcasts()
        tasks.send_broadcasts()

        letters = Letter.objects.all()
        assert sorted(letter.to for letter in letters) == sorted(patient.user.email for patient in many)
        assert {letter.template for letter in letters} == {"clinic/mail/notice"}
        assert "messaging.tasks.send_due_letters" in queued_tasks()

    def test_the_database_writes_to_each_once(self, sending, many):
        broadcasting.carry_on(now=timezone.now())
        letter = mailing.queue("clinic/mail/notice", recipient=None, to="a@example.com", context={})

        with pytest.raises(IntegrityError, match="addressee_once"), transaction.atomic():
            Addressee.objects.create(broadcast=sending, patient=many[0], letter=letter)

    @pytest.mark.parametrize("patients", [1, 30])
    def test_many_cost_as_many_statements_as_one(
        self, notice, manager, make_patient, practice, django_assert_num_queries, patients
    ):
        for number in range(patients):
            make_patient(f"q{number}")
        begin(notice, manager)

        with django_assert_num_queries(18):
            assert broadcasting.carry_on(now=timezone.now()) == patients

    def test_a_rollback_writes_to_nobody(self, sending):
        with transaction.atomic():
            broadcasting.carry_on(now=timezone.now())
            transaction.set_rollback(True)

        sending.refresh_from_db()
        assert (sending.status, Letter.objects.count(), Addressee.objects.count()) == ("sending", 0, 0)

    def test_who_opts_out_meanwhile_is_not_written_to(self, sending, practice, many):
        pace(practice, 2)
        broadcasting.carry_on(now=timezone.now())
        told = set(Addressee.objects.values_list("patient", flat=True))
        late = next(patient for patient in many if patient.pk not in told)
        choosing.choose(late.user, wanted=set(), by=late.user)
        for minutes in (2, 4, 6):
            broadcasting.carry_on(now=timezone.now() + timedelta(minutes=minutes))

        assert Addressee.objects.filter(patient=late).count() == 0
        assert Addressee.objects.count() == 4

    def test_who_opts_out_once_it_is_owed_does_not_get_it(self, sending, many):
        broadcasting.carry_on(now=timezone.now())
        choosing.choose(many[0].user, wanted=set(), by=many[0].user)

        reasons = {letter.to: mailing.why_not(letter) for letter in Letter.objects.all()}
        assert reasons[many[0].user.email] == Letter.Dropped.UNWANTED
        assert reasons[many[1].user.email] is None


class TestStop:
    def test_nobody_else_is_written_to_and_what_is_owed_is_not_sent(self, sending, practice, manager):
        pace(practice, 2)
        broadcasting.carry_on(now=timezone.now())

        broadcasting.stop(sending, by=manager, why="The number is wrong.")

        later = timezone.now() + timedelta(minutes=5)
        assert broadcasting.carry_on(now=later) == 0
        assert [mailing.why_not(letter) for letter in Letter.objects.all()] == [Letter.Dropped.OVER] * 2
        assert broadcasting.progress(sending, now=later)[:3] == (5, 2, 0)

    def test_what_is_over_is_not_stopped(self, sending, manager):
        broadcasting.carry_on(now=timezone.now())

        with pytest.raises(IllegalMove):
            broadcasting.stop(sending, by=manager, why="Too late.")


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_one_writes(sending, many):
    start = threading.Barrier(2)

    def work():
        start.wait()
        tasks.send_broadcasts()
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert (Addressee.objects.count(), Letter.objects.count()) == (5, 5)
