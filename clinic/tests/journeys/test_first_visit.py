"""One visit from the roster to the patient's copy, with three people in three browsers."""

import io
import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect
from pypdf import PdfReader

from clinic.demo import people
from clinic.tests.journeys.actors import DESK, PHONE, Actor
from clinic.tests.journeys.stage import Stage

PATIENT = "jo.citizen@example.com"
PASSWORD = "a-quiet-river-17"
LONG = 75_000  # milliseconds: the worker's schedule runs once a minute

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def cast(stage, browser, screens):
    """The manager, the patient on a phone, and the doctor."""
    people_here = {
        "manager": Actor(browser, stage, "manager", screens=screens, viewport=DESK),
        "patient": Actor(
            browser, stage, "patient", screens=screens, viewport=PHONE, is_mobile=True, has_touch=True
        ),
        "doctor": Actor(browser, stage, "doctor", screens=screens, viewport=DESK),
    }
    yield people_here
    for actor in people_here.values():
        actor.page.context.close()


def test_from_the_roster_to_the_patients_copy(cast, stage):
    manager, patient, doctor = cast["manager"], cast["patient"], cast["doctor"]

    offer_hours(manager)
    sign_up(patient)
    complete_profile(patient)
    book(patient)
    pay(patient)
    come_in(patient)
    start_consultation(doctor)
    talk(patient, doctor)
    write_up(doctor)
    prescribe(doctor)
    check_papers(doctor)
    close(doctor)
    read_documents(patient, doctor)
    let_a_hold_run_out(patient)
    look_back(manager)

    troubles = [trouble for actor in cast.values() for trouble in actor.troubles]
    assert troubles == []
    assert stage.errors() == []


def offer_hours(manager: Actor) -> None:
    """The manager has one doctor work around the clock, today and tomorrow."""
    page = manager.page
    manager.sign_in(f"manager@{people.DOMAIN}")
    manager.look("01-second-factor")
    manager.give_code()
    expect(page).to_have_url(re.compile("/admin/$"))
    manager.look("02-manager-dashboard")
    today = timezone.localdate()
    page.goto("/admin/clinic/rosterexception/add/")
    page.locator("[name=kind]").select_option(label="Other hours than usual")
    page.locator("[name=practitioner]").select_option(label="Dr Eleanor Hughes")
    page.locator("[name=from_on]").fill(f"{today:%d/%m/%Y}")
    page.locator("[name=until_on]").fill(f"{today + timedelta(days=1):%d/%m/%Y}")
    page.locator("[name=starts]").fill("00:00")
    page.locator("[name=ends]").fill("23:59")
    page.locator("[name=appointment_type]").select_option(label="Video consultation, 15 minutes")
    manager.look("03-hours")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text(re.compile(r"\b[1-9]\d* times? "))).to_be_visible()


def sign_up(patient: Actor) -> None:
    page = patient.page
    page.goto("/")
    patient.look("10-home")
    page.get_by_role("link", name="Sign up").first.click()
    page.get_by_label("E-mail").fill(PATIENT)
    page.get_by_label("Given names").fill("Jo")
    page.get_by_label("Family name").fill("Citizen")
    page.get_by_label("Choose a password").fill(PASSWORD)
    page.get_by_role("checkbox").check()
    patient.look("11-sign-up")
    page.get_by_role("button", name="Sign up").click()
    patient.look("12-letter-sent")
    letter = patient.stage.letter_to(PATIENT, about="address")
    page.goto(re.search(r"http://\S+", letter)[0])
    page.locator("main").get_by_role("button").click()
    patient.sign_in(PATIENT, PASSWORD)
    expect(page).to_have_url(re.compile("/portal/$"))
    patient.look("13-portal-new")
    patient.photograph("13-portal-new")


