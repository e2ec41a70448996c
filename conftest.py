"""What every test can ask for: the cast, the clock's noon, the queue."""

from __future__ import annotations

from contextlib import contextmanager

import hypothesis
import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_q.models import OrmQ

from config.supervisor import postgres
from config.tests import sharing

# How long one example takes says how busy the machine is, and nothing of what is tested.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

pytest_plugins = ["messaging.tests.browsing"]


def pytest_configure(config):
    settings.STATIC_ROOT.mkdir(exist_ok=True)  # whitenoise warns of a missing one
    settings.WHITENOISE_AUTOREFRESH = True  # or else every client that a test opens looks through all of them
    sharing.begin()
    settings.DATABASES["default"].update(postgres.for_tests(settings.BASE_DIR / ".devdb"))


@pytest.fixture
def make_user(db):
    """Make a person in a role; staff count as having passed their second factor only when signed in so."""

    def make(role: str, name: str | None = None, **fields):
        name = name or role
        return get_user_model().objects.create_user(
            f"{name}@example.com",
            None,
            role=role,
            given_name=name.capitalize(),
            family_name="Example",
            **fields,
        )

    return make


@pytest.fixture
def manager(make_user):
    return make_user("manager")


@pytest.fixture
def reception(make_user):
    return make_user("reception")


@pytest.fixture
def auditor(make_user):
    return make_user("auditor")


@pytest.fixture
def staff_client(db):
    """Open a browser in which one of the staff has passed the second factor: ``staff_client(manager)``."""

    def sign_in(user) -> Client:
        device, _ = TOTPDevice.objects.get_or_create(user=user, name="Test", confirmed=True)
        client = Client()
        client.force_login(user)
        session = client.session
        session[DEVICE_ID_SESSION_KEY] = device.persistent_id
        session["second_factor_at"] = timezone.now().timestamp()
        session.save()
        return client

    return sign_in


@pytest.fixture
def queued_tasks(db):
    """The names of the tasks a worker would find now, oldest first."""
    return lambda: [row.func() for row in OrmQ.objects.order_by("pk")]


@pytest.fixture
def files(settings, tmp_path):
    """A folder of the test's own, in which papers are kept."""
    storage = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": tmp_path, "base_url": None},
    }
    settings.STORAGES = settings.STORAGES | {"default": storage}
    return tmp_path


@pytest.fixture
def off_guard(db):
    """Do something to a table while the database looks away: ``with off_guard("clinic_appointment"): …``."""

    @contextmanager
    def look_away(*tables: str):
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks still to come cannot change
            for table in tables:
                cursor.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')
            yield cursor
            for table in tables:
                cursor.execute(f'ALTER TABLE "{table}" ENABLE TRIGGER USER')
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")

    return look_away
