"""Every page that a patient can open, in real browsers: light and dark, on a phone, at a desk, enlarged.

What the site knows as an address is walked; a new page is looked at without anybody listing it, and a new
address that needs something is refused here until somebody says what.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.management import call_command
from django.test import Client
from django.urls import NoReverseMatch, URLResolver, get_resolver, reverse
from django.utils import timezone

from clinic import booking, consenting, filling, opting, publishing, tasks, waitlisting
from clinic.models import Consent, Incident, IncidentNotice, Page
from clinic.waitlisting import Wish
from messaging import chatting, mailing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("files")]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PHONE, DESK = {"width": 320, "height": 640}, {"width": 1280, "height": 800}
ENLARGED = {"width": 640, "height": 400}
"""A desk at 200 %: half as much fits on it."""

NO_PAGES = {
    # Streams, files and answers to scripts; each has tests of its own.
    "events",
    "appointment-status",
    "appointment-calendar",
    "appointment-intake-keep",
    "attachment",
    "attachment-thumbnail",
    "calendar-feed",
    "call-signals",
    "call-state",
    "file",
    "my-data-file",
    "picture",
    "receipt",
    "room-call",
    "room-draft",
    "room-messages",
    "room-presence",
    "room-seen",
    "room-search",
    "room-withdrawal",
    "rooms-search",
    "rooms-unread",
    "statement-file",
}


TOLD_NOTHING = {302, 401, 405}
"""What answers whoever only looks, or has not signed in: no page."""


def routes(patterns=None) -> Iterator[tuple[str, bool]]:
    """Each address by its name, and whether it needs to be told of something; the desk has its own tests."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            if pattern.app_name != "admin":
                yield from routes(pattern.url_patterns)
        else:
            yield pattern.name, bool(pattern.pattern.regex.groupindex)


@pytest.fixture
def known(request, patient, doctor, fees, short_visit, make_slot, make_policy, settle):
    """A patient with something on every page; by address, what it needs."""
    call_command("migrate", verbosity=0)  # ships again what the test before took away
    call_command("createcachetable", "shared_cache")
    make_policy()
    script = request.getfixturevalue("issued")
    tasks.render_prescription(str(script.pk))
    paid = settle(booking.hold(make_slot(300), patient=patient, by=patient.user))
    held = booking.hold(make_slot(120), patient=patient, by=patient.user)
    room = chatting.open_room("A question", members=[patient.user, doctor.user], by=None)
    chatting.post(room, by=doctor.user, text="Good morning. How did you sleep?")
    mine = chatting.post(room, by=patient.user, text="Well, thank you.")
    today = timezone.localdate()
    wish = Wish(today, today + timedelta(weeks=2))
    waitlisting.ask(patient, wish=wish, kind=short_visit, by=patient.user)
    offered = filling.offer(make_slot(100))
    consenting.agree(patient, kinds=[Consent.Kind.SHARE_GP, Consent.Kind.PRIVACY], by=patient.user)
    consenting.answer(patient, kind=Consent.Kind.PRIVACY, answer="withdrawn", by=patient.user)
    later = make_slot(200)
    return {
        "slot": [later.pk],
        "appointment": [held.pk],
        "appointment-cancel": [paid.pk],
        "appointment-paid": [held.pk],
        "appointment-move": [paid.pk],
        "appointment-move-to": [paid.pk, later.pk],
        "appointment-intake": [paid.pk],
        "waiting-offer": [offered.pk],
        "room": [room.pk],
        "room-withdraw": [room.pk, mine.sequence],
        "page": [_published(request.getfixturevalue("manager"), is_for="public")],
        "portal-page": [_published(request.getfixturevalue("manager"), is_for="portal")],
        "incident-notice": [_incident(patient).pk],
        "offers-end": [opting.token(patient)],
        "verify": [script.documents.get(kind="patient_copy").secret],
        "account_confirm_email": ["nonsense"],
        "account_reset_password_from_key": ["1", "nonsense"],
    }


def _published(manager, *, is_for: str) -> str:
    text = {"id": str(uuid4()), "type": "text", "value": {"html": "<p>Book a time.</p>"}}
    page = Page(title="How it works", slug="how-it-works", is_for=is_for, body=[text])
    publishing.begin(page, by=manager)
    publishing.publish(page, by=manager)
    return page.slug