def complete_profile(patient: Actor) -> None:
    page = patient.page
    page.get_by_role("link", name="Profile").click()
    page.get_by_label("Date of birth").fill("1986-04-12")
    page.get_by_label("Telephone").first.fill("0491 570 156")
    page.get_by_label("Street").fill("7 Wattle Road")
    page.get_by_label("Suburb").fill("Newtown")
    page.get_by_label("State").select_option("NSW")
    page.get_by_label("Postcode").fill("2042")
    page.get_by_label("Emergency contact").fill("Sam Citizen")
    page.get_by_label("Their telephone").fill("0491 570 157")
    patient.look("14-profile")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your details are saved.", exact=True)).to_be_visible()


def book(patient: Actor, *, keep: bool = True) -> None:
    """Choose the first time of one doctor; ``keep`` pictures of the way."""
    page = patient.page
    look, photograph = (patient.look, patient.photograph) if keep else (lambda screen: None,) * 2
    page.get_by_role("link", name="Book", exact=True).click()
    look("15-book")
    photograph("15-book")
    hughes = page.locator("section, article, .card").filter(has_text="Dr Eleanor Hughes").last
    hughes.get_by_role("link", name=re.compile(r"\d:\d\d")).first.click()
    page.get_by_role("checkbox").check()
    look("16-confirm")
    page.get_by_role("button", name="Hold this time for me").click()
    expect(page.get_by_text("Held for you until")).to_be_visible()
    look("17-held")


def pay(patient: Actor) -> None:
    page = patient.page
    page.get_by_role("button", name="Pay A$80.00").click()
    expect(page.get_by_text("Simulated payment").first).to_be_visible()
    patient.look("18-payment-page")
    page.get_by_role("button", name=re.compile("Pay A")).click()
    expect(page).to_have_url(re.compile("/portal/appointments/[0-9a-f-]+/(paid/)?"))
    expect(page.get_by_text("Confirmed").first).to_be_visible(timeout=LONG)
    patient.look("19-confirmed")
    letter = patient.stage.letter_to(PATIENT, about="confirmed")
    assert "/portal/appointments/" in letter


def come_in(patient: Actor) -> None:
    page = patient.page
    page.get_by_role("link", name="Home", exact=True).click()
    expect(page.get_by_role("heading", name="Your next appointment")).to_be_visible()
    patient.look("20-portal-next")
    page.get_by_role("link", name="See details or come in").click()
    page.get_by_role("button", name="I’m here").click()
    expect(page.get_by_text("The doctor sees that you are here")).to_be_visible()
    patient.look("21-waiting")


def start_consultation(doctor: Actor) -> None:
    page = doctor.page
    doctor.sign_in(f"dr.hughes@{people.DOMAIN}")
    doctor.give_code()
    expect(page.get_by_text("Jo Citizen").first).to_be_visible()
    doctor.look("30-doctor-dashboard")
    page.get_by_role("link", name="Start consultation").or_(
        page.get_by_role("button", name="Start consultation")
    ).first.click()
    expect(page.get_by_role("heading", name="Jo Citizen")).to_be_visible()
    doctor.look("31-consultation")
    page.get_by_role("button", name="Video").click()
    expect(page.get_by_role("button", name="End video call")).to_be_visible()


def talk(patient: Actor, doctor: Actor) -> None:
    """Both write; each reads the other without reloading."""
    patient.page.get_by_role("link", name="Write to the doctor").click()
    patient.page.get_by_label("Your message").fill("Hello doctor, can you hear me?")
    patient.page.get_by_role("button", name="Send").click()
    expect(doctor.page.get_by_text("Hello doctor, can you hear me?")).to_be_visible()
    doctor.page.get_by_label("Your message").fill("Yes, loud and clear.")
    doctor.page.get_by_role("button", name="Send").click()
    expect(patient.page.get_by_text("Yes, loud and clear.")).to_be_visible()
    patient.look("22-room")
    patient.photograph("22-room")


