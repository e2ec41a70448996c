"""Pages in real browsers: edited with the page beside them, and read in light and dark, large and small."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.management import call_command
from django.urls import reverse
from playwright.sync_api import expect

from clinic import publishing
from clinic.demo import website
from clinic.models import Page, Practice, Snippet
from messaging.tests.live import wait_until_quiet

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
LOOKS = pytest.mark.parametrize(
    ("viewport", "scheme"),
    [(PHONE, "light"), (PHONE, "dark"), (DESK, "light"), (DESK, "dark")],
    ids=["phone-light", "phone-dark", "desk-light", "desk-dark"],
)
SHOTS = os.environ.get("SHOTS")  # a folder, for who wants to look at them


@pytest.fixture
def practice(db):
    call_command("migrate", verbosity=0)  # ships again what the test before took away
    call_command("createcachetable", "shared_cache")
    return Practice.objects.add(
        by=None, name="Example Clinic", street="12 Example Street", suburb="Sydney", state="NSW",
        postcode="2000", phone="02 5550 0100", email="hello@clinic.example",
    )  # fmt: skip


@pytest.fixture
def site(practice, manager, doctor, short_visit, long_visit, fees, mondays):
    doctor.change(by=None, qualifications="MBBS, FRACGP", about="Takes time to listen.")
    mondays.save()
    website.write(manager)


@pytest.fixture
def browse(chromium, web):
    """Open a page in a browser; somebody may be signed in."""
    contexts = []

    def open_one(place, signed_in=None, **options):
        context = chromium.new_context(**options)
        contexts.append(context)
        address = f"http://127.0.0.1:{web.port}"
        if signed_in:
            cookie = {"name": "sessionid", "value": signed_in.cookies["sessionid"].value, "url": address}
            context.add_cookies([cookie])
        page = context.new_page()
        page.broken = []
        page.on("pageerror", lambda error: page.broken.append(str(error)))
        page.on("console", lambda told: page.broken.append(told.text) if told.type == "error" else None)
        page.goto(f"{address}{place}")
        return page

    yield open_one
    for context in contexts:
        context.close()
    wait_until_quiet()


def shoot(page, name):
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def look(page, name):
    found = Axe().run(page, options=RULES).response["violations"]
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    broken = [f"{rule['id']}: {[node['target'] for node in rule['nodes']][:3]}" for rule in found]
    shoot(page, name)
    assert (broken, wide, page.broken) == ([], 0, [])


@LOOKS
def test_every_public_page_can_be_read(site, browse, viewport, scheme):
    for address in Page.objects.filter(is_for="public").order_by("address").values_list("address", flat=True):
        page = browse(address, viewport=viewport, color_scheme=scheme)
        name = f"page-{viewport['width']}-{scheme}-{address.strip('/') or 'start'}"
        look(page, name)
        page.context.close()


def test_a_page_that_is_not_there_leads_on(site, browse):
    page = browse("/not-there/", viewport=PHONE)
    page.broken.clear()  # the browser itself tells of the 404
    look(page, "not-there")
    page.get_by_role("link", name="How it works").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("How it works")


@LOOKS
def test_a_page_of_the_portal_can_be_read(site, patient, client, browse, viewport, scheme):
    client.force_login(patient.user)
    page = browse("/portal/pages/before-your-visit/", client, viewport=viewport, color_scheme=scheme)

    look(page, f"portal-{viewport['width']}-{scheme}")


@LOOKS
def test_a_page_is_built_beside_its_view(site, manager, staff_client, browse, viewport, scheme):
    contact = Page.objects.get(slug="contact")
    place = reverse("admin:clinic_page_change", args=[contact.pk])
    page = browse(place, staff_client(manager), viewport=viewport, color_scheme=scheme)
    if scheme == "dark":
        page.evaluate("document.documentElement.classList.add('dark')")
    shown = page.frame_locator("iframe[title='The page as it will be read']")
    expect(shown.get_by_role("heading", level=1)).to_have_text("Contact")

    page.get_by_role("button", name="Question and answer", exact=True).click()
    last = page.locator("[data-block]").last
    last.get_by_label("Question").fill("May I bring somebody?")
    last.get_by_role("textbox", name="Answer").fill("Yes, gladly.")
    expect(shown.get_by_text("May I bring somebody?")).to_be_visible()
    last.get_by_role("textbox", name="Answer").fill("Yes, and cbdoil.")
    expect(last.get_by_text("Cannot be published: “CBD”.")).to_be_visible()
    look(page, f"editor-{viewport['width']}-{scheme}-marked")
    last.get_by_role("textbox", name="Answer").fill("Yes, gladly.")
    last.get_by_role("button", name="Up").click()
    page.get_by_role("button", name="Desktop").click()
    expect(last.get_by_text("Cannot be published")).to_be_hidden()
    shoot(page, f"editor-{viewport['width']}-{scheme}")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed")).to_be_visible()

    contact.refresh_from_db()
    assert [block["type"] for block in contact.body] == ["contact", "hours", "text", "faq", "snippet"]
    assert contact.body[3]["value"] == {"question": "May I bring somebody?", "answer": "<p>Yes, gladly.</p>"}
    assert publishing.is_changed(contact)


def test_what_was_typed_is_taken_up_again(site, manager, make_user, staff_client, browse):
    fees = Page.objects.get(slug="fees")
    place = reverse("admin:clinic_page_change", args=[fees.pk])
    desk = staff_client(manager)
    page = browse(place, desk, viewport=DESK)
    with page.expect_response(
        lambda answer: "autosave" in answer.url and "content" in (answer.request.post_data or "")
    ):
        page.get_by_label("Title", exact=False).first.fill("What it costs")
    page.evaluate("window.onbeforeunload = null")
    page.context.close()

    again = browse(place, desk, viewport=DESK)
    again.get_by_role("button", name="Take it up").click()
    expect(again.get_by_label("Title", exact=False).first).to_have_value("What it costs")
    other = browse(place, staff_client(make_user("manager", "other")), viewport=DESK)
    expect(other.get_by_text("has this page open now")).to_be_visible()
    shoot(other, "editor-banner")
    fees.refresh_from_db()
    assert fees.history.count() == 3  # begun, written, published: nothing of what was typed


def test_the_tree_is_moved_by_hand_and_by_keys(site, manager, staff_client, browse):
    page = browse("/admin/clinic/page/", staff_client(manager), viewport=DESK)
    with page.expect_response(lambda answer: "arrange" in answer.url):
        page.get_by_role("button", name="Below the page before it: Our doctors").click()
    look(page, "tree")

    doctors = Page.objects.get(slug="our-doctors")
    assert doctors.address == "/how-it-works/our-doctors/"
    rows = page.locator("li[data-item]")
    with page.expect_response(lambda answer: "arrange" in answer.url):
        rows.filter(has_text="Privacy").locator("[data-handle]").drag_to(
            rows.filter(has_text="Fees").first.locator("[data-handle]"), target_position={"x": 5, "y": 2}
        )
    order = [
        *Page.objects.filter(is_for="public", parent=None).order_by("position").values_list("slug", flat=True)
    ]
    assert order.index("privacy") < order.index("questions-and-answers")


def test_a_page_is_scheduled_in_its_dialog(site, manager, staff_client, browse):
    fees = Page.objects.get(slug="fees")
    said = publishing.content(fees) | {"title": "What it costs"}
    publishing.rewrite(fees, said, saw=publishing.mark(fees), by=manager)
    page = browse(reverse("admin:clinic_page_change", args=[fees.pk]), staff_client(manager), viewport=DESK)
    words = re.compile(r"\bSchedule$")  # its icon has a name, too; the sidebar has “Schedules”
    page.get_by_role("link", name=words).or_(page.get_by_role("button", name=words)).first.click()
    page.get_by_label("Goes live").fill("2099-01-31T09:00")
    shoot(page, "schedule")
    page.get_by_role("button", name=words).last.click()
    expect(page.get_by_text("Live, next one scheduled")).to_be_visible()
    shoot(page, "scheduled")

    fees.refresh_from_db()
    assert fees.publish_at.year == 2099


def test_menus_snippets_and_revisions_can_be_read(site, manager, staff_client, browse):
    desk = staff_client(manager)
    fees, snippet = Page.objects.get(slug="fees"), Snippet.objects.get()
    publishing.rewrite(
        fees,
        publishing.content(fees) | {"title": "Our fees", "body": fees.body[1:]},
        saw=publishing.mark(fees),
        by=manager,
    )
    for name, place in {
        "menus": "/admin/clinic/menuitem/",
        "media": "/admin/clinic/media/",
        "snippet": reverse("admin:clinic_snippet_change", args=[snippet.pk]),
        "revision": reverse("admin:clinic_page_revision", args=[fees.pk, fees.live_version]),
        "add": "/admin/clinic/page/add/",
    }.items():
        page = browse(place, desk, viewport=DESK)
        page.wait_for_load_state("networkidle")
        look(page, name)
