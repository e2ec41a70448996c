"""Real browsers over real web processes."""

from __future__ import annotations

import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from messaging.tests.live import Web

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def program() -> str:
    """Where the browser is."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert found, "Chromium is missing: make test installs it."
    return found


@pytest.fixture(scope="module")
def chromium():
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright's loop runs in this thread; what Django fears of it does not happen here.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=program(), args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def web(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        web = Web().start()
    yield web
    web.stop()


# What tests of the page of a conversation do and see


def said(page):
    return page.locator(".room-message[data-sequence] .room-text").all_inner_texts()


def write(page, text):
    page.get_by_label("Your message").fill(text)
    page.keyboard.press("Enter")


def expect_said(page, texts):
    expect(page.locator(".room-message[data-sequence] .room-text")).to_have_text(texts, timeout=30_000)
