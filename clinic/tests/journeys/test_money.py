"""A manager's money in the browser: a deposit, a statement, revenue, a day signed off, a list taken along."""

import csv
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from clinic.demo import people
from clinic.tests.journeys.actors import DESK, PHONE, Actor

PATIENT = f"patient@{people.DOMAIN}"
IN_CREDIT = re.compile(r"In credit: A\$\d+\.00")

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_from_a_deposit_to_the_day_that_is_signed_off(actor, stage):
    manager = actor("manager", viewport=DESK)
    patient = actor("patient", viewport=PHONE, is_mobile=True, has_touch=True)

    manager.sign_in(f"manager@{people.DOMAIN}")
    manager.give_code()
    expect(manager.page).to_have_url(re.compile("/admin/$"))
    take_a_deposit(manager)
    read_the_statement(manager)
    look_at_the_revenue(manager)
    sign_a_day_off(manager)
    take_the_ledger_along(manager)
    read_their_own(patient)

    assert [*manager.troubles, *patient.troubles] == []
    assert stage.errors() == []


def take_a_deposit(manager: Actor) -> None:
    page = manager.page
    page.goto("/admin/billing/order/")
    manager.look("60-orders")
    page.get_by_role("link", name="Take a deposit").or_(
        page.get_by_role("button", name="Take a deposit")
    ).first.click()
    dialog = page.locator("form", has=page.locator("[name=email]"))
    dialog.locator("[name=email]").fill(PATIENT)
    dialog.locator("[name=amount]").fill("50")
    dialog.locator("[name=method]").select_option(label="Cash")
    dialog.locator("[name=why]").fill("For two visits.")
    page.get_by_role("button", name="Take it").click()
    expect(page.get_by_text(re.compile(r"has A\$\d+\.00 of credit now"))).to_be_visible()
    manager.look("61-deposit")


def read_the_statement(manager: Actor) -> None:
    page = manager.page
    page.get_by_role("link", name="Statement").click()
    expect(page.get_by_text("Deposit (cash)").first).to_be_visible()
    expect(page.get_by_text(IN_CREDIT)).to_be_visible()
    manager.look("62-statement")
    with page.expect_download() as paper:
        page.get_by_role("link", name="PDF").click()
    assert Path(paper.value.path()).read_bytes().startswith(b"%PDF")


def look_at_the_revenue(manager: Actor) -> None:
    page = manager.page
    page.goto("/admin/")
    page.get_by_role("link", name="Revenue").click()
    expect(page.get_by_role("heading", name="By practitioner")).to_be_visible()
    manager.look("63-revenue")


def sign_a_day_off(manager: Actor) -> None:
    page = manager.page
    page.goto(f"/admin/billing/dayclose/?day={timezone.localdate() - timedelta(days=2)}")
    manager.look("64-day")
    page.locator("#money-why").fill("Counted.")
    page.get_by_role("button", name="Sign off").click()
    expect(page.get_by_text("is signed off.")).to_be_visible()
    manager.look("65-day-signed")


def take_the_ledger_along(manager: Actor) -> None:
    page = manager.page
    page.goto("/admin/billing/entry/export/")
    manager.look("66-export")
    page.locator("[name=format]").select_option("1")
    with page.expect_download() as table:
        page.get_by_role("button", name="Submit").click()
    with Path(table.value.path()).open(newline="") as lines:
        assert "50.00" in [row["Amount"] for row in csv.DictReader(lines)]


def read_their_own(patient: Actor) -> None:
    page = patient.page
    patient.sign_in(PATIENT)
    page.get_by_role("link", name="Statement").click()
    expect(page.get_by_text(IN_CREDIT)).to_be_visible()
    patient.look("67-own-statement")
    patient.photograph("67-own-statement")
