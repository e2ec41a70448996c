"""Questions in real browsers: built at the desk, answered on a phone, each answer kept as it is given."""

from __future__ import annotations

import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.management import call_command
from django.urls import reverse
from playwright.sync_api import expect

from clinic import answering, questioning
from clinic.models import Answer, Intake, Questionnaire, QuestionnaireDraft
from messaging.tests.live import wait_until_quiet

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PHONE, DESK = {"width": 320, "height": 640}, {"width": 1440, "height": 900}
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])
ROWS = [
    {"key": "smokes", "label": "Do you smoke?", "kind": "yes_no", "section": "Habits"},
    {
        "key": "how_many",
        "label": "How many a day?",
        "kind": "number",
        "section": "Habits",
        "when": {"key": "smokes", "answer": "yes"},
    },
    {"key": "why", "label": "What do you hope for?", "kind": "text", "section": "Your visit"},
    {
        "key": "pain",
        "label": "How strong is the pain?",
        "kind": "scale",
        "section": "Your visit",
        "lowest": "None",
        "highest": "The worst there is",
    },
    {
        "key": "where",
        "label": "Where does it hurt?",
        "kind": "several",
        "section": "Your visit",
        "choices": ["Back", "Head", "Elsewhere"],
        "required": False,
    },
]


@pytest.fixture
def visit(manager, request):
    """A paid visit before which ``ROWS`` are asked."""
    call_command("migrate", verbosity=0)  # ships again what the test before took away
    call_command("createcachetable", "shared_cache")  # the desk counts what waits there
    draft = QuestionnaireDraft.objects.get(key="before_visit")
    questioning.rewrite(
        draft, title="Before your visit", questions=ROWS, saw=questioning.mark(draft), by=manager
    )
    questioning.publish(draft, by=manager)
    return request.getfixturevalue("confirmed")


@pytest.fixture
def open_page(chromium, web):
    """Open a page in a browser in which somebody is signed in, with its errors noted."""
    contexts = []

    def open_one(signed_in, place, **options):
        context = chromium.new_context(**options)
        contexts.append(context)
        address = f"http://127.0.0.1:{web.port}"
        cookie = {"name": "sessionid", "value": signed_in.cookies["sessionid"].value, "url": address}
        context.add_cookies([cookie])
        page = context.new_page()
        page.broken = []
        page.on("pageerror", lambda error: page.broken.append(str(error)))
        page.goto(f"{address}{place}")
        return page

    yield open_one
    for context in contexts:
        context.close()
    wait_until_quiet()


def look(page):
    found = Axe().run(page, options=RULES).response["violations"]
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    broken = [f"{rule['id']}: {[node['target'] for node in rule['nodes']]}" for rule in found]
    assert (broken, wide, page.broken) == ([], 0, [])


@SCHEMES
def test_each_answer_is_kept_as_it_is_given_and_goes_on_elsewhere(visit, patient, client, open_page, scheme):
    client.force_login(patient.user)
    place = reverse("appointment-intake", args=[visit.pk])
    page = open_page(client, place, viewport=PHONE, color_scheme=scheme)
    many = page.get_by_label("How many a day?")
    expect(many).to_be_hidden()

    page.get_by_label("Yes").check()
    expect(many).to_be_visible()
    many.fill("twelve")
    many.press("Tab")
    expect(page.get_by_text("Please enter a number.")).to_be_visible()
    look(page)
    many.fill("12")
    many.press("Tab")
    expect(page.get_by_role("status")).to_contain_text("Kept at")
    page.get_by_label("Back").check()
    page.get_by_label("Head").check()
    with page.expect_response(lambda answer: "pain" in (answer.request.post_data or "")):
        page.get_by_label("7", exact=True).check()
    expect(page.get_by_text("Please enter a number.")).to_have_count(0)

    intake = Intake.objects.get()
    assert answering.values(intake) == {"smokes": "yes", "how_many": "12", "where": "Back\nHead", "pain": "7"}

    other = open_page(client, place, viewport=DESK, color_scheme=scheme)
    expect(other.get_by_label("How many a day?")).to_have_value("12")
    look(other)
    other.get_by_label("No", exact=True).check()
    expect(other.get_by_label("How many a day?")).to_be_hidden()
    other.get_by_label("Yes").check()
    other.get_by_label("What do you hope for?").fill("Sleep")
    other.get_by_role("button", name="Save your answers").click()
    expect(other.get_by_text("Your answers are saved.")).to_be_visible()
    assert answering.values(intake)["how_many"] == "12"
    assert answering.how_far(visit, by=patient.user) == "done"


