"""A supplier's list on its way into the catalogue: sent in, reviewed, approved by somebody else, undone."""

import csv
import io
import re
from pathlib import Path

import openpyxl
import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from clinic.demo import people
from clinic.tests.journeys.actors import DESK, PATIENCE, PHONE, Actor

SAMPLE = settings.BASE_DIR / "fixtures" / "sheets" / "medreleaf.xlsx"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DEARER = "Brolga CBD 100 (S4)"
STATUS = ".import-state .desk-status"

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def managers(actor) -> list[Actor]:
    """Two of them, signed in: nobody approves what they reviewed themselves."""
    signed_in = []
    for name in ("manager", "second.manager"):
        one = actor(name, viewport=DESK)
        one.sign_in(f"{name}@{people.DOMAIN}")
        one.give_code()
        expect(one.page).to_have_url(re.compile("/admin/$"))
        signed_in.append(one)
    return signed_in


def months_list() -> bytes:
    """Next month's list: one product dearer, one new, one gone, and one that cannot be."""
    book = openpyxl.load_workbook(SAMPLE)
    book["Oil"]["D2"] = 95
    book["Oil"].delete_rows(5)
    book["Oil"].append(["Kestrel", "Sandpiper 10 (Indica)", 5, 38, 55, "30mL", "10mg/mL", "<1mg/mL"])
    book["Carts"]["I2"] = "1750mg/g"
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def test_a_list_is_reviewed_by_two_and_can_be_taken_back(managers, stage):
    manager, second = managers
    data = months_list()

    send_in(manager, SAMPLE.name, SAMPLE.read_bytes())
    says_so = manager.page.get_by_text("The catalogue says the same already")
    expect(says_so).to_be_visible(timeout=PATIENCE)
    manager.photograph("80-import-same-again")

    stage.kill("worker")
    address = send_in(manager, "medreleaf next month.xlsx", data)
    watch_it_being_read(manager, stage)
    review(manager)
    assert send_in(manager, "the same.xlsx", data) == address
    expect(manager.page.get_by_text(re.compile("This very file came in on .+ already"))).to_be_visible()
    take_the_errors_along(manager.page)
    hand_in(manager)
    approve(second, address)

    expect(wholesale(manager.page)).to_have_text(["A$95.00", "A$72.00"])
    undo(manager, address)
    expect(wholesale(manager.page)).to_have_text(["A$72.00", "A$95.00", "A$72.00"])

    assert [*manager.troubles, *second.troubles] == []
    assert stage.errors() == []


def test_a_table_is_shown_before_it_changes_anything(managers, stage):
    manager, _ = managers
    page = manager.page
    rows = take_the_prices_along(page)
    rows.append(rows[0] | {"id": "", "effective_on": "2031-01-31", "amount": "123.45"})

    send_table(page, [*rows, rows[0] | {"id": "", "amount": "cheap"}])
    expect(page.get_by_role("alert")).to_have_text(re.compile("^Nothing was taken."))
    manager.photograph("88-table-refused")
    send_table(page, rows)
    expect(page.get_by_text(re.compile("^1 new, 0 changed, "))).to_be_visible()
    manager.photograph("89-table-shown")
    page.get_by_role("button", name="Confirm import").click()
    expect(page.get_by_text(re.compile("1 new, 0 changed, .+ as they were."))).to_be_visible()

    refused = "400 (Bad Request)"  # which browsers tell on the console
    assert [trouble for trouble in manager.troubles if refused not in trouble] == []
    assert stage.errors() == []


def send_in(manager: Actor, name: str, data: bytes) -> str:
    page = manager.page
    page.goto("/admin/catalog/import/")
    page.locator("a[href$='/catalog/import/add/']").first.click()
    page.get_by_label("Whose list is it?").select_option(label="MedReleaf")
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": XLSX, "buffer": data})
    manager.look("81-import-send-in")
    page.get_by_role("button", name="Send it in").click()
    expect(page.locator(STATUS)).to_be_visible()
    return page.url


def watch_it_being_read(manager: Actor, stage) -> None:
    page = manager.page
    expect(page.get_by_text("The file waits for a worker")).to_be_visible()
    manager.photograph("82-import-waits")
    stage.run("worker")
    turned = re.compile("is-checked")
    expect(page.locator(STATUS)).to_have_class(turned, timeout=PATIENCE)  # the page turns by itself
    expect(page.get_by_role("link", name=re.compile("still need"))).to_be_visible()
    manager.photograph("83-import-checked")


