"""Money at the desk, in the browser: taken, given back, given up, put right, compared, signed off."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from billing.simulator.running import RunningSimulator
from clinic.demo import people
from clinic.tests.journeys.actors import DESK, PATIENCE, PHONE, Actor
from clinic.tests.journeys.test_money import PATIENT

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

OWED = f"""
from decimal import Decimal
from billing import charging
from clinic.models import User
payer = User.objects.get(email="{PATIENT}")
for what, tax, amount in [("Long consultation", "gst_free", "320.00"), ("Report", "gst_10", "110.00")]:
    charging.open_order(payer=payer, lines=[charging.Line(what, tax, Decimal(amount))], by=None)
"""
LARGE, SMALL = "A$320.00", "A$110.00"


def test_money_at_the_desk(actor, stage):
    stage.manage("shell", "-v0", "-c", OWED)
    reception = actor("reception", viewport=PHONE, is_mobile=True, has_touch=True)
    manager = actor("manager", viewport=DESK)
    for staff in (reception, manager):
        staff.sign_in(f"{staff.name}@{people.DOMAIN}")
        staff.give_code()
        expect(staff.page).to_have_url(re.compile("/admin/$"), timeout=PATIENCE)

    take_cash(reception)
    give_back_a_large_amount(manager)
    hand_it_over(manager)
    write_off(manager)
    put_a_receipt_right(manager)
    compare(manager, stage)
    sign_a_day_off(manager)

    assert [*reception.troubles, *manager.troubles] == []
    assert stage.errors() == []


def show(who: Actor, screen: str) -> None:
    """Look at a screen in the dark, and in the light as it is at a desk."""
    who.photograph(screen)


def hears(who: Actor, sentence: str | re.Pattern[str]) -> None:
    expect(who.page.get_by_text(sentence).first).to_be_visible(timeout=PATIENCE)


def open_order(who: Actor, amount: str) -> None:
    who.page.goto("/admin/billing/order/")
    row = who.page.locator("#result_list tbody tr", has_text=amount)
    row.locator("a").first.click()
    hears(who, "What became of it")


def press(who: Actor, button: str, screen: str, **answers: str) -> None:
    """Open a button's dialog, answer it, look at it, send it."""
    page = who.page
    if page.viewport_size["width"] < DESK["width"]:
        page.get_by_role("link", name="More actions").click()
    page.get_by_role("link", name=button, exact=True).or_(
        page.get_by_role("button", name=button, exact=True)
    ).first.click()
    dialog = page.get_by_role("dialog", name=button)
    for name, answer in answers.items():
        field = dialog.locator(f"[name={name}]")
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(label=answer)
        else:
            field.fill(answer)
    show(who, screen)
    dialog.get_by_role("button", name=button, exact=True).click()


def take_cash(reception: Actor) -> None:
    open_order(reception, LARGE)
    press(reception, "Enter a payment", "70-take-cash", method="Cash", amount="100")
    hears(reception, re.compile(r"Noted\. A\$220\.00 of Order \d+ is still owed\."))
    press(reception, "Enter a payment", "71-take-the-rest", method="Bank transfer")
    hears(reception, re.compile(r"Order \d+ is paid\."))
    show(reception, "72-paid")


def give_back_a_large_amount(manager: Actor) -> None:
    page = manager.page
    open_order(manager, LARGE)
    said = {"amount": "210", "cause": "The technology failed", "why": "No sound on their side."}
    press(manager, "Refund", "73-refund", **said)
    dialog = page.get_by_role("dialog", name="Refund")
    expect(dialog.get_by_text("Please type that amount a second time to confirm it.")).to_be_visible(
        timeout=PATIENCE
    )
    expect(dialog.locator("[name=why]")).to_have_value(said["why"])
    show(manager, "74-refund-unconfirmed")
    dialog.locator("[name=again]").fill("210")
    dialog.get_by_role("button", name="Refund", exact=True).click()
    hears(manager, re.compile(r"A\$210\.00 of Order \d+ goes back to"))
    show(manager, "75-refunding")


def hand_it_over(manager: Actor) -> None:
    page = manager.page
    page.goto("/admin/billing/refund/?status__exact=requested")
    page.locator("#result_list tbody tr", has_text="A$210.00").locator("a").first.click()
    press(manager, "Handed over", "76-hand-over")
    hears(manager, "Refund of A$210.00 was handed over.")
    page.goto("/admin/billing/refund/?status__exact=requested")
    hears(manager, "Nothing like that")
    show(manager, "77-nothing-waits")


def write_off(manager: Actor) -> None:
    open_order(manager, SMALL)
    press(manager, "Write off", "78-write-off", why="Three letters without an answer.")
    hears(manager, re.compile(r"The rest of Order \d+ was written off\."))
    show(manager, "79-written-off")


def put_a_receipt_right(manager: Actor) -> None:
    page = manager.page
    newest_paper(manager)
    show(manager, "80-receipt")
    with page.expect_download() as paper:
        page.get_by_role("link", name="Download").click()
    assert Path(paper.value.path()).read_bytes().startswith(b"%PDF")
    press(manager, "Issue credit note", "81-credit-note", why="The address was an old one.")
    hears(manager, re.compile(r"was taken back\. Receipt .* takes its place\."))
    hears(manager, "Replaced")
    show(manager, "82-replaced")


def newest_paper(manager: Actor) -> None:
    """The receipt of what was paid, once a worker has printed it."""
    page = manager.page
    for _ in range(30):
        page.goto("/admin/billing/receipt/?kind__exact=receipt")
        row = page.locator("#result_list tbody tr", has_text=LARGE).filter(has_text="Download")
        if row.count():
            break
        page.wait_for_timeout(1000)
    row.locator("a").first.click()


def compare(manager: Actor, stage) -> None:
    """Stripe moves money by itself: a difference, until somebody explains it."""
    page = manager.page
    RunningSimulator(stage.payments).control("entry", "adjustment:-500")
    page.goto("/admin/billing/dayclose/")
    show(manager, "83-day")
    page.get_by_role("button", name="Compare now").click()
    hears(manager, "Stripe is being asked.")
    link = page.get_by_role("link", name="1 difference to be explained")
    for _ in range(30):
        if link.count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    link.click()
    show(manager, "84-differences")
    page.locator("#result_list tbody a").first.click()
    hears(manager, "−A$5.00")
    press(manager, "Explain", "85-explain", why="Stripe put a fee of last month right.")
    hears(manager, "The difference is explained.")
    show(manager, "86-explained")
    page.goto("/admin/billing/dayclose/")
    hears(manager, "Nothing differs.")


def sign_a_day_off(manager: Actor) -> None:
    page = manager.page
    page.goto(f"/admin/billing/dayclose/?day={timezone.localdate() - timedelta(days=1)}")
    page.locator("#money-why").fill("Counted by two.")
    page.get_by_role("button", name="Sign off").click()
    hears(manager, "is signed off.")
    show(manager, "87-signed")
    page.get_by_role("link", name=re.compile("Signed off by")).click()
    hears(manager, "Figures as signed")
    show(manager, "88-signature")
