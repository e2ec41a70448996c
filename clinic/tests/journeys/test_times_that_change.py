"""The screens on which times are moved, given up, waited for and followed up: a look at each, with axe.

And the way through them without a mouse.
"""

import re
import subprocess
import sys

import pytest
from django.conf import settings
from playwright.sync_api import Locator, expect

from clinic.demo import people
from clinic.tests.journeys.actors import DESK, PHONE, Actor

APPOINTMENTS = "/admin/clinic/appointment"
NAMES = ("ahead", "late", "begun", "entry", "kind", "doctor", "held", "next", "roster", "free")
STOPS = 150  # of the Tab key, until one is where one wants to be
# Whether one sees where one is: a ring, and nothing that lies on top of it.
SEES_FOCUS = """() => {
  const here = document.activeElement, style = getComputedStyle(here), box = here.getBoundingClientRect();
  const middle = [box.left + box.width / 2, box.top + box.height / 2];
  const top = document.elementFromPoint(...middle);
  const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  return here.matches(":focus-visible") && ring && (here.contains(top) || top?.contains(here));
}"""
DIALOGS = [
    ("appointment/{held}", "Waive fee"),
    ("appointment/{held}", "Cancel appointment"),
    ("appointment/{late}", "Arrived"),
    ("appointment/{late}", "Did not attend"),
    ("waitlistentry/{entry}", "Offer a time"),
    ("waitlistentry/{entry}", "Take off the list"),
    ("roster/{roster}", "Withdraw"),
    ("slot/{free}", "Withdraw"),
]
ARRANGE = """
from datetime import timedelta
from django.utils import timezone
from billing import charging
from clinic import booking, consulting, waitlisting
from clinic.demo import people
from clinic.models import Appointment, AppointmentType, Patient, Practitioner, Roster, Slot, User

manager = User.objects.get(email=f"manager@{people.DOMAIN}")
patient = Patient.objects.get(user__email=people.PATIENT)
doctor = Practitioner.objects.get(user__email=f"dr.hughes@{people.DOMAIN}")
kind = AppointmentType.objects.filter(is_offered=True).order_by("minutes").first()
today = timezone.localdate()

def slot(**ahead):
    at = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(**ahead)
    ends = at + timedelta(minutes=kind.minutes)
    theirs = Slot.objects.filter(practitioner=doctor, withdrawn_at=None)
    return theirs.filter(starts_at__lt=ends, ends_at__gt=at).first() or Slot.objects.add(
        practitioner=doctor, appointment_type=kind, starts_at=at, ends_at=ends, by=manager)

def booked(**ahead):
    held = booking.hold(slot(**ahead), patient=patient, by=patient.user)
    charging.take_payment(held.order, by=manager, method="terminal")
    return Appointment.objects.get(pk=held.pk)

for days in range(3, 40, 2):
    slot(days=days, hours=1)
ahead, late, begun = booked(days=5), booked(hours=4), booked(hours=1)
consulting.open(begun, by=doctor.user)
next_week = booked(days=7)
wish = waitlisting.Wish(today, today + timedelta(days=20))
entry = waitlisting.ask(patient, wish=wish, kind=kind, by=patient.user)
Slot.objects.filter(pk=ahead.slot_id).update(outside_at=timezone.now())
other = Patient.objects.exclude(pk=patient.pk).first()
terms = booking.Terms(timezone.now() + timedelta(hours=5))
held = booking.hold(slot(days=9), patient=other, by=other.user, terms=terms)
roster = Roster.objects.filter(withdrawn_at=None).first()
free = slot(days=11)
told = ahead, late, begun, entry, kind, doctor, held, next_week, roster, free
print("MADE", *[each.pk for each in told])
"""

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def made(stage) -> dict[str, str]:
    """Visits of one patient in several states, by name."""
    told = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", ARRANGE],
        cwd=settings.BASE_DIR,
        env=stage.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(zip(NAMES, told.stdout.partition("MADE ")[2].split(), strict=True))


def look_at(actor: Actor, screen: str, address: str) -> None:
    actor.page.goto(address)
    actor.look(screen)
    actor.photograph(screen)


def test_a_patient_looks_at_their_times(actor, made):
    patient = actor("patient", viewport=PHONE, is_mobile=True, has_touch=True)
    patient.sign_in(people.PATIENT)

    look_at(patient, "60-move", f"/portal/appointments/{made['ahead']}/move/")
    patient.page.locator("a.time").first.click()
    expect(patient.page.get_by_role("heading", name="Move your appointment?")).to_be_visible()
    patient.photograph("61-move-to")
    look_at(patient, "62-cancel", f"/portal/appointments/{made['ahead']}/cancel/")
    look_at(patient, "63-cancel-late", f"/portal/appointments/{made['late']}/cancel/")
    look_at(patient, "64-waiting", "/portal/waiting/")
    look_at(patient, "65-join", f"/portal/waiting/join/?kind={made['kind']}")
    look_at(patient, "66-in-four-weeks", f"/portal/book/?weeks=4&doctor={made['doctor']}")
    look_at(patient, "67-calendar", "/accounts/calendar/")

    assert patient.troubles == []


