"""The cast of messaging: two people in a room, and one who is not."""

import pytest
from django.test import Client

from config.base import record_viewed
from messaging import chatting


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
