"""The simulated payment page, button by button."""

import urllib.error

import pytest

from billing import charging, gateway
from billing.simulator.running import BROWSER
from billing.tests.conftest import PAGES

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(order, simulated_stripe) -> str:
    return charging.start_checkout(order, **PAGES).url


def read(address: str) -> tuple[int, str]:
    try:
        with BROWSER.open(address) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, answer.read().decode()


def is_paid(page: str) -> bool:
    return gateway.fetch_session(page.rpartition("/")[2]).is_paid


def test_says_in_large_letters_that_it_is_simulated(page):
    status, html = read(page)

    assert status == 200
    assert "<h1>Simulated payment</h1>" in html
    assert "Pay A$89.00" in html
    assert "Consultation" in html
    for button in ("pay", "challenge", "decline", "twice", "leave"):
        assert f'/{button}"><button' in html


def test_paying_sends_the_payer_back_to_us(page, simulated_stripe):
    assert simulated_stripe.press(page, "pay") == PAGES["success_url"]
    assert is_paid(page) is True


def test_leaving_sends_the_payer_back_unpaid(page, simulated_stripe):
    assert simulated_stripe.press(page, "leave") == PAGES["cancel_url"]
    assert is_paid(page) is False


@pytest.mark.parametrize(
    ("buttons", "sentence"),
    [
        (["decline"], "The card was declined."),
        (["challenge", "fail"], "The bank could not confirm that it is you."),
    ],
)
def test_a_refused_card_may_be_tried_again(page, simulated_stripe, buttons, sentence):
    *_, back = [simulated_stripe.press(page, button) for button in buttons]

    assert sentence in read(simulated_stripe.address + back)[1]
    assert is_paid(page) is False
    assert simulated_stripe.press(page, "pay") == PAGES["success_url"]


def test_the_bank_may_ask_first(page, simulated_stripe):
    asked = simulated_stripe.press(page, "challenge")

    assert "Your bank asks whether this is you" in read(simulated_stripe.address + asked)[1]
    assert is_paid(page) is False
    assert simulated_stripe.press(page, "approve") == PAGES["success_url"]
    assert is_paid(page) is True


def test_paying_twice_pays_once(page, simulated_stripe):
    simulated_stripe.press(page, "pay")

    simulated_stripe.press(page, "pay")

    status, html = read(page)
    paid = simulated_stripe.events("checkout.session.completed")
    assert (status, "This payment has been made." in html) == (200, True)
    assert sum(event["data"]["object"]["id"] == page.rpartition("/")[2] for event in paid) == 1


def test_pressing_pay_twice_at_once_pays_once_and_tells_twice(page, simulated_stripe):
    assert simulated_stripe.press(page, "twice") == PAGES["success_url"]

    intent = gateway.fetch_session(page.rpartition("/")[2]).intent_id
    told = simulated_stripe.events("checkout.session.completed", "charge.succeeded")
    about = [event["type"] for event in told if event["data"]["object"]["payment_intent"] == intent]
    assert about == ["charge.succeeded", "checkout.session.completed", "checkout.session.completed"]


def test_a_page_that_ran_out_takes_no_money(order, page, simulated_stripe):
    charging.expire_checkout(order)

    simulated_stripe.press(page, "pay")

    status, html = read(page)
    assert (status, "The time to pay has run out." in html) == (410, True)
    assert is_paid(page) is False


@pytest.mark.parametrize("path", ["/", "/c/pay/cs_test_never", "/c/pay/../../etc/passwd"])
def test_other_addresses_are_answered_in_words(simulated_stripe, path):
    status, html = read(simulated_stripe.address + path)

    assert status == 404
    assert "Simulated payment" in html
