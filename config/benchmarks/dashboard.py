"""A practice manager at the dashboard, and the statements that the page consists of."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY, devices_for_user

from config.benchmarks.reports import CannotMeasure


@contextmanager
def signed_in_manager() -> Iterator[str]:
    """Give the cookie of a session in which the demo's manager has passed the second factor.

    :raises CannotMeasure: when there is no such manager.
    """
    managers: Any = get_user_model()
    manager = managers.objects.filter(role="manager", is_active=True).order_by("pk").first()
    device = next(devices_for_user(manager), None) if manager else None
    if device is None:
        raise CannotMeasure("There is no manager with a second factor. Start the demo once: make run")
    client = Client()
    client.force_login(manager, backend=settings.AUTHENTICATION_BACKENDS[-1])
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    session["second_factor_at"] = timezone.now().timestamp()
    session.save()
    try:
        yield f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
    finally:
        session.delete()


def statements(cookie: str) -> list[str]:
    """The SELECTs of one look at the dashboard, with their values in them."""
    name, _, value = cookie.partition("=")
    client = Client()
    client.cookies[name] = value
    with CaptureQueriesContext(connection) as captured:
        answer = client.get("/admin/")
    if answer.status_code != 200:
        raise CannotMeasure(f"The dashboard answered {answer.status_code}.")
    return [query["sql"] for query in captured.captured_queries if query["sql"].startswith("SELECT")]


def carry_out(selects: list[str]) -> None:
    """Ask the database what the page asks, by hand and on one connection."""
    with connection.cursor() as cursor:
        for select in selects:
            cursor.execute(select)
            cursor.fetchall()
