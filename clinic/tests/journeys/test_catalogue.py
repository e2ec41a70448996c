"""A doctor looks for a medicine, narrows the list, and compares what two suppliers sell."""

import re

import pytest
from playwright.sync_api import expect

from clinic.demo import people
from clinic.tests.journeys.actors import DESK, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def doctor(actor):
    doctor = actor("catalogue-doctor", viewport=DESK)
    doctor.sign_in(f"dr.hughes@{people.DOMAIN}")
    doctor.give_code()
    return doctor


def test_a_doctor_searches_and_compares(doctor, stage):
    page = doctor.page
    expect(page).to_have_url(re.compile("/admin/$"))

    page.goto("/admin/catalog/product/?q=banskia")
    expect(page.get_by_text("These are called “banksia”")).to_be_visible()
    doctor.look("60-catalogue-mistyped")

    page.goto(
        "/admin/catalog/product/?category=5&thc_from=20&thc_to=30&thc_in=%25&dose_form__exact=dried_herb"
    )
    chosen = page.locator("input[name=_selected_action]")
    for number in range(2):
        chosen.nth(number).check()
    doctor.look("61-catalogue-narrowed")
    page.locator("select[name=action]").select_option("compare_chosen")
    page.get_by_role("button", name="Run").click()
    expect(page).to_have_url(re.compile("/compare/"))
    expect(page.get_by_role("columnheader")).to_have_count(2)
    expect(page.get_by_role("rowheader", name="Retail per mg of THC")).to_be_visible()
    doctor.photograph("62-catalogue-compared")

    page.get_by_role("columnheader").first.get_by_role("link").click()
    expect(page.get_by_role("heading", name="Prices over time")).to_be_visible()
    doctor.photograph("63-product")
    page.get_by_role("link", name="Compare side by side").click()
    expect(page.get_by_role("columnheader").nth(1)).to_be_visible()
    page.set_viewport_size(PHONE)
    doctor.look("64-catalogue-compared-phone")

    assert doctor.troubles == []
    assert stage.errors() == []
