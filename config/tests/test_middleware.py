"""What happens to every request."""

from datetime import timedelta

import time_machine
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone


def writes(client) -> int:
    with CaptureQueriesContext(connection) as queries:
        client.get("/accounts/email/")
    return len([query for query in queries if query["sql"].startswith('UPDATE "django_session"')])


class TestSeen:
    def test_the_idle_time_starts_anew_once_a_minute(self, client, make_user):
        client.force_login(make_user("patient"))
        now = timezone.now()

        with time_machine.travel(now) as clock:
            counted = [writes(client), writes(client)]
            clock.shift(timedelta(seconds=61))
            counted += [writes(client), writes(client)]

        assert counted == [1, 0, 1, 0]
        assert Session.objects.get().expire_date >= now + timedelta(seconds=61, minutes=29)

    def test_whoever_is_idle_for_half_an_hour_is_signed_out(self, client, make_user):
        client.force_login(make_user("patient"))
        client.get("/accounts/email/")

        with time_machine.travel(timezone.now() + timedelta(minutes=31)):
            answer = client.get("/accounts/email/")

        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/accounts/login/")

    def test_a_stranger_gets_no_session(self, client, db):
        client.get("/")

        assert Session.objects.count() == 0
