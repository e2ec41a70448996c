"""Sending proved against servers that refuse, stall, hang up, and ask to come again; and by a provider."""

import asyncio
import socket
from datetime import timedelta

import pytest
from anymail.exceptions import AnymailAPIError
from django.db import transaction
from django.utils import timezone

from messaging import mailing, tasks
from messaging.models import Letter

pytestmark = pytest.mark.django_db
SLOW = 0.3
"""Seconds after which we give a server up, in these tests."""


def minutes_to_wait(letter: Letter) -> int:
    return round((letter.next_attempt_at - timezone.now()).total_seconds() / 60)


def send_when_due(letter: Letter) -> None:
    letter.change(by=None, next_attempt_at=timezone.now())
    tasks.send_due_letters()
    letter.refresh_from_db()


class TestAServerThat:
    @pytest.fixture(autouse=True)
    def _impatient(self, settings):
        settings.EMAIL_TIMEOUT = SLOW

    def test_refuses_the_reader_has_it_tried_again_and_says_why(self, owed, mailbox):
        async def refuse(server, session, envelope, address, options):
            return "550 5.1.1 No such user"

        mailbox.handle_RCPT = refuse

        mailing.send(owed)

        assert (owed.status, owed.attempts, minutes_to_wait(owed)) == (Letter.Status.OWED, 1, 1)
        assert owed.last_error.startswith("SMTPRecipientsRefused")
        assert mailbox.taken == []

    def test_greylists_the_reader_takes_it_the_second_time(self, owed, mailbox):
        answers = ["450 4.2.0 Greylisted, come again in a minute", "250 OK"]

        async def greylist(server, session, envelope, address, options):
            answer = answers.pop(0)
            if answer.startswith("250"):
                envelope.rcpt_tos.append(address)
            return answer

        mailbox.handle_RCPT = greylist

        mailing.send(owed)
        first = (owed.status, len(mailbox.taken))
        send_when_due(owed)

        assert first == (Letter.Status.OWED, 0)
        assert (owed.status, owed.attempts, len(mailbox.taken)) == (Letter.Status.SENT, 2, 1)

    def test_never_says_hello_is_given_up_in_time(self, owed, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        with socket.create_server(("127.0.0.1", 0)) as silent:
            settings.EMAIL_HOST, settings.EMAIL_PORT = silent.getsockname()[:2]

            mailing.send(owed)

        assert (owed.status, owed.attempts) == (Letter.Status.OWED, 1)
        assert owed.last_error.endswith("timed out")

    def test_hangs_up_after_the_text_gets_it_again(self, owed, mailbox):
        take = mailbox.handle_DATA

        async def hang_up(server, session, envelope):
            mailbox.handle_DATA = take
            server.transport.abort()

        mailbox.handle_DATA = hang_up

        mailing.send(owed)
        first = (owed.status, owed.last_error.partition(":")[0])
        send_when_due(owed)

        assert first == (Letter.Status.OWED, "SMTPServerDisconnected")
        assert (owed.status, owed.attempts, len(mailbox.taken)) == (Letter.Status.SENT, 2, 1)

    def test_takes_it_but_answers_too_late_gets_it_again_by_the_same_name(self, owed, mailbox):
        """Nobody can know that it was taken; mailboxes show two mails of one name once."""
        take = mailbox.handle_DATA

        async def too_late(server, session, envelope):
            mailbox.handle_DATA = take
            answer = await take(server, session, envelope)
            await asyncio.sleep(SLOW * 3)
            return answer

        mailbox.handle_DATA = too_late

        mailing.send(owed)
        first = (owed.status, owed.last_error)
        send_when_due(owed)

        assert first == (
            Letter.Status.OWED,
            "SMTPServerDisconnected: Connection unexpectedly closed: timed out",
        )
        assert owed.status == Letter.Status.SENT
        assert [mail["Message-ID"] for mail in mailbox.taken] == [owed.message_id] * 2


class TestAWorkerThat:
    def test_died_at_a_letter_leaves_it_to_the_next_only_when_its_claim_is_over(self, owed, mailbox):
        mailing._claim(owed, now=timezone.now())  # and then nothing more is heard of it

        tasks.send_due_letters()
        too_early = len(mailbox.taken)
        mailing._claim(owed, now=timezone.now())
        owed.change(by=None, next_attempt_at=owed.next_attempt_at - mailing.CLAIM - timedelta(seconds=1))
        tasks.send_due_letters()

        owed.refresh_from_db()
        assert (too_early, len(mailbox.taken)) == (0, 1)
        assert (owed.status, owed.attempts) == (Letter.Status.SENT, 2)

    def test_finds_nothing_of_a_transaction_that_was_taken_back(self, patient, templates, mailbox):
        with transaction.atomic():
            mailing.queue("mail/appointment", recipient=patient, to=patient.email, context={})
            transaction.set_rollback(True)

        assert tasks.send_due_letters() == 0
        assert mailbox.taken == []


class TestAProvider:
    @pytest.fixture(autouse=True)
    def _provider(self, settings):
        settings.EMAIL_BACKEND = "anymail.backends.test.EmailBackend"

    def test_gives_the_letter_its_own_name(self, owed):
        mailing.send(owed)

        assert (owed.status, owed.message_id) == (Letter.Status.SENT, "0")

    def test_that_fails_is_asked_again_later(self, owed, monkeypatch):
        def fail(*args):
            raise AnymailAPIError("It is away.")

        monkeypatch.setattr("anymail.backends.test.EmailBackend.post_to_esp", fail)

        mailing.send(owed)

        assert (owed.status, owed.attempts, minutes_to_wait(owed)) == (Letter.Status.OWED, 1, 1)
        assert owed.last_error.startswith("AnymailAPIError")

    def test_without_its_settings_costs_an_attempt_and_says_so(self, owed, settings):
        settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"

        mailing.send(owed)

        assert (owed.status, owed.attempts) == (Letter.Status.OWED, 1)
        assert owed.last_error.startswith("AnymailConfigurationError")