def test_the_desk_looks_at_the_times_of_patients(actor, made):
    manager = actor("manager", viewport=DESK)
    manager.sign_in(f"manager@{people.DOMAIN}")
    manager.give_code()
    manager.page.wait_for_url("**/admin/")

    look_at(manager, "70-follow-up", f"{APPOINTMENTS}/{made['begun']}/follow-up/")
    look_at(manager, "71-move", f"{APPOINTMENTS}/{made['ahead']}/move/")
    look_at(manager, "72-waiting-list", "/admin/clinic/waitlistentry/")
    look_at(manager, "73-who-waits", f"/admin/clinic/waitlistentry/{made['entry']}/change/")
    look_at(manager, "74-outside", "/admin/clinic/roster/outside/")
    look_at(manager, "75-rosters", "/admin/clinic/roster/")
    look_at(manager, "76-exception", "/admin/clinic/rosterexception/add/")

    assert manager.troubles == []


def test_the_dialogs_of_the_desk_are_opened_and_left_by_keyboard(actor, made):
    manager = actor("manager", viewport=DESK)
    page = manager.page
    manager.sign_in(f"manager@{people.DOMAIN}")
    manager.give_code()
    page.wait_for_url("**/admin/")
    dialog = page.get_by_role("dialog").and_(page.locator("#dialog"))

    for number, (record, name) in enumerate(DIALOGS):
        page.goto(f"/admin/clinic/{record.format(**made)}/change/")
        button = page.get_by_role("link", name=re.compile(name))
        button.focus()
        page.keyboard.press("Enter")
        expect(dialog.locator(":focus")).to_have_count(1)
        for _ in range(12):  # round and round, and never out of it
            page.keyboard.press("Tab")
            expect(dialog.locator(":focus")).to_have_count(1)
        page.set_viewport_size(PHONE)
        manager.photograph(f"77-dialog-{number}")
        page.set_viewport_size(DESK)
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        expect(button).to_be_focused()

    assert manager.troubles == []


def reach(actor: Actor, target: Locator) -> None:
    """Press Tab until one is at ``target``, and see at each stop where one is."""
    for _ in range(STOPS):
        actor.page.keyboard.press("Tab")
        here = actor.page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        assert actor.page.evaluate(SEES_FOCUS), f"One does not see that one is at {here}"
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"The keyboard does not lead to {target}.")


def press(actor: Actor, target: Locator, key: str = "Enter") -> None:
    reach(actor, target)
    actor.page.keyboard.press(key)


def follow(actor: Actor, target: Locator) -> None:
    """Press Enter on what leads to another page."""
    reach(actor, target)
    with actor.page.expect_navigation():
        actor.page.keyboard.press("Enter")


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_a_time_is_chosen_held_and_about_to_be_paid_by_keyboard_alone(actor, made, viewport):
    patient = actor("patient", viewport=viewport)
    page = patient.page
    patient.sign_in(people.PATIENT)
    page.wait_for_url("**/portal/")

    follow(patient, page.get_by_role("link", name="Book", exact=True).first)
    expect(page.get_by_role("heading", name="Book an appointment")).to_be_visible()
    press(patient, page.get_by_label("Doctor"), "ArrowDown")
    expect(page.get_by_label("Doctor")).not_to_have_value("")
    follow(patient, page.get_by_role("button", name="Show times"))
    # Another day: a time that begins in a minute is held for no more than that.
    follow(patient, page.locator("a.day").nth(3))
    follow(patient, page.locator("a.time").first)
    press(patient, page.get_by_role("checkbox"), "Space")
    follow(patient, page.get_by_role("button", name="Hold this time for me"))
    expect(page.get_by_text("Held for you until")).to_be_visible()
    clock = page.locator("time.number")
    expect(clock).to_have_text(re.compile(r"^1[45]:\d\d$"))
    before, here = clock.get_attribute("data-until"), page.url
    patient.photograph("68-held")
    follow(patient, page.get_by_role("button", name=re.compile("Pay A")))
    expect(page.get_by_text("Simulated payment").first).to_be_visible()
    page.goto(here)

    # Opening the payment page starts the time anew, and the page does not promise that twice.
    assert clock.get_attribute("data-until") > before
    expect(page.get_by_text("no need to hurry")).to_have_count(0)
    assert patient.troubles == []


def test_a_time_is_moved_by_keyboard_alone(actor, made):
    patient = actor("patient", viewport=DESK)
    page = patient.page
    patient.sign_in(people.PATIENT)
    page.wait_for_url("**/portal/")
    page.goto(f"/portal/appointments/{made['next']}/")

    follow(patient, page.get_by_role("link", name=re.compile("Move|another time")).first)
    expect(page.locator("a.time").first).to_be_visible()
    follow(patient, page.locator("a.time").first)
    expect(page.get_by_role("heading", name="Move your appointment?")).to_be_visible()
    follow(patient, page.get_by_role("button", name="Move to this time"))

    expect(page.get_by_text("Your appointment was moved.")).to_be_visible()
    assert patient.troubles == []
