"""A doctor's consultation from the day's list to its end; a browser that dies; a note open twice."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from clinic.demo import people
from clinic.tests.journeys.actors import DESK, PATIENCE, PHONE, Actor
from messaging.tests.browsing import QUIET

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
DOCTOR = f"dr.hughes@{people.DOMAIN}"
GOALS = "Asleep within 30 minutes on four nights a week."  # of the demo's template about sleep

# A patient who is waiting for the doctor now, as the rules make one.
WAITING = """
import datetime
from django.db import IntegrityError, transaction
from django.utils import timezone
from billing import charging
from clinic import attending, booking, caring
from clinic.models import AppointmentType, Patient, Practitioner, Slot, User
doctor = Practitioner.objects.get(user__email="{doctor}")
manager = User.objects.filter(role="manager").first()
kind = AppointmentType.objects.first()
patient = Patient.objects.order_by("created_at")[{patient}]
for minutes in range(2, 600, 5):
    starts_at = timezone.now() + datetime.timedelta(minutes=minutes)
    try:
        with transaction.atomic():
            slot = Slot.objects.add(practitioner=doctor, appointment_type=kind, starts_at=starts_at,
                                    ends_at=starts_at + datetime.timedelta(minutes=4), by=None)
        break
    except IntegrityError:
        pass
held = booking.hold(slot, patient=patient, by=None)
charging.take_payment(held.order, by=manager, method="terminal")
held.refresh_from_db()
held.move_to("arrived", by=patient.user)
caring.raise_alert(patient, text="Needs an interpreter.", by=doctor.user)
"""


def let_wait(stage, patient: int) -> None:
    """Let the demo's patient with this number wait for the doctor."""
    stage.manage("shell", "-c", WAITING.format(doctor=DOCTOR, patient=patient))


@pytest.fixture(scope="module")
def doctor(stage, browser, screens):
    let_wait(stage, 0)
    actor = Actor(browser, stage, "doctor", screens=screens, viewport=DESK)
    actor.sign_in(DOCTOR)
    actor.give_code()
    yield actor
    actor.page.context.close()


@pytest.fixture
def answers(doctor, browser, stage, screens):
    """The patient who waits answers on a phone: first all of it, then one thing anew."""
    actor = Actor(browser, stage, "mia", screens=screens, viewport=PHONE)
    actor.sign_in(people.PATIENT)
    page = actor.page
    page.goto(f"{stage.web}/portal/")
    page.get_by_role("link", name="Open", exact=True).click()
    actor.look("56-appointment")
    page.get_by_role("link", name="Answer the questions").click()
    expect(page.get_by_role("heading", name="Before your visit")).to_be_visible()
    actor.look("56-questions")
    actor.photograph("56-questions")
    page.get_by_role("button", name="Save your answers").click()
    expect(page.get_by_text("Nothing is saved yet.")).to_be_visible()
    actor.look("56-wrong")
    fill_in(page)
    page.get_by_role("button", name="Save your answers").click()
    expect(page.get_by_text("Your answers are saved.")).to_be_visible()
    page.get_by_role("link", name="Change your answers").click()
    page.get_by_label("Which other medicines do you take?").fill("Melatonin 2 mg")
    page.get_by_role("button", name="Save your answers").click()
    expect(page.get_by_text("Your answers are saved.")).to_be_visible()
    assert unexpected(actor) == []
    yield actor
    page.context.close()


def fill_in(page: Page) -> None:
    """Answer all of it, with a heart condition; there are no scripts on this page to help."""
    page.get_by_label("What is the main reason for your visit?").fill("Cannot sleep")
    page.get_by_label("Does not apply to me").check()
    for question in ("psychosis", "dependent", "heavy machinery"):
        page.get_by_role("group", name=re.compile(question)).get_by_label("No", exact=True).check()
    page.get_by_role("group", name=re.compile("heart condition")).get_by_label("Yes").check()
    page.get_by_label("Which other medicines do you take?").fill("None")
    page.get_by_label("What are you allergic to?").fill("None")
    page.get_by_label("Where will you be during the visit?").fill("1 Example Road, Geelong VIC")


def read_answers(page: Page) -> None:
    read = page.locator("#intake")
    expect(read.get_by_role("listitem").first).to_contain_text("Serious: Heart condition.")
    expect(read).to_contain_text("Melatonin 2 mg Changed")
    expect(read).to_contain_text("Before: None")