def write_up(doctor: Actor) -> None:
    """Where the patient is, who they are, what they agree to, and the note."""
    page = doctor.page
    page.get_by_label("Where is the patient now?").select_option("NSW")
    page.get_by_role("button", name="Confirm").click()
    page.get_by_text("Record what you see").click()
    page.get_by_label("Document sighted").select_option("Driver licence")
    page.get_by_label("Issued by").fill("NSW")
    page.get_by_role("button", name="Record", exact=True).first.click()
    expect(page.get_by_text(re.compile("Sighted .* by"))).to_be_visible()  # the panel has come anew
    page.get_by_text("Schedule 8, not inhaled: not asked yet").click()
    consent = page.locator('[data-consent="unapproved_s8"]')
    consent.get_by_role("button", name="The patient agrees").click()
    expect(page.get_by_text("Schedule 8, not inhaled: given", exact=True)).to_be_visible()
    page.get_by_label("History").fill("Lower back pain for eight months after lifting. No red flags.")
    page.get_by_label("Assessment").fill("Chronic mechanical low back pain.")
    page.get_by_label("Plan", exact=True).fill("Walk 30 minutes daily within six weeks. Review pain diary.")
    expect(page.get_by_text(re.compile("Draft kept at"))).to_be_visible()


def prescribe(doctor: Actor) -> None:
    """An ordinary medicine and a schedule 8 one, on a form each, signed with a fresh code each."""
    page = doctor.page
    add_medicine(doctor, "Amoxicillin 500 mg", "Take one capsule three times a day for five days.")
    oil = controlled_product(doctor.stage)
    add_medicine(doctor, oil, "Take 0.25 mL at night. No more than 1 mL in 24 hours.")
    expect(page.get_by_text("Form 2 of 2")).to_be_visible()
    page.get_by_text("Record a look").click()
    look = page.locator("form", has=page.get_by_label("Result"))
    look.get_by_label("State").select_option("NSW")
    look.get_by_label("Result").select_option("no_alert")
    look.get_by_role("button").click()
    page.get_by_text("Record the answers").click()
    asked = page.locator("form", has=page.get_by_label("The patient depends on drugs"))
    asked.get_by_role("button", name="Record").click()
    controlled = page.get_by_role("article", name="Draft form 2")
    expect(controlled.get_by_text("(proposed, not set yet)")).to_be_visible()
    controlled.get_by_role("button", name="Set").click()
    expect(page.get_by_text("to settle")).to_have_count(0)
    doctor.look("32-drafts")
    for form in (1, 2):
        draft = page.get_by_role("article", name=re.compile("Draft form")).first
        for box in draft.get_by_role("checkbox", name=re.compile("thought")).all():
            box.check()
        draft.get_by_label("Code of your authenticator app").fill(doctor.stage.code("doctor"))
        draft.get_by_role("button", name=re.compile("Sign")).click()
        expect(page.get_by_role("article", name=re.compile("Draft form"))).to_have_count(2 - form)


def add_medicine(doctor: Actor, name: str, directions: str) -> None:
    page = doctor.page
    page.get_by_label("Medicine", exact=True).fill(name)
    page.locator("[data-product]").first.click()
    page.get_by_label("Directions").fill(directions)
    page.get_by_role("button", name="Add to a draft").click()


def controlled_product(stage: Stage) -> str:
    """The name of some schedule 8 oral liquid in the catalogue that may be prescribed."""
    with stage.sql() as database:
        found = database.execute(
            "SELECT name FROM catalog_product WHERE schedule = 'S8' AND dose_form = 'oral_liquid'"
            " AND supply = 'active' AND NOT is_category_disputed AND NOT is_schedule_disputed ORDER BY name"
        )
        return found.fetchone()[0]


