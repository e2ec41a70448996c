"""Letters over a real SMTP server, which also fails, stalls and asks to come again."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from messaging import kinds, mailing, tasks
from messaging.models import Letter
from messaging.tests.conftest import AT


@pytest.fixture
def wanted(monkeypatch):
    """Say whether the letters of this test are still wanted."""

    def say(*, still: bool) -> None:
        monkeypatch.setitem(mailing.STILL_WANTED, "mail/appointment", lambda letter: still)

    return say


def minutes_to_wait(letter):
    return round((letter.next_attempt_at - timezone.now()).total_seconds() / 60)


@pytest.mark.django_db
class TestQueue:
    def test_owes_the_letter_and_asks_a_worker(self, owed, queued_tasks, mailbox):
        assert (owed.status, owed.attempts) == (Letter.Status.OWED, 0)
        assert queued_tasks() == ["messaging.tasks.send_letter"]
        assert mailbox.taken == []

    def test_refuses_what_is_of_no_kind(self, patient):
        with pytest.raises(kinds.NoSuchKind):
            mailing.queue("mail/whatever", recipient=patient, to=patient.email, context={})

    def test_a_rollback_owes_nothing(self, patient, templates, queued_tasks):
        with transaction.atomic():
            mailing.queue("mail/appointment", recipient=patient, to=patient.email, context={})
            transaction.set_rollback(True)

        assert not Letter.objects.exists()
        assert queued_tasks() == []


@pytest.mark.django_db
class TestQueueAll:
    @pytest.mark.parametrize("many", [1, 30])
    def test_owes_many_in_as_many_statements_as_one(
        self, patient, templates, django_assert_num_queries, queued_tasks, many
    ):
        letters = [
            Letter(
                template="mail/appointment",
                recipient=patient,
                to=patient.email,
                next_attempt_at=timezone.now(),
            )
            for _ in range(many)
        ]

        with django_assert_num_queries(5):
            mailing.queue_all(letters)

        assert Letter.objects.count() == Letter.history.count() == many
        assert queued_tasks() == ["messaging.tasks.send_due_letters"]

    def test_asks_nobody_to_send_nothing(self, queued_tasks, db):
        mailing.queue_all([])

        assert queued_tasks() == []


@pytest.mark.django_db
class TestSend:
    def test_sends_plain_text_and_html_and_keeps_what_was_sent(self, owed, mailbox, settings):
        tasks.send_letter(str(owed.pk))

        owed.refresh_from_db()
        mail = mailbox.taken[0]
        text = (
            "Hello Patient,\n\nit is on Monday 23 November 2026, 10:05 pm AWST (UTC+08:00):"
            f" {settings.BASE_URL}/portal/\n\nProMedicine\n"
        )
        assert (owed.status, owed.attempts, owed.last_error) == (Letter.Status.SENT, 1, "")
        assert (owed.subject, owed.body) == ("Your appointment with Dr O’Neill & Co", text)
        assert (mail["Subject"], mail["To"]) == (owed.subject, owed.to)
        assert mail["Message-ID"] == f"<{owed.pk}@promedicine.example>"
        assert mail.get_body(["plain"]).get_content().splitlines() == text.splitlines()
        assert mail.get_body(["html"]).get_content().count("10:05 pm AWST (UTC+08:00)") == 1

    def test_uses_the_html_template_beside_the_text(self, owed, mailbox, templates):
        layout = (
            '{% extends "messaging/mail/_layout.html" %}{% block body %}<p>{{ doctor }}</p>{% endblock %}'
        )
        (templates / "appointment.html").write_text(layout)

        mailing.send(owed)

        assert mailbox.taken[0].get_body(["html"]).get_content().count("<p>Dr O’Neill &amp; Co</p>") == 1

    def test_a_name_cannot_add_headers(self, owed, mailbox):
        owed.change(by=None, context={"doctor": "Dr\r\nBcc: someone@example.com", "starts_at": AT})

        mailing.send(owed)

        assert mailbox.taken[0]["Subject"] == "Your appointment with Dr"
        assert mailbox.taken[0]["Bcc"] is None

    def test_sends_once_however_often_it_is_asked(self, owed, mailbox):
        for _ in range(3):
            tasks.send_letter(str(owed.pk))

        assert len(mailbox.taken) == 1

    def test_takes_a_file_along(self, owed, mailbox):
        calendar = mailing.Enclosure("visit.ics", "BEGIN:VCALENDAR\r\n", "calendar", {"method": "REQUEST"})
        letter = mailing.queue(
            owed.template, recipient=owed.recipient, to=owed.to, context=owed.context, enclosures=[calendar]
        )

        mailing.send(letter)

        [mail] = mailbox.taken
        [part] = mail.iter_attachments()
        kinds = ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar"]
        assert [each.get_content_type() for each in mail.walk()] == kinds
        assert (part.get_filename(), part.get_param("method")) == ("visit.ics", "REQUEST")
        assert part.get_content() == "BEGIN:VCALENDAR\r\n"

    def test_drops_what_is_no_longer_needed(self, owed, wanted, mailbox):
        wanted(still=False)

        mailing.send(owed)

        assert (owed.status, owed.last_error) == (Letter.Status.DROPPED, "")
        assert mailbox.taken == []

    def test_sends_what_is_still_wanted(self, owed, wanted, mailbox):
        wanted(still=True)

        mailing.send(owed)

        assert owed.status == Letter.Status.SENT

    def test_refuses_to_send_in_a_transaction(self, owed, mailbox):
        with transaction.atomic(), pytest.raises(RuntimeError):
            mailing.send(owed)

        assert mailbox.taken == []

    def test_tries_a_greylisting_server_again_later(self, owed, mailbox):
        mailbox.answers = ["451 Come again later"]

        mailing.send(owed)
        waits = minutes_to_wait(owed)
        tasks.send_due_letters()
        too_early = len(mailbox.taken)
        owed.change(by=None, next_attempt_at=timezone.now())
        tasks.send_due_letters()

        owed.refresh_from_db()
        assert (waits, too_early, len(mailbox.taken)) == (1, 0, 1)
        assert (owed.status, owed.attempts) == (Letter.Status.SENT, 2)

    def test_gives_up_after_five_attempts_with_growing_pauses(self, owed, mailbox):
        mailbox.answers = ["550 No such mailbox"] * 9
        waits = []

        for _ in range(7):
            mailing.send(owed)
            waits.append(minutes_to_wait(owed))
            owed.change(by=None, next_attempt_at=timezone.now())

        assert waits[:4] == [1, 5, 30, 120]
        assert (owed.status, owed.attempts) == (Letter.Status.FAILED, 5)
        assert owed.last_error.startswith("SMTPDataError: (550, b'No such mailbox')")

    def test_waits_for_a_server_that_is_away(self, owed, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9

        mailing.send(owed)

        assert (owed.status, owed.attempts, minutes_to_wait(owed)) == (Letter.Status.OWED, 1, 1)
        assert owed.last_error.startswith("ConnectionRefusedError")

    def test_a_missing_template_is_a_failed_attempt(self, patient, templates, mailbox):
        letter = mailing.queue("mail/nothing", recipient=patient, to=patient.email, context={})

        mailing.send(letter)

        assert (letter.status, letter.attempts) == (Letter.Status.OWED, 1)
        assert letter.last_error.startswith("TemplateDoesNotExist")

    def test_a_letter_that_kills_its_worker_is_not_tried_for_ever(self, owed, mailbox):
        owed.change(by=None, attempts=5)

        mailing.send(owed)

        assert owed.status == Letter.Status.FAILED
        assert mailbox.taken == []


@pytest.mark.django_db
class TestSendDue:
    def test_sends_what_is_due_and_leaves_the_rest(self, owed, patient, mailbox):
        later = mailing.queue("mail/appointment", recipient=patient, to=patient.email, context={})
        later.change(by=None, next_attempt_at=timezone.now() + timedelta(minutes=5))

        assert tasks.send_due_letters() == 1

        later.refresh_from_db()
        assert later.status == Letter.Status.OWED


@pytest.mark.django_db
class TestSendAgain:
    def test_tries_a_failed_letter_anew(self, owed, manager, mailbox):
        owed.move_to(Letter.Status.FAILED, by=None)

        letter = mailing.send_again(owed, by=manager)
        mailing.send(letter)

        assert letter == owed
        assert (letter.status, letter.attempts, len(mailbox.taken)) == (Letter.Status.SENT, 1, 1)
        assert letter.history.filter(history_user=manager).count() == 1

    def test_sends_a_copy_of_a_sent_letter(self, owed, manager, mailbox):
        mailing.send(owed)

        copy = mailing.send_again(owed, by=manager)
        mailing.send(copy)

        assert (copy.copy_of, copy.to) == (owed, owed.to)
        assert [mail["Subject"] for mail in mailbox.taken] == [owed.subject] * 2

    def test_a_copy_of_a_copy_is_one_of_the_letter(self, owed, manager, mailbox):
        mailing.send(owed)
        copy = mailing.send_again(owed, by=manager)
        mailing.send(copy)

        again = mailing.send_again(copy, by=manager)

        assert again.copy_of == owed
        with pytest.raises(mailing.AlreadyBeingSent):
            mailing.send_again(owed, by=manager)

    def test_a_copy_takes_the_file_along_too(self, owed, manager, mailbox):
        files = [mailing.Enclosure("visit.ics", "BEGIN:VCALENDAR", "calendar")._asdict()]
        owed.change(by=None, enclosures=files)
        mailing.send(owed)

        copy = mailing.send_again(owed, by=manager)

        assert copy.enclosures == files

    @pytest.mark.parametrize("sent", [True, False], ids=["sent", "dropped"])
    def test_refuses_what_is_no_longer_needed(self, owed, wanted, manager, mailbox, sent):
        wanted(still=sent)
        mailing.send(owed)
        wanted(still=False)

        with pytest.raises(mailing.NotNeeded):
            mailing.send_again(owed, by=manager)

        assert owed.copies.count() == 0

    def test_asked_twice_sends_one_copy(self, owed, manager, mailbox):
        mailing.send(owed)
        mailing.send_again(owed, by=manager)

        with pytest.raises(mailing.AlreadyBeingSent):
            mailing.send_again(owed, by=manager)

        assert owed.copies.count() == 1

    def test_has_patience_with_what_was_not_sent(self, owed, manager):
        with pytest.raises(mailing.NotYetSent):
            mailing.send_again(owed, by=manager)


@pytest.mark.django_db(transaction=True)
def test_two_workers_on_one_letter_send_one_mail(owed, mailbox):
    together = threading.Barrier(4)

    def work():
        together.wait()
        tasks.send_letter(str(owed.pk))
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    owed.refresh_from_db()
    assert len(mailbox.taken) == 1
    assert (owed.status, owed.attempts) == (Letter.Status.SENT, 1)


class Slow:
    """A delivery during which the machine stands still: the claim on the letter runs out."""

    def __init__(self, monkeypatch, owed):
        self.owed, self.begun, self.goes_on = owed, threading.Event(), threading.Event()
        self.deliver, self.problem, self.raised = mailing._deliver, None, []
        monkeypatch.setattr(mailing, "_deliver", self)
        self.worker = threading.Thread(target=self.work)
        self.worker.start()
        assert self.begun.wait(10)
        Letter.objects.filter(pk=owed.pk).update(next_attempt_at=timezone.now())

    def __call__(self, letter):
        if threading.current_thread() is not self.worker:
            return self.deliver(letter)
        self.begun.set()
        assert self.goes_on.wait(10)
        if self.problem:
            raise self.problem
        return self.deliver(letter)

    def work(self):
        try:
            tasks.send_letter(str(self.owed.pk))
        except Exception as raised:
            self.raised.append(raised)
        connection.close()

    def end(self, problem=None):
        self.problem = problem
        self.goes_on.set()
        self.worker.join()
        self.owed.refresh_from_db()


@pytest.mark.django_db(transaction=True)
class TestAClaimThatRanOut:
    @pytest.mark.parametrize("problem", [None, OSError("The line broke")], ids=["sent", "not sent"])
    def test_what_another_worker_sent_meanwhile_stays_sent(self, owed, mailbox, monkeypatch, problem):
        slow = Slow(monkeypatch, owed)
        tasks.send_letter(str(owed.pk))

        slow.end(problem)

        assert slow.raised == []
        assert (owed.status, owed.attempts, owed.last_error) == (Letter.Status.SENT, 2, "")
        assert owed.history.filter(status=Letter.Status.SENT).count() == 1
        assert len({mail["Message-ID"] for mail in mailbox.taken}) == 1  # a mailbox shows it once

    def test_what_another_worker_gave_up_stays_given_up(self, owed, mailbox, monkeypatch):
        slow = Slow(monkeypatch, owed)
        owed.move_to(Letter.Status.FAILED, by=None, last_error="Refused")

        slow.end()

        assert (slow.raised, owed.status, owed.last_error) == ([], Letter.Status.FAILED, "Refused")

    def test_a_late_failure_leaves_the_claim_of_the_other_worker(self, owed, mailbox, monkeypatch):
        slow = Slow(monkeypatch, owed)
        assert mailing._claim(owed, now=timezone.now())

        slow.end(OSError("The line broke"))

        assert (slow.raised, owed.status, owed.attempts, minutes_to_wait(owed)) == ([], "owed", 2, 10)
