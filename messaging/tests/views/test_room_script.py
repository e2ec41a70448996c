"""The script of an open room, in real browsers over real web processes."""

from __future__ import annotations

import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from messaging import chatting
from messaging.tests.live import Web, wait_until, wait_until_quiet

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

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

    def open_one(signed_in):
        context = chromium.new_context()
        contexts.append(context)
        address = f"http://127.0.0.1:{web.port}"
        context.add_cookies(
            [{"name": "sessionid", "value": signed_in.cookies["sessionid"].value, "url": address}]
        )
        page = context.new_page()
        page.broken = []
        page.on("pageerror", lambda error: page.broken.append(str(error)))
        page.goto(f"{address}/portal/rooms/{room.pk}/")
        return page

    yield open_one
    for context in contexts:
        context.close()
    wait_until_quiet()


@pytest.fixture
def pages(open_room, browser_of, staff_client, patient, doctor):
    return open_room(browser_of(patient)), open_room(staff_client(doctor))


def said(page):
    return page.locator(".room-message[data-sequence] .room-text").all_inner_texts()


def write(page, text):
    page.get_by_label("Your message").fill(text)
    page.keyboard.press("Enter")


def expect_said(page, texts):
    expect(page.locator(".room-message[data-sequence] .room-text")).to_have_text(texts, timeout=30_000)


def test_what_one_writes_the_other_sees_and_its_writer_learns_that_it_was_read(pages, room):
    patient_page, doctor_page = pages

    write(patient_page, "Hello <b>doctor</b>")
    expect_said(doctor_page, ["Hello <b>doctor</b>"])
    write(doctor_page, "Good morning")

    expect_said(patient_page, ["Hello <b>doctor</b>", "Good morning"])
    expect(patient_page.locator(".mine [data-state]")).to_have_text(["· Read"])
    expect(patient_page.locator(".room-day")).to_have_count(1)
    wait_until(lambda: chatting.unread_for(room.members.first().user) == {}, "the read mark")
    assert patient_page.broken + doctor_page.broken == []


def test_shift_and_enter_starts_a_new_line(pages):
    patient_page, _ = pages
    field = patient_page.get_by_label("Your message")

    field.fill("One")
    field.press("Shift+Enter")
    field.press_sequentially("Two")
    field.press("Enter")

    expect_said(patient_page, ["One\nTwo"])


def test_messages_wait_for_a_lost_connection_and_arrive_once(pages, room, doctor):
    patient_page, _ = pages
    expect(patient_page.locator("[data-connection]")).to_be_hidden()
    patient_page.context.set_offline(True)

    write(patient_page, "First")
    write(patient_page, "Second")
    expect(patient_page.locator(".mine [data-state]").first).to_have_text("Waiting for the connection…")
    chatting.post(room, by=doctor, text="Are you there?")
    patient_page.context.set_offline(False)

    for page in pages:
        expect_said(page, ["Are you there?", "First", "Second"])
    assert list(room.messages.values_list("text", flat=True)) == ["Are you there?", "First", "Second"]


def test_a_restarted_web_process_loses_and_doubles_nothing(pages, web, room, doctor):
    patient_page, doctor_page = pages
    write(patient_page, "Before")
    expect_said(doctor_page, ["Before"])

    web.kill()
    write(patient_page, "Meanwhile")
    chatting.post(room, by=doctor, text="From elsewhere")
    web.start()

    for page in pages:
        expect_said(page, ["Before", "From elsewhere", "Meanwhile"])
    assert room.messages.count() == 3


def test_a_lost_answer_does_not_say_it_twice(pages, room):
    patient_page, doctor_page = pages
    answers = []

    def lose_the_first_answer(route):
        if route.request.method == "POST" and not answers:
            answers.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    patient_page.route("**/messages/**", lose_the_first_answer)
    write(patient_page, "Once")

    expect_said(doctor_page, ["Once"])
    expect(patient_page.locator(".mine [data-state]")).to_have_text(["· Read"], timeout=15_000)
    expect_said(patient_page, ["Once"])
    assert (answers, room.messages.count()) == ([200], 1)


def test_a_closed_room_says_so_and_keeps_what_could_not_be_sent(pages, room):
    patient_page, _ = pages
    patient_page.route("**/events/**", lambda route: route.abort())
    field = patient_page.get_by_label("Your message")
    field.fill("Too late")
    chatting.close_room(room, by=None)

    field.press("Enter")

    expect(patient_page.locator(".refused .room-text")).to_have_text("Too late")
    expect(patient_page.locator(".refused [data-state]")).to_have_text(f"Not sent. {chatting.RoomClosed()}")


def test_where_streams_are_blocked_the_page_polls(open_room, browser_of, patient, room, doctor):
    page = open_room(browser_of(patient))
    page.route("**/events/**", lambda route: route.abort())
    page.reload()

    chatting.post(room, by=doctor, text="Hello")

    expect_said(page, ["Hello"])


def test_earlier_messages_come_on_asking(open_room, browser_of, patient, room, doctor):
    for number in range(1, 121):
        chatting.post(room, by=doctor, text=str(number))
    page = open_room(browser_of(patient))

    for _ in range(2):
        page.get_by_text("Earlier messages").click()
        page.wait_for_timeout(300)

    expect_said(page, [str(number) for number in range(1, 121)])
    expect(page.locator(".room-day")).to_have_count(1)
    expect(page.get_by_text("Earlier messages")).to_be_hidden()


def test_signing_out_elsewhere_is_told(open_room, browser_of, patient):
    signed_in = browser_of(patient)
    page = open_room(signed_in)
    page.wait_for_timeout(300)

    signed_in.logout()

    told = "You are signed out. Reload the page to sign in again."
    expect(page.locator("[data-connection]")).to_have_text(told, timeout=10_000)
