"""The script of an open room, in real browsers over real web processes."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from messaging import appearing, chatting, withdrawing
from messaging.tests.browsing import expect_said, write
from messaging.tests.live import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def pages(open_room, browser_of, staff_client, patient, doctor):
    return open_room(browser_of(patient)), open_room(staff_client(doctor))


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


def test_one_reads_back_by_scrolling_and_stays_where_one_was(open_room, browser_of, patient, room, doctor):
    for number in range(1, 121):
        chatting.post(room, by=doctor, text=str(number))
    page = open_room(browser_of(patient))

    page.locator("#message-75").scroll_into_view_if_needed()
    page.locator("[data-scroll]").evaluate("node => node.scrollTop = 100")
    expect(page.locator("#message-40")).to_be_attached()
    before = page.locator("#message-72").bounding_box()["y"]
    page.wait_for_timeout(500)

    assert page.locator("#message-72").bounding_box()["y"] == before
    expect(page.locator("#message-72")).to_be_in_viewport()
    page.locator("[data-scroll]").evaluate("node => node.scrollTop = 0")
    expect_said(page, [str(number) for number in range(1, 121)])
    expect(page.locator(".room-day")).to_have_count(1)


def test_one_who_came_in_around_a_message_reads_on_to_the_end(open_room, browser_of, patient, room, doctor):
    for number in range(1, 151):
        chatting.post(room, by=doctor, text=str(number))
    page = open_room(browser_of(patient), "?around=60#message-60")
    expect(page.locator("#message-60")).to_be_in_viewport()
    expect(page.locator("[data-newest-row]")).to_be_visible()
    chatting.post(room, by=doctor, text="New")
    page.wait_for_timeout(500)
    expect(page.get_by_text("New", exact=True)).to_have_count(0)
    assert chatting.unread_for(patient) == {room.pk: 151}

    for last in (110, 151):
        page.locator("[data-scroll]").evaluate("node => node.scrollTop = node.scrollHeight")
        expect(page.locator(f"#message-{last}")).to_be_attached()
    page.locator("[data-scroll]").evaluate("node => node.scrollTop = node.scrollHeight")

    expect(page.locator("[data-newest-row]")).to_be_hidden()
    expect(page.get_by_text("New", exact=True)).to_be_in_viewport()
    wait_until(lambda: chatting.unread_for(patient) == {}, "the read mark")
    assert page.broken == []


def test_an_answer_quotes_and_leads_to_what_it_answers(pages, room, doctor):
    patient_page, doctor_page = pages
    write(patient_page, "How many drops?")
    expect_said(doctor_page, ["How many drops?"])

    doctor_page.get_by_role("link", name="Reply to Patient Example").click()
    expect(doctor_page.locator("[data-answering]")).to_contain_text(
        "Reply to Patient Example: How many drops?"
    )
    write(doctor_page, "Five")
    expect(doctor_page.locator("[data-answering]")).to_be_hidden()

    quote = patient_page.locator(".theirs .room-quote")
    expect(quote).to_have_text("In reply to You How many drops?")
    for number in range(120):
        chatting.post(room, by=doctor, text=str(number))
    chatting.post(room, by=doctor, text="As I said", answers=1)
    patient_page.reload()
    patient_page.locator(".room-quote").click()
    expect(patient_page.locator("#message-1")).to_be_in_viewport()
    expect(patient_page.locator("#message-1")).to_be_focused()
    patient_page.get_by_role("link", name="Newest messages").click()
    expect(patient_page.get_by_text("As I said")).to_be_in_viewport()
    assert patient_page.broken + doctor_page.broken == []


def test_who_answers_from_far_back_is_taken_to_the_end(open_room, browser_of, patient, room, doctor):
    for number in range(1, 121):
        chatting.post(room, by=doctor, text=str(number))
    page = open_room(browser_of(patient), "#message-10")  # as a call for help links to it

    page.locator("#message-10 [data-answer]").click()
    write(page, "About the tenth")

    expect(page.locator("#message-121 .room-text")).to_have_text("About the tenth")
    expect(page.locator("#message-121")).to_be_in_viewport()
    assert room.messages.get(sequence=121).answers == 10


def test_what_is_withdrawn_goes_from_both_pages(pages, room):
    patient_page, doctor_page = pages
    write(patient_page, "My secret")
    expect_said(doctor_page, ["My secret"])
    doctor_page.get_by_role("link", name="Reply to Patient Example").click()
    write(doctor_page, "Noted")
    expect(patient_page.locator(".theirs")).to_have_count(1)

    patient_page.get_by_role("link", name="Withdraw what you wrote").focus()
    patient_page.keyboard.press("Enter")
    expect(patient_page.get_by_role("dialog")).to_be_visible()
    patient_page.get_by_role("button", name="It was meant for somebody else").click()

    for page, who in ((patient_page, "you"), (doctor_page, "Patient Example")):
        expect(page.locator("#message-1 [data-withdrawn]")).to_have_text(
            f"Message withdrawn by {who}: it was meant for somebody else."
        )
        assert "secret" not in page.locator("[data-list]").inner_text()
        expect(page.locator("#message-2 [data-quoted]")).to_have_text("Message withdrawn")
    expect(patient_page.locator("#message-1 .room-meta a")).to_have_count(0)
    assert room.messages.first().text == "My secret"
    assert patient_page.broken + doctor_page.broken == []


def test_what_one_began_to_write_is_on_the_other_device_and_goes_when_it_is_sent(
    open_room, browser_of, patient
):
    signed_in = browser_of(patient)
    phone = open_room(signed_in)
    with phone.expect_response("**/draft/") as kept:
        phone.get_by_label("Your message").fill("I have a headache")
    assert kept.value.status == 200

    computer = open_room(signed_in)
    expect(computer.get_by_label("Your message")).to_have_value("I have a headache")
    computer.get_by_label("Your message").press("Enter")
    expect_said(phone, ["I have a headache"])
    phone.reload()

    expect(phone.get_by_label("Your message")).to_have_value("")


def test_what_waits_for_the_connection_is_kept_over_a_reload_and_sent_once_in_order(pages, room):
    patient_page, _ = pages
    patient_page.route("**/messages/", lambda route: route.abort())
    for text in ("First", "Second"):
        write(patient_page, text)
    expect(patient_page.locator(".mine [data-state]").first).to_have_text("Waiting for the connection…")
    patient_page.reload()
    expect(patient_page.locator(".mine .room-text")).to_have_text(["First", "Second"])
    expect(patient_page.get_by_label("Your message")).to_have_value("")
    assert not room.messages.exists()

    patient_page.unroute("**/messages/")

    for page in pages:
        expect_said(page, ["First", "Second"])
    assert list(room.messages.values_list("text", flat=True)) == ["First", "Second"]
    assert patient_page.evaluate("sessionStorage.length") == 0
    patient_page.reload()
    expect_said(patient_page, ["First", "Second"])
    expect(patient_page.locator(".mine")).to_have_count(2)


def test_a_lost_answer_and_a_reload_do_not_say_it_twice(pages, room):
    patient_page, _ = pages
    lost = []

    def lose_the_answer(route):
        if route.request.method == "POST":
            status = route.fetch().status
            route.abort()
            lost.append(status)
        else:
            route.continue_()

    patient_page.route("**/messages/**", lose_the_answer)
    write(patient_page, "Once")
    wait_until(lambda: lost or patient_page.wait_for_timeout(50), "the lost answer")  # the next try is later
    patient_page.unroute("**/messages/**")
    patient_page.reload()

    expect_said(patient_page, ["Once"])
    expect(patient_page.locator(".mine")).to_have_count(1)
    assert (lost[0], room.messages.count()) == (200, 1)


def test_one_sees_who_is_here_and_who_writes_and_it_goes_by_itself(pages, room):
    patient_page, doctor_page = pages
    seen = patient_page.locator("[data-presence]")
    for page, who in ((patient_page, "Doctor"), (doctor_page, "Patient")):
        expect(page.locator("[data-presence]")).to_have_text(f"{who} Example is here now")

    doctor_page.get_by_label("Your message").press_sequentially("Good")
    expect(seen).to_have_text("Doctor Example is writing…")
    expect(seen).to_have_text("Doctor Example is here now", timeout=10_000)
    doctor_page.get_by_label("Your message").press_sequentially(" morning")
    expect(seen).to_have_text("Doctor Example is writing…")
    doctor_page.keyboard.press("Enter")
    expect(seen).to_have_text("Doctor Example is here now")
    doctor_page.goto("about:blank")

    expect(seen).to_have_text("")
    assert seen.get_attribute("aria-live") is None
    assert patient_page.broken + doctor_page.broken == []


def test_presence_comes_from_another_process(open_room, browser_of, patient, room, doctor):
    appearing._told.clear()
    page = open_room(browser_of(patient))
    page.wait_for_timeout(500)

    appearing.appear(room, by=doctor, state="writing")

    expect(page.locator("[data-presence]")).to_have_text("Doctor Example is writing…")
    appearing.appear(room, by=doctor, state="gone")
    expect(page.locator("[data-presence]")).to_have_text("")


def test_a_stream_that_is_cut_off_later_is_replaced_by_polling(pages, room, doctor):
    patient_page, _ = pages
    chatting.post(room, by=doctor, text="By the stream")
    expect_said(patient_page, ["By the stream"])
    patient_page.route("**/events/**", lambda route: route.abort())
    patient_page.evaluate("window.liveEvents.broke(window.liveEvents.source)")
    told = "The connection is slow. New messages may take a few seconds."
    expect(patient_page.locator("[data-connection]")).to_have_text(told, timeout=15_000)

    withdrawing.withdraw(room.messages.get(), by=doctor, reason="twice")
    chatting.post(room, by=doctor, text="By asking")
    write(patient_page, "Heard")

    expect(patient_page.locator("#message-2 .room-text")).to_have_text("By asking", timeout=15_000)
    expect(patient_page.locator("#message-1 [data-withdrawn]")).to_be_visible()
    expect(patient_page.locator(".mine[data-sequence]")).to_have_count(1)
    assert patient_page.broken == []


def test_the_tab_counts_what_is_unread_in_every_conversation(open_room, browser_of, patient, room, doctor):
    other = chatting.open_room("Follow-up", members=[patient, doctor], by=None)
    for there in (room, other, other):
        chatting.post(there, by=doctor, text="Hello")
    page = open_room(browser_of(patient))
    tab = page.locator("[data-unread-total]")

    expect(tab).to_have_text("2 unread")  # those of this conversation are read just now
    chatting.post(other, by=doctor, text="Once more")
    expect(tab).to_have_text("3 unread")
    chatting.read_up_to(other, by=patient, sequence=3)
    page.get_by_role("link", name="All messages").click()

    expect(tab).to_be_hidden()


def test_signing_out_elsewhere_is_told(open_room, browser_of, patient):
    signed_in = browser_of(patient)
    page = open_room(signed_in)
    page.wait_for_timeout(300)

    signed_in.logout()

    told = "You are signed out. Reload the page to sign in again."
    expect(page.locator("[data-connection]")).to_have_text(told, timeout=10_000)
