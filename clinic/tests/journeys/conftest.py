import pytest
from django.conf import settings
from playwright.sync_api import sync_playwright

from clinic.tests.journeys.actors import Actor
from clinic.tests.journeys.stage import SMALL_DEMO, Stage
from messaging.tests import browsing


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    stage = Stage(tmp_path_factory.mktemp("stage"))
    try:
        stage.start(*SMALL_DEMO)
        yield stage
    finally:
        stage.stop()


@pytest.fixture(scope="module")  # its event loop must not outlive it: other tests use the ORM here
def playwright():
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium():
    """Where the browser is."""
    return browsing.program()


@pytest.fixture(scope="module")
def browser(playwright, chromium):
    browser = playwright.chromium.launch(executable_path=chromium, args=browsing.QUIET)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def screens():
    folder = settings.BASE_DIR / "artefacts" / "screens"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def actor(stage, browser, screens):
    """Let somebody come, for as long as the test runs: ``actor("manager", viewport=DESK)``."""
    opened = []

    def make(name: str, **options) -> Actor:
        opened.append(Actor(browser, stage, name, screens=screens, **options))
        return opened[-1]

    yield make
    for one in opened:
        one.page.context.close()
