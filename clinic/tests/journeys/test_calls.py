"""A doctor and a patient call each other: two real Chromium processes with their pretended devices."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlsplit

import psutil
import pytest
from allauth.account.models import EmailAddress
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.management import call_command
from playwright.sync_api import Error, expect, sync_playwright

from clinic import booking
from clinic.models import Encounter, Segment
from clinic.tests.conftest import PASSWORD
from messaging import mailing
from messaging.models import Call, CallReport, Letter, Seat
from messaging.tests.browsing import QUIET
from messaging.tests.live import Web, wait_until, wait_until_quiet

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DEVICES = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
PATIENCE = 40_000  # milliseconds
# How many frames of the other's picture were shown, and whether the picture moves.
FRAMES = "() => document.querySelector('[data-remote]').getVideoPlaybackQuality().totalVideoFrames"
# How loud the other is, at the loudest moment of two seconds: the pretended microphone beeps once a second.
LOUDNESS = """async () => {
  const context = new AudioContext(), analyser = context.createAnalyser();
  context.createMediaStreamSource(document.querySelector('[data-remote]').srcObject).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let loudest = 0;
  for (let turn = 0; turn < 100; turn++) {
    analyser.getFloatTimeDomainData(samples);
    loudest = Math.max(loudest, ...samples.map(Math.abs));
    await new Promise((done) => setTimeout(done, 20));
  }
  await context.close();
  return loudest;
}"""

# What a browser that lies would do: say by itself that it is connected.
SAY_CONNECTED = """async () => {
  const root = document.querySelector('[data-call]');
  const token = root.querySelector('[name=csrfmiddlewaretoken]').value;
  const headers = { 'Content-Type': 'application/json', 'X-CSRFToken': token };
  const said = { page_id: root.dataset.pageId, modality: 'video', is_connected: true };
  await fetch(root.dataset.beatUrl, { method: 'POST', headers, body: JSON.stringify(said) });
}"""


@pytest.fixture(scope="module")
def web(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        call_command("createcachetable", "shared_cache", verbosity=0)  # the desk's counts are there
        web = Web().start()
    yield web
    web.stop()


@pytest.fixture(scope="module")
def playwright():
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright's loop runs in this thread; what Django fears of it does not happen here.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield playwright


@pytest.fixture
def visit(make_slot, patient, fees, practice, settle):
    """A visit that is paid for and begins in six minutes."""
    return settle(booking.hold(make_slot(hours=0.1), patient=patient, by=patient.user))


class Side:
    """One person at their own browser, in a process of its own."""

    def __init__(self, playwright, chromium, address, signed_in, **options) -> None:
        flags = options.pop("flags", DEVICES)
        self.browser = playwright.chromium.launch(executable_path=chromium, args=[*QUIET, *flags])
        self.context = self.browser.new_context(**options)
        cookie = {"name": "sessionid", "value": signed_in.cookies["sessionid"].value, "url": address}
        self.context.add_cookies([cookie])
        self.address, self.broken = address, []
        self.page = self.open()

    def open(self):
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.broken.append(str(error)))
        page.on("console", lambda told: self.broken.append(told.text) if "Policy" in told.text else None)
        return page

    def come(self, room) -> Side:
        self.page.goto(f"{self.address}/portal/rooms/{room.pk}/call/")
        return self

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name).click()

    def sees(self, words: str) -> None:
        expect(self.page.locator("[data-state-words]")).to_contain_text(words, timeout=PATIENCE)

    def sees_and_hears(self) -> None:
        """Frames of a moving picture and sound come from the other side."""
        frames = self.page.evaluate(FRAMES)
        wait_until(lambda: self.page.evaluate(FRAMES) > frames + 10, "the picture moves")
        assert self.page.evaluate(LOUDNESS) > 0.01

    def process(self) -> psutil.Process:
        tool = self.browser.new_browser_cdp_session()
        processes = tool.send("SystemInfo.getProcessInfo")["processInfo"]
        tool.detach()
        return psutil.Process(next(one["id"] for one in processes if one["type"] == "browser"))

    def kill(self) -> None:
        """End the browser as a power cut would: without a word."""
        self.process().kill()

    def close(self) -> None:
        with suppress(Error):
            self.browser.close()


@pytest.fixture
def side(playwright, chromium, web):
    opened = []

    def make(signed_in, **options) -> Side:
        opened.append(Side(playwright, chromium, f"http://127.0.0.1:{web.port}", signed_in, **options))
        return opened[-1]

    yield make
    for one in opened:
        one.close()
    wait_until_quiet()


@pytest.fixture
def at_home(side, client, patient):
    client.force_login(patient.user)
    return side(client)


@pytest.fixture
def at_work(side, staff_client, doctor):
    return side(staff_client(doctor.user))


@pytest.fixture
def connected(at_home, at_work, visit):
    at_home.come(visit.room).press("Join the call")
    at_home.sees("You are in the waiting room")
    at_work.come(visit.room).press("Join the call")
    at_work.sees("Patient Example is waiting to be let in")
    at_work.press("Let Patient Example in")
    for one in (at_home, at_work):
        one.sees("You are connected")
    return at_home, at_work


def stretches() -> list[tuple]:
    return [(s.modality, s.ended_at is not None, s.call_id is not None) for s in Segment.objects.all()]


def test_both_see_and_hear_each_other_and_the_talk_is_a_stretch_of_the_consultation(connected, visit):
    at_home, at_work = connected

    for one in connected:
        one.sees_and_hears()
    wait_until(lambda: stretches() == [("video", False, True)], "the stretch")
    at_home.press("Hang up")

    at_work.sees("The call has ended")
    at_home.sees("You hung up")
    assert stretches() == [("video", True, True)]
    segment = Segment.objects.get()
    assert segment.encounter == Encounter.objects.get()
    assert segment.started_at < segment.ended_at
    assert at_home.broken + at_work.broken == []


def test_who_is_cut_off_by_the_network_comes_back_and_the_gap_is_no_talk(connected, visit):
    at_home, at_work = connected
    wait_until(lambda: stretches() == [("video", False, True)], "the stretch")
    started_at = Segment.objects.get().started_at
    heard_later = Seat.objects.filter(user=visit.patient.user, heard_at__gt=started_at)
    wait_until(heard_later.exists, "another beat")

    at_home.context.set_offline(True)
    at_work.sees("The connection with Patient Example is interrupted")
    at_home.sees("Your connection is away")
    wait_until(lambda: stretches() == [("video", True, True)], "the interruption")
    at_home.context.set_offline(False)

    for one in connected:
        one.sees("You are connected")
        one.sees_and_hears()
    wait_until(lambda: stretches() == [("video", True, True), ("video", False, True)], "the rest")
    at_work.press("Hang up")
    at_home.sees("The call has ended")
    first, rest = Segment.objects.all()
    assert first.started_at < first.ended_at < rest.started_at < rest.ended_at
    assert {report.kind for report in CallReport.objects.all()} >= {"connected", "resumed", "left"}


def test_sound_and_picture_that_stop_are_an_interruption_whatever_the_connection_believes(connected, visit):
    """The patient's computer sleeps for a while: nothing arrives, and only the doctor's browser says so."""
    at_home, at_work = connected
    wait_until(lambda: stretches() == [("video", False, True)], "the stretch")
    browser = at_home.process()
    asleep = [*browser.children(recursive=True), browser]

    for process in asleep:
        process.suspend()
    try:
        at_work.sees("The connection with Patient Example is interrupted")
        wait_until(lambda: stretches() == [("video", True, True)], "the interruption")
    finally:
        for process in reversed(asleep):
            process.resume()

    for one in connected:
        one.sees("You are connected")
        one.sees_and_hears()
    wait_until(lambda: stretches()[-1] == ("video", False, True), "the rest")


def test_a_browser_that_was_killed_ends_the_talk_when_it_was_last_heard(connected, visit, patient):
    at_home, at_work = connected
    wait_until(lambda: stretches() == [("video", False, True)], "the stretch")

    at_home.kill()
    at_work.sees("The connection with Patient Example is interrupted")
    wait_until(lambda: stretches() == [("video", True, True)], "the end", patience=60)
    wait_until(
        lambda: CallReport.objects.filter(kind="lost", side=patient.user).exists(), "lost", patience=60
    )
    at_work.press("Hang up")

    wait_until(lambda: not Call.objects.live().exists(), "the end of the call")
    lost = CallReport.objects.get(kind="lost")
    assert (lost.side, lost.recorded_by) == (patient.user, None)
    assert Segment.objects.get().ended_at <= lost.recorded_at


def test_one_sides_word_alone_is_no_talk(at_home, at_work, visit):
    """The patient waits and is let in, but never comes to speak: the doctor's browser alone makes nothing."""
    at_home.come(visit.room).press("Join the call")
    at_home.sees("You are in the waiting room")
    at_work.come(visit.room).press("Join the call")
    at_work.sees("is waiting to be let in")
    at_home.kill()
    at_work.press("Let Patient Example in")
    at_work.sees("Connecting")
    at_work.page.evaluate(SAY_CONNECTED)

    wait_until(lambda: CallReport.objects.filter(kind="connected").exists(), "the doctor's word")
    assert stretches() == []