def _incident(patient) -> Incident:
    incident = Incident.objects.add(
        name="A letter went astray",
        aware_on=timezone.localdate(),
        what_happened="A letter went to another address.",
        information="Name and address",
        advice="Please look out for letters that you do not expect.",
        notice="A letter to you went to another address.",
        by=None,
    )
    letter = mailing.queue(
        "clinic/mail/document_ready", recipient=patient.user, to=patient.user.email, context={}
    )
    IncidentNotice.objects.create(incident=incident, patient=patient, letter=letter)
    return incident


def pages(client: Client, known: dict[str, list]) -> list[str]:
    """The addresses that answer with a page of their own; each that needs something is told it."""
    found, untold = [], []
    for name, needs in routes():
        if name in NO_PAGES:
            continue
        address = _address(name, needs=needs, known=known)
        answer = client.get(address)
        if needs and name not in known and answer.status_code not in TOLD_NOTHING:
            untold.append(name)
        if answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html"):
            found.append(address)
    assert untold == [], "Say in `known` what these need, or in NO_PAGES that they are none."
    return found


def _address(name: str, *, needs: bool, known: dict[str, list]) -> str:
    if not needs or name in known:
        return reverse(name, args=known.get(name))
    tries = ([uuid4()], [uuid4(), 1], ["privacy"])
    for arguments in tries:
        try:
            return reverse(name, args=arguments)
        except NoReverseMatch:
            continue
    raise AssertionError(f"Say in `known` what {name} needs.")


def troubles(page, address: str) -> list[str]:
    """What axe finds on the page in light and dark at each size, and where it is wider than the screen."""
    found = []
    for size, schemes in ((PHONE, ("light", "dark")), (DESK, ("light", "dark")), (ENLARGED, ("light",))):
        page.set_viewport_size(size)
        for scheme in schemes:
            page.emulate_media(color_scheme=scheme)
            where = f"{address} {size['width']} {scheme}"
            wide = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            found += [f"{where}: {wide} px too wide"] if wide else []
            for rule in Axe().run(page, options=RULES).response["violations"]:
                found += [f"{where}: {rule['id']} {node['target']}" for node in rule["nodes"]]
    return found


@pytest.mark.parametrize("who", ["patient", "nobody"])
def test_every_page_is_for_everybody(known, patient, client, open_context, who):
    if who == "patient":
        client.force_login(patient.user)
    addresses = pages(client, known)
    page = open_context(client if who == "patient" else None, viewport=PHONE).new_page()
    found: list[str] = []
    page.on("pageerror", lambda error: found.append(f"{page.url}: {error}"))

    for address in addresses:
        page.goto(address, wait_until="load")
        found += troubles(page, address)

    assert len(addresses) >= {"patient": 35, "nobody": 6}[who], addresses
    assert found == [], "\n".join(found)


WATCH = """
window.shifts = []; window.paints = [];
new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
  window.shifts.push(`${entry.value} ${entry.sources.map((s) => s.node?.outerHTML?.slice(0, 80))}`);
}))
  .observe({ type: "layout-shift", buffered: true });
new PerformanceObserver((list) => list.getEntries().forEach((entry) => window.paints.push(entry.startTime)))
  .observe({ type: "largest-contentful-paint", buffered: true });
"""
PAINTED = """new Promise((done) => {
  const look = () => (window.paints.length ? window.setTimeout(done, 300) : window.setTimeout(look, 20));
  look();
})"""
LIGHT = 60 * 1024
"""Bytes of the first page on the wire, without fonts and pictures."""


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_the_first_page_is_light_stands_still_and_is_there_at_once(
    known, patient, client, open_context, viewport
):
    client.force_login(patient.user)
    warm = open_context(client, viewport=viewport)
    warm.new_page().goto("/portal/")  # a process that has just begun has read no template yet
    context = open_context(client, viewport=viewport)
    context.add_init_script(WATCH)
    page, sizes = context.new_page(), {}
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    kinds = {}
    wire.on("Network.responseReceived", lambda told: kinds.update({told["requestId"]: told["type"]}))
    wire.on(
        "Network.loadingFinished",
        lambda told: sizes.update({told["requestId"]: told["encodedDataLength"]}),
    )

    page.goto("/portal/", wait_until="load")
    page.evaluate(PAINTED)

    weight = sum(size for one, size in sizes.items() if kinds.get(one) not in {"Font", "Image"})
    answered = page.evaluate("performance.getEntriesByType('navigation')[0].responseStart")
    painted = page.evaluate("Math.max(...window.paints)")
    assert (weight <= LIGHT, page.evaluate("window.shifts")) == (True, []), weight
    assert painted - answered <= 300
