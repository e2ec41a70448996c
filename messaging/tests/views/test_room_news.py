"""What the script of an open room fetches, and when: nothing is asked for twice, and nothing is missed."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from messaging import chatting, withdrawing
from messaging.tests.browsing import expect_said, said, write
from messaging.tests.live import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Whatever the page posts is answered so many milliseconds later.
ANSWER_LATE = """late => {
  const ask = window.fetch;
  window.fetch = async (address, options) => {
    const answer = await ask(address, options);
    if (options?.method === "POST") await new Promise((done) => setTimeout(done, late));
    return answer;
  };
}"""

# Whatever the page fetches of the conversation is there so many milliseconds later.
FETCH_LATE = """late => {
  const ask = window.fetch;
  window.fetch = async (address, options) => {
    const answer = await ask(address, options);
    if (!options?.method) await new Promise((done) => setTimeout(done, late));
    return answer;
  };
}"""


@pytest.mark.parametrize("late", [0, 1500], ids=["the answer first", "the live event first"])
def test_what_one_sends_is_not_fetched_again(open_room, browser_of, patient, late):
    page = open_room(browser_of(patient))
    wait_until(lambda: page.evaluate("window.liveEvents?.state === 'open'"), "the page listens")
    page.wait_for_timeout(1000)  # what it asks by itself when it opens
    page.evaluate(ANSWER_LATE, late)
    fetched = []
    page.on("request", lambda it: it.method == "GET" and "/messages/" in it.url and fetched.append(it.url))

    for number, text in enumerate(("One", "Two"), 1):
        write(page, text)
        expect(page.locator(".mine[data-sequence]")).to_have_count(number)
    page.wait_for_timeout(1000)

    assert (said(page), fetched, page.broken) == (["One", "Two"], [], [])


def test_what_one_writes_elsewhere_comes_though_the_own_answer_does_not(open_room, browser_of, patient, room):
    page = open_room(browser_of(patient))
    wait_until(lambda: page.evaluate("window.liveEvents?.state === 'open'"), "the page listens")
    page.evaluate(ANSWER_LATE, 10**6)
    write(page, "From here")
    wait_until(room.messages.exists, "the message is kept")

    chatting.post(room, by=patient, text="From the phone")

    expect_said(page, ["From here", "From the phone"])
    expect(page.locator(".mine")).to_have_count(2)


def test_what_is_told_while_the_page_fetches_is_not_lost(open_room, browser_of, patient, room, doctor):
    chatting.post(room, by=patient, text="Hello")
    chatting.post(room, by=doctor, text="A slip")
    page = open_room(browser_of(patient))
    wait_until(lambda: page.evaluate("window.liveEvents?.state === 'open'"), "the page listens")
    page.wait_for_timeout(1000)  # what it asks by itself when it opens
    page.evaluate(FETCH_LATE, 1500)
    with page.expect_request(lambda it: it.method == "GET" and "/messages/" in it.url) as asked:
        chatting.post(room, by=doctor, text="Good morning")
    assert asked.value.response().status == 200  # it was read before what follows

    withdrawing.withdraw(room.messages.get(sequence=2), by=doctor, reason="mistake")
    chatting.read_up_to(room, by=doctor, sequence=1)

    expect(page.locator("#message-2 [data-withdrawn]")).to_be_visible(timeout=10_000)
    expect(page.locator("#message-1 [data-state]")).to_have_text("· Read")
    expect(page.locator("#message-3")).to_be_visible()


def test_what_could_not_be_fetched_is_asked_for_again(open_room, browser_of, patient, room, doctor):
    page = open_room(browser_of(patient))
    wait_until(lambda: page.evaluate("window.liveEvents?.state === 'open'"), "the page listens")
    page.wait_for_timeout(1000)  # what it asks by itself when it opens
    page.route("**/messages/?**", lambda route: route.fulfill(status=503), times=1)

    chatting.post(room, by=doctor, text="Hello")

    expect_said(page, ["Hello"])
