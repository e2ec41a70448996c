"""A script written again, one from a favourite, and the way of the paper, with people in browsers."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from clinic.demo import people
from clinic.tests.journeys.actors import DESK, PHONE, Actor
from clinic.tests.journeys.stage import CODE_LASTS

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
LONG = 75_000  # milliseconds

# A doctor is in a consultation with a patient who has had a script here, and likes to write its medicine.
SET_THE_STAGE = f"""
from datetime import date, timedelta
from decimal import Decimal
from django.utils import timezone
from billing import charging
from catalog import listing
from clinic import booking, caring, checking, consulting, prescribing, rewriting, screening
from clinic.models import Appointment, AppointmentType, Patient, Pharmacy, Practitioner, Segment, Slot, User
from clinic.demo import people
doctor = Practitioner.objects.get(user__email="dr.hughes@{people.DOMAIN}")
manager = User.objects.filter(role="manager").first()
patient = Patient.objects.get(user__email="patient@{people.DOMAIN}")
by, now, kind = doctor.user, timezone.now(), AppointmentType.objects.first()
ends = Slot.objects.filter(practitioner=doctor).order_by("ends_at").values_list("ends_at", flat=True)
starts = max([now, *ends]) + timedelta(hours=1)  # whatever the hour, the demo's own times are before
slot = Slot.objects.add(by=None, practitioner=doctor, appointment_type=kind, starts_at=starts,
    ends_at=starts + timedelta(minutes=kind.minutes))
held = booking.hold(slot, patient=patient, by=patient.user, consents=["privacy", "telehealth", "fees"])
charging.take_payment(held.order, by=manager, method="terminal")
encounter = consulting.open(Appointment.objects.get(pk=held.pk), by=by)
consulting.confirm_location(encounter, state=patient.state, by=by)
consulting.identify(patient, document="Driver licence, ending 123", by=by)
Segment.objects.add(by=by, encounter=encounter, modality="video", ended_at=now,
    started_at=now - timedelta(minutes=12))
screening.record(encounter, depends_on_drugs=False, is_relative=False, by=by)
for kind in ("allergies", "conditions", "medicines"):
    caring.state_none_known(patient, kind=kind, by=by)
tablet = listing.prescribable(by).filter(name__icontains="amoxicillin").first()
line = prescribing.write(encounter, product=tablet, quantity=1, repeats=0, by=by,
    directions="Take one capsule three times a day for five days.")
considered = {{check.name: "Talked about it with the patient." for check in checking.CHECKS}}
prescribing.issue(line.prescription, by=by, code=people.code(at=now), reasons=considered)
rewriting.keep(line, by=by)
Pharmacy.objects.add(by=None, name="Corner Pharmacy", street="3 High Street", suburb="Newtown", state="NSW",
    postcode="2042", phone="0255500100")
print(encounter.pk)
"""


@pytest.fixture(scope="module")
def cast(stage, browser, screens):
    stage.manage("shell", "--no-imports", "-c", SET_THE_STAGE)
    stage.signed_at["doctor"] = int(time.time()) // CODE_LASTS  # the first script took this code
    people_here = {
        "doctor": Actor(browser, stage, "doctor", screens=screens, viewport=DESK),
        "reception": Actor(browser, stage, "reception", screens=screens, viewport=DESK),
        "patient": Actor(
            browser, stage, "patient", screens=screens, viewport=PHONE, is_mobile=True, has_touch=True
        ),
    }
    yield people_here
    for actor in people_here.values():
        actor.page.context.close()


class Clicks:
    """Counts what somebody presses; what they type is not counted."""

    def __init__(self) -> None:
        self.count = 0

    def press(self, button) -> None:
        self.count += 1
        button.click()


def test_scripts_again_and_their_papers(cast, stage):
    doctor, reception, patient = cast["doctor"], cast["reception"], cast["patient"]

    open_consultation(doctor)
    write_again(doctor)
    write_a_favourite(doctor)
    write_a_letter(doctor)
    sign_in_ink(doctor)
    look_at_the_registers(doctor)
    send(reception)
    read_and_check(patient)

    assert [trouble for actor in cast.values() for trouble in actor.troubles] == []
    assert stage.errors() == []


def open_consultation(doctor: Actor) -> None:
    doctor.sign_in(f"dr.hughes@{people.DOMAIN}")
    doctor.give_code()
    with doctor.stage.sql() as database:
        found = database.execute(
            "SELECT id FROM clinic_encounter WHERE status = 'open' ORDER BY created_at DESC"
        )
        doctor.encounter = found.fetchone()[0]
    doctor.page.goto(f"/admin/clinic/encounter/{doctor.encounter}/change/")
    expect(doctor.page.get_by_role("link", name="Print and sign")).to_have_count(1, timeout=LONG)
    doctor.look("60-consultation-with-a-script")


def drafts(page: Page):
    return page.get_by_role("article", name=re.compile("Draft form"))


def attest_and_sign(doctor: Actor, clicks: Clicks) -> None:
    """Type the reasons that the checks ask for, and the code; then press the one button."""
    draft = drafts(doctor.page).first
    for box in draft.locator("[name^='reason-']").all():
        box.fill("Discussed with the patient: the course is to be finished.")
    for box in draft.locator("[name=considered]").all():
        box.check()  # that the warnings were thought about
    draft.get_by_label("Code of your authenticator app").fill(doctor.stage.code("doctor"))
    clicks.press(draft.get_by_role("button", name=re.compile("Sign")))
    expect(drafts(doctor.page)).to_have_count(0)


def write_again(doctor: Actor) -> None:
    """One press drafts what the earlier script says; the other, after code and reasons, signs it."""
    page, clicks = doctor.page, Clicks()
    clicks.press(page.get_by_role("button", name=re.compile(r"Write \d+ again")).first)
    expect(drafts(page)).to_have_count(1)
    doctor.look("61-written-again")
    attest_and_sign(doctor, clicks)
    assert clicks.count == 2


def write_a_favourite(doctor: Actor) -> None:
    page, clicks = doctor.page, Clicks()
    clicks.press(page.locator("section", has_text="Your favourites").get_by_role("button").first)
    expect(drafts(page)).to_have_count(1)
    attest_and_sign(doctor, clicks)
    assert clicks.count <= 6
    expect(page.get_by_role("link", name="Print and sign")).to_have_count(3, timeout=LONG)


def write_a_letter(doctor: Actor) -> None:
    page = doctor.page
    page.get_by_role("link", name="Write a letter").click()
    doctor.look("62-begin-a-letter")
    page.get_by_role("button", name="Medical certificate").click()
    page.locator("[name=body]").fill("I certify that the patient is unfit for work for two days.")
    page.get_by_role("button", name="Save", exact=True).click()
    page.goto("/admin/clinic/clinicalletter/")
    page.locator("#result_list tbody a").first.click()
    doctor.look("63-a-letter")
    sure(page, "Sign")
    expect(page.get_by_text(re.compile("is signed. Its paper"))).to_be_visible()


def sure(page: Page, button: str) -> None:
    """Press a button of a record's page, and again in its dialog."""
    page.get_by_role("link", name=button, exact=True).or_(
        page.get_by_role("button", name=button, exact=True)
    ).first.click()
    page.locator("dialog, [role=dialog], form:has([name=_form_submitted])").get_by_role(
        "button", name=button, exact=True
    ).last.click()