def test_from_the_days_list_to_the_closed_consultation(doctor, answers, stage):
    page = doctor.page
    page.reload()
    expect(page.get_by_text(re.compile("Heart condition.")).first).to_be_visible()
    expect(page.get_by_text("Needs an interpreter.").first).to_be_visible()
    expect(page.get_by_text(re.compile(r"^waiting \d+ min$")).first).to_be_visible()
    doctor.look("50-the-day")
    page.get_by_role("button", name="Start consultation").click()
    expect(page.get_by_role("heading", name="Confirmed in this consultation")).to_be_visible()
    read_answers(page)
    doctor.look("51-empty")
    record_care(doctor)
    page.get_by_role("button", name="Video").click()
    confirm(doctor)
    write(doctor)
    doctor.look("52-full")
    doctor.photograph("52-full")
    on_a_phone(doctor)
    page.get_by_role("button", name=re.compile("^End ")).click()
    page.get_by_role("button", name="Sign note").click()
    add_to_it(doctor)
    page.get_by_role("button", name="Close consultation").click()
    expect(page.get_by_text("This consultation is closed.")).to_be_visible()
    doctor.look("53-closed")
    page.get_by_role("link", name="As signed").first.click()
    expect(page.get_by_text("These are the words that were signed.")).to_have_count(2)
    doctor.look("54-as-signed")
    page.go_back()
    page.get_by_role("button", name="Next patient").click()
    expect(page.get_by_text("Nobody else is booked with you today.")).to_be_visible()

    assert unexpected(doctor) == []
    assert stage.errors() == []


def start_or_go_on(page: Page) -> None:
    """Open the next consultation, or the one that an earlier story left open."""
    page.get_by_role("button", name="Start consultation").or_(
        page.get_by_role("link", name="Back to the consultation")
    ).first.click()


def unexpected(doctor: Actor) -> list[str]:
    """What went wrong besides the refusals that these stories are about, which a console tells of too."""
    refused = ("status of 400 (Bad Request) ", "status of 409 (Conflict) ")
    return [trouble for trouble in doctor.troubles if not any(words in trouble for words in refused)]


def record_care(doctor: Actor) -> None:
    """The panel is written in by keyboard, and the page stays."""
    page = doctor.page
    page.evaluate("window.stayed = true")
    page.get_by_role("button", name="No known conditions").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Conditions: none known, recorded.")).to_be_focused()
    page.get_by_text("Add an allergy").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Allergy to").fill("Penicillin")
    page.get_by_label("Severity").select_option("severe")
    page.get_by_label("Allergy to").press("Enter")
    expect(page.get_by_text("Allergy to Penicillin is on record.")).to_be_visible()
    page.get_by_text("Add a condition").click()
    page.get_by_label("Condition", exact=True).fill("Asthma")
    page.get_by_label("SNOMED CT-AU code").fill("195967002")
    page.locator("form", has=page.get_by_label("SNOMED CT-AU code")).get_by_role("button").click()
    expect(page.get_by_text("This is not a SNOMED CT identifier.")).to_be_visible()
    page.get_by_label("SNOMED CT-AU code").fill("195967001")
    page.locator("form", has=page.get_by_label("SNOMED CT-AU code")).get_by_role("button").click()
    expect(page.get_by_text("Asthma is on record.")).to_be_visible()
    assert page.evaluate("window.stayed")


def confirm(doctor: Actor) -> None:
    page = doctor.page
    page.get_by_label("They told their name").check()
    page.get_by_label("Where is the patient now?").select_option("NSW")
    page.get_by_role("button", name="Confirm", exact=True).click()
    expect(page.get_by_text(re.compile("Name, date of birth and address$"))).to_be_visible()


def write(doctor: Actor) -> None:
    page = doctor.page
    page.get_by_label("Template").select_option(label="Sleep")
    page.get_by_role("button", name="Use", exact=True).click()
    expect(page.get_by_label("Goals of treatment")).to_have_value(GOALS)
    page.get_by_label("History").fill("Wakes at three for two months.")
    page.get_by_label("Assessment").fill("Insomnia.")
    with page.expect_request("**/note/", timeout=5_000):  # what is typed is on its way within five seconds
        page.get_by_label("Plan", exact=True).fill("Sleep diary.")
    expect(page.get_by_text(re.compile("Draft kept at"))).to_be_visible(timeout=PATIENCE)


def on_a_phone(doctor: Actor) -> None:
    doctor.page.set_viewport_size(PHONE)
    doctor.look("52-full-phone")
    doctor.page.set_viewport_size(DESK)


def add_to_it(doctor: Actor) -> None:
    page = doctor.page
    page.get_by_text("Add to this note or correct it").click()
    page.get_by_label("What you add or correct").fill("Also has asthma.")
    page.get_by_label("Why", exact=True).fill("Forgotten.")
    page.get_by_role("button", name="Sign addendum").click()
    expect(page.get_by_text("The addendum is signed and stands under the note.")).to_be_visible()


