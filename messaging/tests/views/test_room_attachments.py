"""Pictures and PDFs in a conversation, in real browsers over real web processes."""

from __future__ import annotations

from io import BytesIO

import pikepdf
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import expect

from messaging.models import Attachment
from messaging.tests.live import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True}


def picture(name="knee.jpg"):
    file = BytesIO()
    Image.new("RGB", (1200, 900), "#a33").save(file, "JPEG")
    return {"name": name, "mimeType": "image/jpeg", "buffer": file.getvalue()}


def paper(name="referral.pdf"):
    file = BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(file)
    return {"name": name, "mimeType": "application/pdf", "buffer": file.getvalue()}


def choose(page, *files):
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Add photos or PDFs").click()
    chooser.value.set_files(list(files))


def send(page):
    page.get_by_role("button", name="Send").click()


def test_a_picture_goes_from_a_phone_to_the_doctor(
    open_room, browser_of, staff_client, patient, doctor, tmp_path
):
    phone = open_room(browser_of(patient), **PHONE)
    desk = open_room(staff_client(doctor), color_scheme="dark")

    choose(phone, picture(), paper(), picture("not-this.jpg"))
    phone.get_by_role("button", name="Remove not-this.jpg").click()
    expect(phone.locator("[data-chosen] li")).to_have_count(2)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 320
    phone.get_by_label("Your message").fill("My knee")
    send(phone)

    shown = desk.get_by_role("img", name="knee.jpg")
    expect(shown).to_be_visible(timeout=30_000)
    shown.scroll_into_view_if_needed()
    width = "document.querySelector('.room-file img').naturalWidth"
    wait_until(lambda: desk.evaluate(width) == 480, "the picture is there")
    expect(desk.locator(".room-file.pdf")).to_contain_text("referral.pdf")
    expect(desk.locator(".room-file.pdf small")).to_contain_text("PDF, 1 page, ")
    expect(phone.get_by_role("img", name="knee.jpg")).to_be_visible()
    expect(phone.locator("[data-chosen]")).to_be_hidden()
    with desk.context.expect_page() as opened:
        desk.get_by_role("link", name="knee.jpg").press("Enter")
    opened.value.wait_for_load_state()
    assert opened.value.evaluate("document.images[0].naturalWidth") == 1200
    assert phone.evaluate("document.documentElement.scrollWidth") <= 320
    for page in (phone, desk):
        assert Axe().run(page).response["violations"] == []
        assert page.broken == []
    phone.screenshot(path=tmp_path / "phone.png")
    desk.screenshot(path=tmp_path / "desk.png")


def test_a_refused_file_says_why_and_its_words_are_not_lost(open_room, browser_of, patient, room):
    page = open_room(browser_of(patient))

    choose(page, {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"Hello"})
    page.get_by_label("Your message").fill("My notes")
    send(page)

    expect(page.locator(".mine [data-state]")).to_contain_text(
        "Not sent. notes.txt: Only pictures", timeout=30_000
    )
    expect(page.locator(".mine .room-text")).to_have_text("My notes")
    assert room.messages.count() == 0


def test_a_picture_waits_for_the_connection_and_after_a_reload_is_asked_for_again(
    open_room, browser_of, patient, room
):
    page = open_room(browser_of(patient))
    page.on("dialog", lambda dialog: dialog.accept())
    page.route("**/messages/", lambda route: route.abort())
    choose(page, picture())
    page.get_by_label("Your message").fill("My knee")
    send(page)
    expect(page.locator(".mine [data-state]")).to_have_text("Waiting for the connection…")

    page.reload()

    expect(page.locator("[data-file-problem]")).to_have_text(
        "Your message was not sent yet. Please choose again: knee.jpg."
    )
    expect(page.get_by_label("Your message")).to_have_value("My knee")
    page.unroute("**/messages/")
    choose(page, picture())
    send(page)
    expect(page.get_by_role("img", name="knee.jpg")).to_be_visible(timeout=30_000)
    assert (room.messages.count(), Attachment.objects.count()) == (1, 1)


def test_a_picture_can_be_sent_without_a_script(open_room, browser_of, patient, room):
    page = open_room(browser_of(patient), java_script_enabled=False)

    page.get_by_label("Photos or PDFs").set_input_files(picture())
    send(page)

    expect(page.get_by_role("img", name="knee.jpg")).to_be_visible()
    assert Attachment.objects.get().message.text == ""