def sign_in_ink(doctor: Actor) -> None:
    page = doctor.page
    page.goto("/admin/")
    expect(page.get_by_text("Papers to sign").first).to_be_visible()
    page.goto("/admin/clinic/original/?status__exact=to_sign")
    doctor.look("64-papers-to-sign")
    page.locator("#result_list tbody a").first.click()
    doctor.look("65-an-original")
    sure(page, "Signed in ink")
    expect(page.get_by_text(re.compile("It can be sent now"))).to_be_visible()


def look_at_the_registers(doctor: Actor) -> None:
    page = doctor.page
    for screen, address in {
        "66-s8-register": "/admin/clinic/prescription/registers/s8-register/",
        "67-overrides": "/admin/clinic/prescription/registers/overrides/",
        "68-figures": "/admin/clinic/prescription/watch/",
        "69-adverse-event": "/admin/clinic/adverseevent/add/",
        "70-favourites": "/admin/clinic/favourite/",
    }.items():
        page.goto(address)
        doctor.look(screen)
        doctor.photograph(screen)


def send(reception: Actor) -> None:
    page = reception.page
    reception.sign_in(f"reception@{people.DOMAIN}")
    reception.give_code()
    expect(page.locator("#main")).to_be_visible()
    reception.look("71-reception")
    page.goto("/admin/clinic/original/?status__exact=to_send")
    page.locator("#result_list tbody a").first.click()
    assert "moxicillin" not in page.content()
    page.get_by_role("link", name="Sent", exact=True).or_(
        page.get_by_role("button", name="Sent", exact=True)
    ).first.click()
    page.locator("select[name=pharmacy]").select_option(label="Corner Pharmacy, Newtown")
    page.locator("select[name=way]").select_option("post")
    page.locator("[name=tracking]").fill("33XYZ")
    reception.look("72-sending")
    page.locator("form", has=page.locator("select[name=pharmacy]")).get_by_role("button", name="Sent").click()
    expect(page.get_by_text(re.compile("is on its way to Corner Pharmacy"))).to_be_visible()


def read_and_check(patient: Actor) -> None:
    """The patient reads where it went, and follows the code on the copy."""
    page = patient.page
    patient.sign_in(f"patient@{people.DOMAIN}")
    page.goto("/portal/documents/")
    expect(page.get_by_text("Corner Pharmacy, Newtown, by post")).to_be_visible()
    patient.look("73-documents")
    patient.photograph("73-documents")
    with patient.stage.sql() as database:
        row = database.execute(
            "SELECT d.secret, p.number, p.content #>> '{patient,date_of_birth}' FROM clinic_document d"
            " JOIN clinic_prescription p ON p.id = d.prescription_id WHERE d.kind = 'patient_copy' LIMIT 1"
        )
        secret, number, born_on = row.fetchone()
    page.context.clear_cookies()  # anybody who holds the paper
    page.goto(f"/verify/{secret}/")
    patient.look("74-check")
    assert str(number) not in page.content()
    page.get_by_label("date of birth").fill(born_on)
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_text(f"Prescription {number}")).to_be_visible()
    patient.look("75-checked")
    patient.photograph("75-checked")
    assert "moxicillin" not in page.content()