def test_what_cannot_be_kept_now_is_kept_later(visit, patient, client, open_page):
    client.force_login(patient.user)
    page = open_page(client, reverse("appointment-intake", args=[visit.pk]), viewport=PHONE)

    page.context.set_offline(True)
    page.get_by_label("No", exact=True).check()
    expect(page.get_by_role("status")).to_contain_text("Not saved yet")
    assert not Answer.objects.exists()
    page.context.set_offline(False)

    expect(page.get_by_role("status")).to_contain_text("Kept at", timeout=20_000)
    assert Answer.objects.get().value == "no"


def test_without_javascript_everything_can_be_answered(visit, patient, client, open_page):
    client.force_login(patient.user)
    place = reverse("appointment-intake", args=[visit.pk])
    page = open_page(client, place, viewport=PHONE, java_script_enabled=False)

    expect(page.get_by_text("Only if it follows from your answer to “Do you smoke?”: Yes")).to_be_visible()
    page.get_by_label("No", exact=True).check()
    page.get_by_label("What do you hope for?").fill("Sleep")
    page.get_by_role("button", name="Save your answers").click()
    expect(page.get_by_text("Please answer this question.").last).to_be_visible()
    page.get_by_label("0", exact=True).check()
    page.get_by_role("button", name="Save your answers").click()

    expect(page.get_by_text("Your answers are saved.")).to_be_visible()
    assert answering.values(Intake.objects.get())["pain"] == "0"


@SCHEMES
def test_a_manager_builds_looks_and_publishes(visit, manager, staff_client, open_page, scheme):
    draft = QuestionnaireDraft.objects.get(key="before_visit")
    place = reverse("admin:clinic_questionnairedraft_change", args=[draft.pk])
    page = open_page(staff_client(manager), place, viewport=DESK, color_scheme=scheme)

    page.get_by_role("button", name="Add a question").click()
    new = page.locator("[data-question]").last
    new.get_by_label("Question", exact=True).fill("Since when?")
    new.get_by_label("Kind of answer").select_option("number")
    new.get_by_label("When").select_option(label="How strong is the pain?")
    new.locator("[data-when=least]").fill("5")
    new.get_by_role("button", name="Add a red flag").click()
    new.locator("[data-flag-part=most]").fill("1")
    new.get_by_label("The doctor is told").fill("Sudden and strong pain.")
    page.locator("[data-up]").nth(4).click()
    page.get_by_role("button", name="Look at it as a patient").click()
    seen = page.frame_locator("iframe[sandbox]")
    expect(seen.get_by_text("Since when?")).to_be_visible()
    expect(seen.get_by_text("Sudden and strong pain.")).to_have_count(0)
    look(page)
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_text("Added: Since when?")).to_be_visible()
    page.set_viewport_size(PHONE)
    look(page)

    draft.refresh_from_db()
    [row] = [row for row in draft.questions if row["label"] == "Since when?"]
    assert row == {
        "key": "since_when",
        "label": "Since when?",
        "kind": "number",
        "section": "Your visit",
        "when": {"key": "pain", "least": "5"},
        "flags": [{"most": "1", "severity": "serious", "message": "Sudden and strong pain."}],
    }
    assert [one["key"] for one in draft.questions][3:5] == ["where", "pain"]
    assert Questionnaire.objects.newest("before_visit").first().questions == ROWS
    assert json.loads(page.locator("[data-questions]").input_value()) == draft.questions