def test_a_page_that_is_loaded_again_is_back_without_waiting_again(connected, visit):
    at_home, _ = connected
    at_home.page.on("dialog", lambda dialog: dialog.accept())
    at_home.page.reload()
    at_home.press("Join the call")

    for one in connected:
        one.sees("You are connected")
        one.sees_and_hears()
    assert Call.objects.count() == 1
    wait_until(lambda: stretches() == [("video", True, True), ("video", False, True)], "two stretches")


def test_camera_off_is_a_voice_call_and_the_buttons_work_by_keyboard(connected, visit):
    at_home, at_work = connected
    for name, after in [("Mute", "Unmute"), ("Turn camera off", "Turn camera on")]:
        button = at_home.page.get_by_role("button", name=name)
        button.focus()
        at_home.page.keyboard.press("Enter")
        expect(at_home.page.get_by_role("button", name=after)).to_be_focused()

    at_work.sees("Patient Example’s camera is off")
    wait_until(lambda: stretches() == [("video", True, True), ("voice", False, True)], "the voice call")
    at_home.page.get_by_role("button", name="Turn camera on").press("Space")
    at_home.page.get_by_role("button", name="Unmute").press("Space")
    wait_until(lambda: len(stretches()) == 3, "the picture again")
    at_work.sees_and_hears()