def review(manager: Actor) -> None:
    page = manager.page
    numbers = page.locator(".import-numbers")
    for kind, count in {"New": 1, "Changed": 1, "Gone from the list": 1, "Errors": 1}.items():
        expect(numbers.get_by_role("link", name=re.compile(rf"^\s*{count}\s*{kind}"))).to_be_visible()
    page.locator(".import-numbers").get_by_role("link", name="Changed").first.click()
    expect(page.get_by_text("+31.9 %").first).to_be_visible()
    manager.photograph("84-import-changed")

    page.get_by_role("link", name=DEARER).first.click()
    expect(page.get_by_text("Oil, cell B2").or_(page.get_by_text("Oil!B2")).first).to_be_visible()
    manager.photograph("85-import-line")
    page.go_back()

    with page.expect_navigation():  # or the boxes of the page before are ticked
        page.get_by_role("navigation", name="Kinds of lines").get_by_role(
            "link", name="Still to decide"
        ).click()
    for box in page.locator("input[name=_selected_action]").all():
        box.check()
    page.locator("select[name=action]").select_option(label="Take over")
    page.get_by_label("Reason").fill("Asked the supplier.")
    manager.look("86-import-in-bulk")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text(re.compile(r"Take over: \d+ lines"))).to_be_visible()


def take_the_errors_along(page: Page) -> None:
    with page.expect_download() as table:
        page.get_by_role("link", name="Download the errors (.xlsx)").click()
    book = openpyxl.load_workbook(io.BytesIO(Path(table.value.path()).read_bytes()))
    (_, line) = book.active.iter_rows(values_only=True)
    assert line[:3] == ("Carts", "B2", "Not taken")


def press(page: Page, button: str, why: str = "") -> None:
    page.get_by_role("link", name=button).or_(page.get_by_role("button", name=button)).first.click()
    dialog = page.locator("form", has=page.locator("[name=_form_submitted]"))
    if why:
        dialog.locator("[name=why]").fill(why)
    dialog.get_by_role("button", name=button).click()


def hand_in(manager: Actor) -> None:
    page = manager.page
    expect(page.get_by_text("Every line that needs review is decided.")).to_be_visible()
    press(page, "Send for approval")
    expect(page.get_by_text("waits for approval.")).to_be_visible()
    press(page, "Approve")
    expect(page.get_by_text("You reviewed this list yourself.")).to_be_visible()
    manager.photograph("87-import-needs-another")


def approve(second: Actor, address: str) -> None:
    page = second.page
    page.goto(address)
    press(page, "Approve")
    expect(page.locator(STATUS)).to_have_class(re.compile("is-applied"), timeout=PATIENCE)
    expect(page.get_by_text(re.compile(r"1 new, 1 changed|1 new, 0 changed")).first).to_be_visible()
    second.photograph("87-import-applied")


def wholesale(page: Page):
    """What the product that became dearer costs, the last price first."""
    page.goto(f"/admin/catalog/price/?q={DEARER[:10]}&kind__exact=wholesale&o=-5")
    return page.locator("td.field-show_amount, [class*=field-show_amount]")


def undo(manager: Actor, address: str) -> None:
    page = manager.page
    page.goto(address)
    press(page, "Undo", "It was the wrong list.")
    expect(page.locator(STATUS)).to_have_class(re.compile("is-undone"))
    manager.photograph("87-import-undone")
    page.set_viewport_size(PHONE)
    manager.look("87-import-undone-phone")
    page.set_viewport_size(DESK)


def take_the_prices_along(page: Page) -> list[dict[str, str]]:
    page.goto("/admin/catalog/price/export/")
    page.locator("[name=format]").select_option("1")
    with page.expect_download() as table:
        page.get_by_role("button", name="Submit").click()
    with Path(table.value.path()).open(newline="") as lines:
        return [*csv.DictReader(lines)]


def send_table(page: Page, rows: list[dict[str, str]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    page.goto("/admin/catalog/price/import/")
    file = {"name": "prices.csv", "mimeType": "text/csv", "buffer": text.getvalue().encode()}
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Submit").click()
