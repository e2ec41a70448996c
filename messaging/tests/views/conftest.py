"""Real browsers over real web processes."""

from __future__ import annotations

import shutil

import pytest
from playwright.sync_api import sync_playwright

from messaging.tests.live import Web, wait_until_quiet

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def chromium():
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright's loop runs in this thread; what Django fears of it does not happen here.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
        assert found, "Chromium is missing: make test installs it."
        browser = playwright.chromium.launch(executable_path=found, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def web(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        web = Web().start()
    yield web
    web.stop()


@pytest.fixture
def open_room(chromium, web, room):
    """Open the room's page in a browser in which somebody is signed in, with their errors noted."""
    contexts = []

    def open_one(signed_in, place="", **options):
        context = chromium.new_context(**options)
        contexts.append(context)
        address = f"http://127.0.0.1:{web.port}"
        context.add_cookies(
            [{"name": "sessionid", "value": signed_in.cookies["sessionid"].value, "url": address}]
        )
        page = context.new_page()
        page.broken = []
        page.on("pageerror", lambda error: page.broken.append(str(error)))
        page.goto(
            f"{address}{place}" if place.startswith("/") else f"{address}/portal/rooms/{room.pk}/{place}"
        )
        return page

    yield open_one
    for context in contexts:
        context.close()
    wait_until_quiet()
