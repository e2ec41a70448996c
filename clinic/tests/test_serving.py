"""Public pages in the memory of a real web process: until something changes, whoever changed it."""

import http.client
import os
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.http import HttpResponse
from django.utils import timezone

from clinic import publishing, serving
from clinic.models import Page, Practice
from messaging import listening
from messaging.tests.live import wait_until, wait_until_quiet


@pytest.fixture
def page(manager):
    page = Page(title="Fees", slug="fees", body=[])
    publishing.begin(page, by=manager)
    publishing.publish(page, by=manager)
    yield page
    wait_until_quiet()


def fetch(web, address="/fees/", **headers):
    line = http.client.HTTPConnection("127.0.0.1", web.port, timeout=10)
    line.request("GET", address, headers=headers)
    answer = line.getresponse()
    body = answer.read().decode()
    line.close()
    return SimpleNamespace(status=answer.status, body=body, headers=answer.headers)


def rename(page, title, by):
    publishing.rewrite(page, publishing.content(page) | {"title": title}, saw=publishing.mark(page), by=by)
    publishing.publish(page, by=by)


def warm(web):
    """Let the process hear of changes, and keep the page."""
    wait_until(lambda: fetch(web).status == 200, "the page is there")
    with connection.cursor() as cursor:

        def hears():
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND application_name = 'eventstream-listen' AND query LIKE 'LISTEN%' AND state = 'idle'"
            )
            return cursor.fetchone()[0] == 1

        wait_until(hears, "the process hears")
    return fetch(web)


def is_kept(web, off_guard):
    """Whether what the process hands out is from its memory: behind its back the row is another one."""
    with off_guard("clinic_page", "clinic_historicalpage") as cursor:
        cursor.execute("UPDATE clinic_historicalpage SET title = 'Behind its back'")
        found = "Behind its back" not in fetch(web).body
        cursor.execute("UPDATE clinic_historicalpage SET title = 'Fees'")
    return found


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
class TestOfAnotherProcess:
    def test_is_kept_until_somebody_publishes_elsewhere(self, page, web, manager, off_guard):
        warm(web)
        assert is_kept(web, off_guard)
        rename(page, "What it costs", manager)

        wait_until(lambda: "<h1>What it costs</h1>" in fetch(web).body, "the page is new", patience=5)

    def test_is_made_anew_when_what_it_tells_of_changes(self, page, web, manager, off_guard):
        Practice.objects.add(by=None, name="Old Name")
        wait_until(lambda: "Old Name" in warm(web).body, "the old name is read")
        assert is_kept(web, off_guard)
        Practice.objects.get().change(by=None, name="New Name")

        wait_until(lambda: "New Name" in fetch(web).body, "the page is new", patience=5)

    def test_is_gone_when_it_is_taken_off(self, page, web, manager, off_guard):
        warm(web)
        assert is_kept(web, off_guard)
        publishing.unpublish(page, by=manager)

        wait_until(lambda: fetch(web).status == 404, "the page is gone", patience=5)

    def test_says_the_same_from_memory_and_saves_who_has_it_already(self, page, web, off_guard):
        first = warm(web)
        assert is_kept(web, off_guard)
        second = fetch(web)
        third = fetch(web, **{"If-None-Match": second.headers["ETag"]})

        volatile = {"date"}
        told = [
            {name.lower(): value for name, value in one.headers.items() if name.lower() not in volatile}
            for one in (first, second)
        ]
        assert (first.body, told[0]) == (second.body, told[1])
        assert (third.status, third.body, third.headers["ETag"]) == (304, "", second.headers["ETag"])

    def test_is_not_handed_to_who_is_signed_in(self, page, web, patient, client, off_guard):
        warm(web)
        assert is_kept(web, off_guard)
        client.force_login(patient.user)
        cookie = f"sessionid={client.cookies['sessionid'].value}"

        answer = fetch(web, Cookie=cookie)
        assert "Your portal" in answer.body
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert "Your portal" not in fetch(web).body


class TestShelf:
    @pytest.fixture
    def shelf(self, monkeypatch):
        monkeypatch.setattr(listening.MANAGER, "_is_hearing", True)
        monkeypatch.setattr(listening.MANAGER, "_pid", os.getpid())
        return serving.Shelf()

    def kept(self, until=None):
        until = until or timezone.now() + timedelta(hours=1)
        return serving.Kept(b"x", {"ETag": '"x"'}, until)

    def test_keeps_nothing_that_was_begun_before_a_change(self, shelf):
        begun_at = shelf.changes
        shelf.clear()
        shelf.keep("/a/", self.kept(), begun_at=begun_at)

        assert shelf.find("/a/") is None

    def test_forgets_with_a_change_and_with_the_day(self, shelf):
        shelf.keep("/a/", self.kept(), begun_at=shelf.changes)
        shelf.keep("/b/", self.kept(timezone.now()), begun_at=shelf.changes)
        there = (shelf.find("/a/") is not None, shelf.find("/b/") is not None)
        shelf.clear()

        assert (there, shelf.find("/a/")) == ((True, False), None)

    def test_hands_out_nothing_while_the_process_is_deaf(self, shelf, monkeypatch):
        shelf.keep("/a/", self.kept(), begun_at=shelf.changes)
        monkeypatch.setattr(listening.MANAGER, "_is_hearing", False)

        assert shelf.find("/a/") is None

    def test_keeps_no_answer_that_sets_a_cookie(self, settings):
        settings.PAGES_KEPT = True
        response = HttpResponse("x")
        response.offered = (serving.SHELF.changes, timezone.now() + timedelta(hours=1))
        response.set_cookie("who", "you")
        serving.keep("/cookie/", response)

        assert "/cookie/" not in serving.SHELF._pages