class Chromium:
    """A browser whose process a test can kill, with a profile that stays."""

    def __init__(self, playwright, program: str, profile: Path) -> None:
        address = profile / "DevToolsActivePort"
        address.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [program, *QUIET, "--headless=new", "--remote-debugging-port=0", f"--user-data-dir={profile}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        until = time.monotonic() + 60
        while not (address.exists() and address.read_text().strip()) and time.monotonic() < until:
            time.sleep(0.1)
        port = address.read_text().splitlines()[0]
        self.connection = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
        self.context = self.connection.contexts[0]

    def kill(self) -> None:
        """End it as a power cut would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def start(playwright, chromium, stage, screens, tmp_path):
    """Start a browser on a profile, and sign the doctor in."""
    started = []

    def do(name: str) -> tuple[Chromium, Actor]:
        running = Chromium(playwright, chromium, tmp_path / name)
        started.append(running)
        actor = Actor(running.connection, stage, "doctor", screens=screens, context=running.context)
        actor.sign_in(DOCTOR)
        actor.give_code()
        return running, actor

    yield do
    for running in started:
        if running.process.poll() is None:
            running.kill()


def test_a_note_outlives_the_browser_and_is_unreadable_in_what_it_leaves(start, doctor, stage, tmp_path):
    let_wait(stage, 1)
    running, actor = start("profile")
    page, late = actor.page, []
    page.route("**/desk/note*.js", lambda route: late.append(route))  # noqa: PLW0108  it marks what it is given
    with page.expect_request("**/desk/note*.js"):
        start_or_go_on(page)
    page.get_by_label("History").fill("Reached the clinic.")  # before the script is there
    late[0].continue_()
    expect(page.get_by_text(re.compile("Draft kept at"))).to_be_visible(timeout=PATIENCE)
    here = page.url
    page.route("**/note/", lambda route: route.abort())  # from here on the clinic hears nothing
    page.get_by_label("Assessment").fill("Typed-just-before-the-end")
    expect(page.get_by_text("Your text is safe in this browser.")).to_be_visible()

    running.kill()
    left = b"".join(
        path.read_bytes() for path in (tmp_path / "profile").rglob("IndexedDB/**/*") if path.is_file()
    )
    _, actor = start("profile")
    actor.page.goto(here)

    expect(actor.page.get_by_text("was brought back")).to_be_visible()
    expect(actor.page.get_by_label("Assessment")).to_have_value("Typed-just-before-the-end")
    expect(actor.page.get_by_label("History")).to_have_value("Reached the clinic.")
    expect(actor.page.get_by_text(re.compile("Draft kept at"))).to_be_visible(timeout=PATIENCE)
    actor.look("55-brought-back")
    with stage.sql() as database:
        found = database.execute("SELECT 1 FROM clinic_note WHERE assessment = 'Typed-just-before-the-end'")
        assert found.fetchone()
    assert left
    assert b"Typed-just-before-the-end" not in left
    assert "Typed-just-before-the-end".encode("utf-16-le") not in left
    sign_out_leaves_nothing(actor)


def sign_out_leaves_nothing(actor: Actor) -> None:
    page = actor.page
    page.route("**/note/", lambda route: route.abort())
    page.get_by_label("Plan", exact=True).fill("Not for the next at this desk.")
    expect(page.get_by_text("Your text is safe in this browser.")).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    page.evaluate("document.querySelector('form[action$=\"/logout/\"]').requestSubmit()")
    expect(page).to_have_url(re.compile("/accounts/login/"))
    names = page.evaluate("indexedDB.databases().then((all) => all.map((one) => one.name))")
    assert "promedicine-drafts" not in names


def test_two_windows_lose_neither_text(doctor, stage):
    let_wait(stage, 2)
    page = doctor.page
    page.goto("/admin/")
    start_or_go_on(page)
    expect(page.get_by_label("History")).to_be_visible()
    other = page.context.new_page()
    other.goto(page.url)

    other.get_by_label("History").fill("Written in the other window.")
    expect(other.get_by_text(re.compile("Draft kept at"))).to_be_visible(timeout=PATIENCE)
    page.get_by_label("History").fill("Written in this one.")
    expect(page.get_by_text("This note was also written in another window.")).to_be_visible()
    expect(page.get_by_text("Written in the other window.")).to_be_visible()
    doctor.look("56-two-windows")
    with stage.sql() as database:
        kept = database.execute("SELECT presenting FROM clinic_note ORDER BY created_at DESC LIMIT 1")
        assert kept.fetchone()[0] == "Written in the other window."
    page.get_by_role("button", name="Put both together").click()

    expect(page.get_by_label("History")).to_have_value("Written in this one.\n\nWritten in the other window.")
    expect(page.get_by_text(re.compile("Draft kept at"))).to_be_visible(timeout=PATIENCE)
    other.close()
    assert unexpected(doctor) == []