def test_the_doctor_hands_over_to_the_telephone(connected, visit, patient, screens):
    at_home, at_work = connected
    patient.change(by=None, phone="0491570156")
    at_work.page.get_by_role("button", name="Turn camera off").click()  # the page looks anew

    at_work.press("Ring Patient Example on 0491570156")
    at_work.page.wait_for_url("**/admin/clinic/encounter/**")
    expect(at_home.page.get_by_text("The doctor rings you on your telephone")).to_be_visible(timeout=PATIENCE)
    for width in (320, 1200):
        at_work.page.set_viewport_size({"width": width, "height": 700})
        at_work.page.screenshot(path=screens / f"call_by_telephone_{width}.png")
        box, ring = (at_work.page.locator(name).bounding_box() for name in ("#call", "[value=voice]"))
        assert ring["x"] + ring["width"] <= box["x"] + box["width"] - 12  # inside, with some air
    at_work.press("End telephone")

    expect(at_work.page.get_by_text("(as noted)")).to_be_visible()
    assert stretches()[-1] == ("voice", True, False)
    assert all(ended for _, ended, _ in stretches())
    assert not Call.objects.live().exists()


def test_a_browser_without_devices_says_so_in_words(side, client, patient, visit):
    client.force_login(patient.user)
    bare = side(client, flags=["--use-fake-ui-for-media-stream"])
    bare.come(visit.room)

    expect(bare.page.get_by_text("No microphone was found. Connect one, then try again.")).to_be_visible()
    bare.press("Join the call")
    assert not Call.objects.exists()


