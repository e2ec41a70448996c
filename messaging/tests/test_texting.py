"""SMS over a real HTTP server that speaks the provider's protocol, and fails, stalls and hangs up."""

import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from messaging import choosing, kinds, mailing, shortening, tasks, texting
from messaging.models import Letter, Mobile

NUMBER = "+61412345678"
WHEN = "Wednesday 23 September 2026, 10:05 pm AWST (UTC+08:00)"
CONTEXT = {"when": WHEN, "until": WHEN, "path": "/portal/", "practitioner": "Dr O’Neill", "name": "Ann"}
NIGHT, NOON = datetime(2026, 11, 23, 15, tzinfo=UTC), datetime(2026, 11, 23, 4, tzinfo=UTC)
"""Eleven at night, and noon, in Perth."""


class Provider(ThreadingHTTPServer):
    """Twilio's messages, as far as we use them; ``answers`` are given first."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.taken, self.stalls = [], [], threading.Event()

    def handle_error(self, request, client_address):
        """A client that gave us up is what we test."""


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        said = {name: values[0] for name, values in parse_qs(body).items()}
        answer = self.server.answers.pop(0) if self.server.answers else 201
        if answer == "hang up":
            self.server.taken.append((self.path, self.headers["Authorization"], said))
            self.connection.close()
            return
        if answer == "stall":
            self.server.stalls.wait(5)
            return
        if answer == 201:
            self.server.taken.append((self.path, self.headers["Authorization"], said))
        text = b'{"sid": "SM%d", "code": 21211}' % len(self.server.taken)
        self.send_response(answer)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args):
        """Quiet."""


@pytest.fixture
def provider(settings):
    provider = Provider()
    thread = threading.Thread(target=provider.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    settings.SMS_PROVIDER, settings.SMS_ACCOUNT, settings.SMS_SECRET = "twilio", "AC1", "s" * 32
    settings.SMS_FROM = "+61400000000"
    settings.SMS_API_BASE = f"http://127.0.0.1:{provider.server_address[1]}"
    yield provider
    provider.stalls.set()
    provider.shutdown()
    provider.server_close()
    thread.join()


@pytest.fixture
def chosen(patient):
    choosing.choose(patient, wanted=choosing.wanted_by(patient), by=patient, mobile=NUMBER)
    return patient


@pytest.fixture
def still_wanted(monkeypatch):
    monkeypatch.setattr(mailing, "STILL_WANTED", {})


def owe(patient, template="clinic/mail/waitlist_offer"):
    mailing.queue(template, recipient=patient, to=patient.email, context=CONTEXT)
    return Letter.objects.get(channel="sms")


def when_due(text):
    text.change(by=None, next_attempt_at=timezone.now())
    mailing.send(text)
    text.refresh_from_db()
    return text


@pytest.mark.django_db
class TestOwing:
    def test_one_goes_beside_the_letter_of_who_chose_it(self, chosen, provider):
        text = owe(chosen)

        told = (text.number, text.to, text.template, text.beside.template)
        assert told == (NUMBER, "", "clinic/sms/waitlist_offer", "clinic/mail/waitlist_offer")

    def test_none_goes_to_who_said_nothing(self, patient, provider):
        mailing.queue("clinic/mail/waitlist_offer", recipient=patient, to=patient.email, context=CONTEXT)

        assert Letter.objects.get().channel == "email"

    def test_none_goes_while_the_practice_sends_none(self, chosen, settings):
        settings.SMS_PROVIDER = ""
        mailing.queue("clinic/mail/waitlist_offer", recipient=chosen, to=chosen.email, context=CONTEXT)

        assert Letter.objects.get().channel == "email"

    def test_other_letters_have_none_beside_them(self, chosen, provider):
        mailing.queue("clinic/mail/appointment_moved", recipient=chosen, to=chosen.email, context=CONTEXT)

        assert Letter.objects.get().channel == "email"

    def test_a_rollback_owes_and_sends_nothing(self, chosen, provider, queued_tasks):
        with transaction.atomic():
            owe(chosen)
            transaction.set_rollback(True)

        assert (Letter.objects.count(), queued_tasks(), provider.taken) == (0, [], [])

    @pytest.mark.parametrize("many", [1, 30])
    def test_many_cost_as_many_statements_as_one(self, chosen, provider, django_assert_num_queries, many):
        letters = [
            Letter(
                template="clinic/mail/appointment_reminder",
                recipient=chosen,
                to=chosen.email,
                context=CONTEXT,
                next_attempt_at=timezone.now(),
            )
            for _ in range(many)
        ]

        with django_assert_num_queries(8):
            mailing.queue_all(letters)

        assert Letter.objects.filter(channel="sms").count() == many

    def test_the_database_keeps_one_beside_each_letter(self, chosen, provider):
        text = owe(chosen)

        with pytest.raises(IntegrityError, match="beside"), transaction.atomic():
            Letter.objects.add(
                by=None, channel="sms", number=NUMBER, beside=text.beside, next_attempt_at=timezone.now()
            )


@pytest.mark.django_db
class TestSending:
    def test_says_that_something_waits_and_notes_what_the_provider_calls_it(
        self, chosen, provider, still_wanted, settings
    ):
        text = when_due(owe(chosen))

        path, account, said = provider.taken[0]
        assert (text.status, text.message_id, text.given_at) == ("sent", "SM1", None)
        assert (path, account) == ("/2010-04-01/Accounts/AC1/Messages.json", "Basic QUMxOn" + account[12:])
        assert said == {
            "To": NUMBER,
            "From": "+61400000000",
            "Body": text.body,
            "StatusCallback": f"{settings.BASE_URL}/webhook/texts/",
        }

    @pytest.mark.parametrize("answer", [429, 503, 401])
    def test_what_was_not_taken_is_tried_again(self, chosen, provider, still_wanted, answer):
        provider.answers = [answer]

        text = when_due(owe(chosen))
        first = (text.status, text.attempts, text.given_at, len(provider.taken))
        when_due(text)

        assert first == ("owed", 1, None, 0)
        assert (text.status, text.attempts, len(provider.taken)) == ("sent", 2, 1)

    def test_nobody_there_is_tried_again(self, chosen, provider, still_wanted, settings):
        settings.SMS_API_BASE = "http://127.0.0.1:9"

        text = when_due(owe(chosen))

        assert (text.status, text.attempts) == ("owed", 1)
        assert text.last_error == "NotTaken: The provider cannot be reached: ConnectionRefusedError."

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            (400, "The provider refused it: answer 400, code 21211."),
            (500, "The provider answered 500: it may have been sent. Ask before you send it again."),
            ("hang up", "may have been sent"),
            ("stall", "The answer was lost (TimeoutError): it may have been sent."),
        ],
    )
    def test_what_may_have_been_taken_is_not_sent_twice(
        self, chosen, provider, still_wanted, monkeypatch, answer, said
    ):
        monkeypatch.setattr(texting, "PATIENCE", 0.3)
        provider.answers = [answer]

        text = when_due(owe(chosen))
        sent = len(provider.taken)
        mailing.send(text)

        assert (text.status, len(provider.taken)) == ("failed", sent)
        assert said in text.last_error
        assert NUMBER not in text.last_error

    def test_a_worker_that_died_at_it_is_not_followed_by_another(self, chosen, provider, still_wanted):
        text = owe(chosen)
        text.change(by=None, attempts=1, given_at=timezone.now())

        when_due(text)

        assert (text.status, text.last_error, provider.taken) == ("failed", mailing.CUT_OFF, [])

    def test_it_is_dropped_when_its_reader_turned_sms_off_meanwhile(self, chosen, provider, still_wanted):
        text = owe(chosen)
        choosing.choose(chosen, wanted=choosing.wanted_by(chosen), by=chosen, mobile="")

        when_due(text)

        assert (text.status, text.dropped_for, provider.taken) == ("dropped", "unwanted", [])

    def test_it_is_dropped_with_what_it_was_about(self, chosen, provider, monkeypatch):
        asked = []
        monkeypatch.setitem(mailing.STILL_WANTED, "clinic/mail/waitlist_offer", asked.append)
        text = owe(chosen)

        when_due(text)

        assert (text.status, text.dropped_for, asked) == ("dropped", "over", [text.beside])

    def test_whoever_wants_no_such_letters_gets_no_such_sms(self, chosen, provider, still_wanted):
        text = owe(chosen, "clinic/mail/appointment_reminder")
        choosing.choose(chosen, wanted=set(), by=chosen)

        assert mailing.why_not(text) == Letter.Dropped.UNWANTED

    def test_one_that_was_sent_is_not_copied(self, chosen, provider, still_wanted, manager):
        text = when_due(owe(chosen))

        with pytest.raises(mailing.SentOnce):
            mailing.send_again(text, by=manager)

    def test_one_that_failed_is_sent_when_a_person_says_so(self, chosen, provider, still_wanted, manager):
        provider.answers = [500]
        text = when_due(owe(chosen))

        mailing.send_again(text, by=manager)
        when_due(text)

        assert (text.status, len(provider.taken)) == ("sent", 1)

    def test_files_are_kept_where_no_provider_is(self, chosen, settings, tmp_path, still_wanted):
        settings.SMS_PROVIDER, settings.SMS_FOLDER = "file", str(tmp_path / "sms")

        text = when_due(owe(chosen))

        kept = (tmp_path / "sms" / f"{text.pk}.txt").read_text()
        assert kept == f"To: {NUMBER}\n\n{text.body}\n"

    def test_nothing_leaves_in_a_transaction(self, provider, django_db_blocker):
        with pytest.raises(RuntimeError, match="outside"), transaction.atomic():
            texting.send(NUMBER, "Hello", key="1")


@pytest.mark.django_db
class TestAtNight:
    @pytest.mark.parametrize(
        ("template", "now", "until"),
        [
            ("clinic/mail/appointment_reminder", NIGHT, datetime(2026, 11, 24, 0, tzinfo=UTC)),
            ("clinic/mail/appointment_reminder", NOON, None),
            ("messaging/mail/message_waiting", NIGHT, datetime(2026, 11, 24, 0, tzinfo=UTC)),
            ("clinic/mail/appointment_held", NIGHT, None),
            ("clinic/mail/waitlist_offer", NIGHT, None),
        ],
    )
    def test_only_what_the_person_asked_for_rings(self, chosen, provider, template, now, until):
        assert shortening.not_before(owe(chosen, template), now=now) == until


@pytest.mark.django_db
@pytest.mark.parametrize("template", sorted(name for name, kind in kinds.KINDS.items() if kind.text))
def test_every_sms_is_short_and_plain_and_says_how_to_end_it(chosen, provider, template):
    written = shortening.render(owe(chosen, template))

    assert written.startswith("ProMedicine: ")
    assert written.endswith("Reply STOP for no more SMS.")
    assert len(written) <= 160
    assert written.isascii()
    assert "http" not in written
    assert "O'Neill" not in written


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_one_sends(chosen, provider, still_wanted):
    text = owe(chosen)
    start = threading.Barrier(2)

    def work():
        start.wait()
        tasks.send_letter(str(text.pk))
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    text.refresh_from_db()
    assert (text.status, len(provider.taken)) == ("sent", 1)


@pytest.mark.django_db
@pytest.mark.parametrize("number", ["0412345678", "+61212345678", "+6141234567", ""])
def test_the_database_keeps_only_australian_mobiles(patient, number):
    with pytest.raises(IntegrityError, match="is_australian"), transaction.atomic():
        Mobile.objects.add(by=None, person=patient, number=number, is_on=True)
