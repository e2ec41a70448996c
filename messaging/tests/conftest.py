"""The cast of messaging: two people in a room, and one who is not."""

import socket
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller
from django.test import Client

from config.base import record_viewed
from messaging import chatting, kinds, mailing

BODY = """Your appointment with {doctor}
Hello {first_name},

it is on {starts_at}: {home}

{practice}
"""
NAMES = {
    "doctor": kinds.Name("the doctor", "{{ doctor }}", "Dr Example"),
    "starts_at": kinds.Name("when", "{% load letters %}{{ starts_at|in_zone:zone }}", "Monday", must=True),
    "home": kinds.Name("the portal", "{{ base_url }}/portal/", "https://clinic.example/portal/"),
}
AT = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)


@pytest.fixture
def patient(make_user):
    return make_user("patient", time_zone="Australia/Perth")


@pytest.fixture
def stranger(make_user):
    return make_user("patient", "stranger")


@pytest.fixture
def doctor(make_user):
    return make_user("doctor")


@pytest.fixture
def room(patient, doctor):
    return chatting.open_room("Consultation with Dr Example", members=[patient, doctor], by=None)


@pytest.fixture
def browser_of():
    """Open a browser in which somebody is signed in: ``browser_of(patient)``."""

    def sign_in(user) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def opened_records():
    """Who opened what, as it is announced to the audit trail."""
    opened = []

    def note(sender, record, request, action, **kwargs):
        opened.append((request.user, record, action))

    record_viewed.connect(note)
    yield opened
    record_viewed.disconnect(note)


class Mailbox:
    """An SMTP server's answer to each letter, and the letters it took."""

    def __init__(self):
        self.answers = []
        self.taken = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  aiosmtpd calls it so
        answer = self.answers.pop(0) if self.answers else "250 Taken"
        if answer.startswith("250"):
            self.taken.append(message_from_bytes(envelope.content, policy=policy.default))
        return answer


@pytest.fixture
def mailbox(settings):
    mailbox = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Controller(mailbox, hostname="127.0.0.1", port=port)
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    yield mailbox
    server.stop()


@pytest.fixture
def templates(settings, tmp_path, monkeypatch):
    """A folder for the templates of a test."""
    for name in ("mail/appointment", "mail/nothing"):
        monkeypatch.setitem(kinds.KINDS, name, kinds.Kind("Appointment", kinds.Group.VISITS, names=NAMES))
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "appointment.txt").write_text(BODY)
    folders = [tmp_path, *settings.TEMPLATES[0]["DIRS"]]
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": folders}]
    return tmp_path / "mail"


@pytest.fixture
def owed(patient, templates):
    return mailing.queue(
        "mail/appointment",
        recipient=patient,
        to=patient.email,
        context={"doctor": "Dr O’Neill & Co", "starts_at": AT},
    )
