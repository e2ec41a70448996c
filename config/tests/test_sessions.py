import psycopg
import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection
from django.test import Client

from config.sessions import SessionStore
from messaging import listening

KILL = "SELECT pg_terminate_backend(%s)"


@pytest.fixture
def session(transactional_db):
    store = SessionStore()
    store["seen_at"] = 1
    store.create()
    store["seen_at"] = 2
    return store


def lose_the_database():
    """End our connection behind our back, as a restart of the server does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    with psycopg.connect(**listening._own_connection(), autocommit=True) as other:
        other.execute(KILL, [pid])


class TestSave:
    def test_says_that_the_database_is_away(self, session):
        lose_the_database()

        with pytest.raises(OperationalError):
            session.save()

        connection.close()
        session.save()
        assert SessionStore(session.session_key)["seen_at"] == 2

    def test_says_that_somebody_ended_it(self, session):
        Session.objects.all().delete()

        with pytest.raises(UpdateError):
            session.save()


@pytest.mark.django_db(transaction=True)
def test_what_was_done_while_the_database_went_away_is_no_refusal(make_user, monkeypatch):
    browser = Client(raise_request_exception=False)
    browser.force_login(make_user("patient"))
    save = Session.save

    def save_without_a_database(*args, **kwargs):
        lose_the_database()
        return save(*args, **kwargs)

    monkeypatch.setattr(Session, "save", save_without_a_database)

    assert browser.get("/portal/rooms/").status_code == 500
    connection.close()
