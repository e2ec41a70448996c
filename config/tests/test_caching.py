"""What one process counts, all processes know, and still know after a restart."""

import pytest
from django.core.cache import cache
from django.core.cache.backends import locmem
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config import caching

TOO_OFTEN = "There were too many attempts."


@pytest.fixture
def shared(db, settings):
    """The cache as it is outside of tests."""
    settings.CACHES = {"default": settings.SHARED_CACHE}
    caching.make_table()


@pytest.fixture
def restart(settings):
    """Forget all that a process knows by itself."""

    def do():
        locmem._caches.clear()
        settings.CACHES = dict(settings.CACHES)

    return do


def asked(client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        client.get(address)
    return len([query for query in queries if "shared_cache" in query["sql"]])


class TestMakeTable:
    def test_may_run_again(self, shared):
        cache.set("told", 1)

        caching.make_table()

        assert cache.get("told") == 1

    def test_runs_after_migrate(self, db, settings):
        settings.CACHES = {"default": settings.SHARED_CACHE}

        call_command("migrate", verbosity=0)

        assert "shared_cache" in connection.introspection.table_names()


class TestSharedCache:
    def test_counts_failed_sign_ins_over_a_restart(self, shared, client, manager, restart):
        form = {"login": manager.email, "password": "a guess of somebody"}
        for _ in range(10):
            client.post(reverse("account_login"), form)

        restart()
        page = client.post(reverse("account_login"), form).content.decode()

        assert TOO_OFTEN in page

    def test_is_not_asked_for_a_public_page(self, shared, client):
        assert asked(client, "/") == 0

    def test_is_asked_once_for_a_page_of_the_desk(self, shared, staff_client, manager):
        browser = staff_client(manager)
        browser.get(reverse("admin:clinic_patient_changelist"))

        assert asked(browser, reverse("admin:clinic_patient_changelist")) == 1