def test_a_browser_that_may_not_use_them_says_how_to_allow_it(side, client, patient, visit):
    client.force_login(patient.user)
    shy = side(client, flags=["--use-fake-device-for-media-stream", "--deny-permission-prompts"])
    shy.come(visit.room)

    expect(shy.page.get_by_text("Your browser may not use the microphone.")).to_be_visible()


def test_the_conversation_tells_who_waits_and_leads_to_the_call(at_home, at_work, visit, screens):
    for one in (at_home, at_work):
        one.page.goto(f"{one.address}/portal/rooms/{visit.room.pk}/")
        expect(one.page.get_by_text("Talk by voice or video.")).to_be_visible(timeout=PATIENCE)
    with at_home.page.expect_popup() as opened:
        at_home.page.get_by_role("link", name="Join the call").click()
    opened.value.get_by_role("button", name="Join the call").click()

    expect(at_work.page.get_by_text("Patient Example is waiting for you in the call.")).to_be_visible()
    at_work.page.screenshot(path=screens / "call_door.png")
    with at_work.page.expect_popup() as opened:
        at_work.page.get_by_role("link", name="Join the call").click()
    expect(opened.value.get_by_role("heading", name="Call with Patient Example")).to_be_visible()


def test_the_letter_leads_to_the_call_after_signing_in(playwright, chromium, web, visit, patient):
    # The web process does not know the quick way in which tests keep passwords.
    patient.user.password = PBKDF2PasswordHasher().encode(PASSWORD, "salt")
    patient.user.save()
    EmailAddress.objects.create(user=patient.user, email=patient.user.email, verified=True, primary=True)
    browser = playwright.chromium.launch(executable_path=chromium, args=[*QUIET, *DEVICES])
    page = browser.new_page()
    letter = Letter.objects.get(template="clinic/mail/appointment_confirmed")
    link = next(word for word in mailing.render(letter).body.split() if word.endswith("/call/"))

    page.goto(f"http://127.0.0.1:{web.port}{urlsplit(link).path}")
    page.get_by_label("E-mail").fill(patient.user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("button", name="Join the call")).to_be_enabled(timeout=PATIENCE)
    browser.close()
    wait_until_quiet()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1200])
def test_the_page_is_for_everybody(
    side, client, staff_client, patient, doctor, visit, screens, scheme, width
):
    client.force_login(patient.user)
    look = {"viewport": {"width": width, "height": 700}, "color_scheme": scheme}
    at_home, at_work = side(client, **look), side(staff_client(doctor.user), **look)
    patient.change(by=None, phone="0491570156")

    def holds(one, name):
        one.page.screenshot(path=screens / f"call_{name}_{width}_{scheme}.png", full_page=True)
        assert one.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        found = Axe().run(one.page)
        assert found.violations_count == 0, found.generate_report()

    at_home.come(visit.room)
    expect(at_home.page.get_by_role("button", name="Join the call")).to_be_enabled()
    holds(at_home, "check")
    at_home.press("Join the call")
    at_home.sees("You are in the waiting room")
    holds(at_home, "waiting")
    at_work.come(visit.room).press("Join the call")
    at_work.sees("is waiting to be let in")
    holds(at_work, "host")
    at_work.press("Let Patient Example in")
    for one in (at_home, at_work):
        one.sees("You are connected")
    at_work.sees_and_hears()
    holds(at_work, "talk")