def check_papers(doctor: Actor) -> None:
    """Both forms are made by the worker; each holds what the law asks for."""
    page = doctor.page
    prints = page.get_by_role("link", name=re.compile("print", re.IGNORECASE))
    expect(prints).to_have_count(2, timeout=LONG)
    doctor.look("33-issued")
    texts = [text_of(doctor, link.get_attribute("href")) for link in prints.all()]
    for text in texts:
        for wanted in ("Jo Citizen", "12 April 1986", "7 Wattle Road", "Eleanor Hughes", "MED0000932846"):
            assert wanted in text
        assert "eScript" not in text
    ordinary, controlled = sorted(texts, key=lambda text: text.startswith("S8"))
    assert "Amoxicillin" in ordinary
    assert "AP-DEMO" in controlled
    assert "napproved therapeutic good" in controlled


def text_of(actor: Actor, address: str) -> str:
    answer = actor.page.request.get(address)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/pdf"
    pages = PdfReader(io.BytesIO(answer.body())).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


def close(doctor: Actor) -> None:
    page = doctor.page
    page.get_by_role("button", name="End video call").click()
    page.get_by_role("button", name="Sign note").click()
    expect(page.get_by_text("Signed").first).to_be_visible()
    page.get_by_role("button", name="Close consultation").click()
    expect(page.get_by_text("This consultation is closed.")).to_be_visible()
    doctor.look("34-closed")


def read_documents(patient: Actor, doctor: Actor) -> None:
    """The patient has a copy of each, marked as what it is not, and never the form to sign."""
    page = patient.page
    page.get_by_role("link", name="Documents").last.click()
    copies = page.get_by_role("link", name=re.compile("Your copy of prescription"))
    expect(copies).to_have_count(2)
    patient.look("23-documents")
    for copy in copies.all():
        text = text_of(patient, copy.get_attribute("href"))
        assert "not a prescription" in text.lower()
        assert "cannot be dispensed" in text.lower()
    form = doctor.page.get_by_role("link", name=re.compile("print", re.IGNORECASE)).first
    assert page.request.get(form.get_attribute("href")).status == 404
    assert "document" in patient.stage.letter_to(PATIENT, about="document").lower()


def let_a_hold_run_out(patient: Actor) -> None:
    """A time that is not paid for is free again once its quarter of an hour is over."""
    page = patient.page
    book(patient, keep=False)
    here = page.url
    with patient.stage.sql() as database:
        database.execute(
            "UPDATE clinic_appointment SET held_until = now() - interval '1 second' WHERE status = 'held'"
        )
    letter = patient.stage.letter_to(PATIENT, about="no longer held")
    page.goto(here)
    expect(page.get_by_role("heading", name="This time is no longer held")).to_be_visible()
    patient.look("24-expired")
    assert "not charged" in letter


def look_back(manager: Actor) -> None:
    """The manager finds the money and the letters, and no clinical word."""
    page = manager.page
    for screen, address in {
        "40-outbox": "/admin/messaging/letter/",
        "41-orders": "/admin/billing/order/",
        "42-appointments": "/admin/clinic/appointment/",
        "43-catalogue": "/admin/catalog/product/",
        "44-audit": "/admin/clinic/auditevent/",
    }.items():
        page.goto(address)
        expect(page.locator("#result_list, table").first).to_be_visible()
        manager.look(screen)
        assert "back pain" not in page.content()
    read_a_letter(manager)
    assert page.request.get("/admin/clinic/note/").status == 403


def read_a_letter(manager: Actor) -> None:
    """The outbox shows a letter as the patient got it, its links included."""
    page = manager.page
    page.goto(f"/admin/messaging/letter/?q={PATIENT}")
    page.get_by_role("row").filter(has_text="confirmed").get_by_role("link").first.click()
    sent = manager.stage.letter_to(PATIENT, about="confirmed")
    first, *_ = filter(None, map(str.strip, sent.splitlines()))
    expect(page.get_by_text(first).first).to_be_visible()
    expect(page.locator("a[href*='/portal/appointments/']").first).to_be_visible()
    manager.look("45-letter")
