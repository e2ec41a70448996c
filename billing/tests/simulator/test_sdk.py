"""The simulator measured by what the installed ``stripe`` package says of Stripe's parameters and objects."""

import ast
import json
import urllib.request
from collections.abc import Callable, Iterator

import pytest
import stripe
from django.conf import settings
from stripe import params

from billing import gateway
from billing.simulator import parameters, refunds
from billing.simulator.routes import ROUTES
from billing.simulator.running import BROWSER
from billing.tests.simulator import sdk

TYPED: dict[tuple[str, str], type] = {
    ("POST", "/v1/checkout/sessions"): params.checkout.SessionCreateParams,
    ("GET", "/v1/checkout/sessions"): params.checkout.SessionListParams,
    ("GET", "/v1/checkout/sessions/{id}"): params.checkout.SessionRetrieveParams,
    ("POST", "/v1/checkout/sessions/{id}/expire"): params.checkout.SessionExpireParams,
    ("GET", "/v1/payment_intents"): params.PaymentIntentListParams,
    ("GET", "/v1/payment_intents/{id}"): params.PaymentIntentRetrieveParams,
    ("GET", "/v1/charges"): params.ChargeListParams,
    ("GET", "/v1/charges/{id}"): params.ChargeRetrieveParams,
    ("POST", "/v1/refunds"): params.RefundCreateParams,
    ("GET", "/v1/refunds"): params.RefundListParams,
    ("GET", "/v1/refunds/{id}"): params.RefundRetrieveParams,
    ("GET", "/v1/disputes"): params.DisputeListParams,
    ("GET", "/v1/disputes/{id}"): params.DisputeRetrieveParams,
    ("POST", "/v1/disputes/{id}"): params.DisputeUpdateParams,
    ("POST", "/v1/disputes/{id}/close"): params.DisputeCloseParams,
    ("GET", "/v1/events"): params.EventListParams,
    ("GET", "/v1/events/{id}"): params.EventRetrieveParams,
    ("GET", "/v1/balance"): params.BalanceRetrieveParams,
    ("GET", "/v1/balance_transactions"): params.BalanceTransactionListParams,
    ("GET", "/v1/balance_transactions/{id}"): params.BalanceTransactionRetrieveParams,
    ("GET", "/v1/payouts"): params.PayoutListParams,
    ("GET", "/v1/payouts/{id}"): params.PayoutRetrieveParams,
}
CLASSES = {
    "checkout.session": stripe.checkout.Session,
    "payment_intent": stripe.PaymentIntent,
    "charge": stripe.Charge,
    "refund": stripe.Refund,
    "dispute": stripe.Dispute,
    "payout": stripe.Payout,
    "balance": stripe.Balance,
    "balance_transaction": stripe.BalanceTransaction,
    "event": stripe.Event,
}
FOLDERS = {
    "checkout.session": "checkout/sessions",
    "payment_intent": "payment_intents",
    "charge": "charges",
    "refund": "refunds",
    "dispute": "disputes",
    "payout": "payouts",
    "balance_transaction": "balance_transactions",
    "event": "events",
}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_call_takes_what_the_package_sends(route):
    assert list(sdk.strays(route.kinds, TYPED[route.method, route.path])) == []


def calls_of(path: str) -> Iterator[str]:
    """What a module asks of the package's client, as ``checkout.sessions.create``."""
    for node in ast.walk(ast.parse((settings.BASE_DIR / path).read_text())):
        words = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        if words.startswith("client.v1."):
            yield words.removeprefix("client.v1.")


@pytest.mark.parametrize("path", ["billing/gateway.py", "billing/banking.py"])
def test_every_call_that_we_make_is_simulated(path):
    asked = {
        "list": ("GET", ""),
        "create": ("POST", ""),
        "retrieve": ("GET", "/{id}"),
        "update": ("POST", "/{id}"),
        "expire": ("POST", "/{id}/expire"),
        "close": ("POST", "/{id}/close"),
    }
    known = {(route.method, route.path) for route in ROUTES}
    single = {"balance.retrieve": ("GET", "/v1/balance")}
    made = [*calls_of(path)]

    assert len(made) > 5
    for words in made:
        place, _, verb = words.rpartition(".")
        method, rest = asked[verb]
        assert single.get(words, (method, f"/v1/{place.replace('.', '/')}{rest}")) in known


@pytest.fixture
def read(simulated_stripe) -> Callable[[str], dict]:
    """What the simulator answers, before the package has touched it."""

    def ask(path: str) -> dict:
        request = urllib.request.Request(  # noqa: S310  our own process
            f"{simulated_stripe.address}/v1/{path}",
            headers={"authorization": "Bearer sk_test_reader", "stripe-version": gateway.VERSION},
        )
        with BROWSER.open(request) as answer:
            return json.load(answer)

    return ask


@pytest.fixture
def lived(simulated_stripe) -> None:
    """Everything that can happen to money, so that every object has been in every state."""
    client = stripe.StripeClient(
        "sk_test_reader",
        base_addresses={"api": simulated_stripe.address},
        stripe_version=gateway.VERSION,
        http_client=stripe.RequestsClient(),
    )
    price = {"currency": "aud", "unit_amount": 8900, "product_data": {"name": "Consultation"}}
    asked = {
        "mode": "payment",
        "success_url": "https://clinic.example/paid",
        "cancel_url": "https://clinic.example/left",
        "line_items": [{"quantity": 1, "price_data": price}],
        "metadata": {"order": "1"},
    }
    pages = [client.v1.checkout.sessions.create(params=asked) for _ in range(7)]
    client.v1.checkout.sessions.expire(pages.pop().id)
    simulated_stripe.press(pages.pop().url, "decline")
    intents = []
    for page in pages[1:]:
        simulated_stripe.press(page.url, "pay")
        intents.append(client.v1.checkout.sessions.retrieve(page.id).payment_intent)
    for outcome, intent in zip(refunds.OUTCOMES, intents, strict=True):
        simulated_stripe.control("refunds", outcome)
        made = client.v1.refunds.create(params={"payment_intent": intent, "amount": 100})
        if outcome == "succeeded":
            simulated_stripe.control("returned", made.id)
    for outcome, intent in zip(["won", "lost"], intents[:2], strict=True):
        simulated_stripe.control("dispute", f"{intent}:fraudulent")
        dispute = client.v1.disputes.list(params={"payment_intent": intent}).data[0]
        client.v1.disputes.update(dispute.id, params={"evidence": {"uncategorized_text": "It took place."}})
        simulated_stripe.control("disputes", outcome)
    simulated_stripe.control("dispute", intents[2])
    simulated_stripe.control("entry", "stripe_fee:-220")
    simulated_stripe.control("payout", "make")
    simulated_stripe.control("payout", "fail")
    simulated_stripe.control("payout", "make")
    simulated_stripe.control("payout", "pay")
    simulated_stripe.press(pages[0].url, "pay")
    simulated_stripe.control("payout", "make")


def test_every_object_is_one_that_the_package_knows(lived, read):
    for kind, folder in FOLDERS.items():
        found = read(f"{folder}?limit=100")["data"]
        assert len(found) > 1
        for shown in found:
            assert shown["object"] == kind
            assert list(sdk.faults(shown, CLASSES[kind], kind)) == []
            assert read(f"{folder}/{shown['id']}") == shown


def test_the_balance_is_one_that_the_package_knows(lived, read):
    assert list(sdk.faults(read("balance"), stripe.Balance)) == []


def test_what_an_event_is_about_is_whole_too(lived, read):
    for event in read("events?limit=100")["data"]:
        about = event["data"]["object"]
        assert list(sdk.faults(about, CLASSES[about["object"]], event["type"])) == []


@pytest.mark.parametrize(
    ("kind", "body", "told"),
    [
        ("refund", {"colour": "red"}, ".colour: unknown"),
        ("refund", {"amount": "ten"}, ".amount: 'ten' is no int"),
        ("payout", {"reconciliation_status": "maybe"}, ".reconciliation_status: 'maybe' is none of"),
        ("dispute", {"evidence_details": {}}, ".evidence_details.has_evidence: missing"),
        ("balance_transaction", {"fee_details": [{"amount": 1}]}, ".fee_details[0].type: missing"),
        ("checkout.session", {"metadata": 5}, ".metadata: 5 is no"),
    ],
)
def test_the_measure_sees_what_is_wrong(kind, body, told):
    found = list(sdk.faults(body, CLASSES[kind]))

    assert any(fault.startswith(told) for fault in found), found


@pytest.mark.parametrize(
    ("ours", "told"),
    [
        ({"colour": parameters.text}, ".colour: unknown"),
        ({"amount": parameters.address}, ".amount: address is none of"),
        ({"metadata": [parameters.text]}, ".metadata: no list there"),
        ({"payment_intent": {}}, ".payment_intent: no object there"),
    ],
)
def test_the_measure_of_parameters_sees_what_is_wrong(ours, told):
    found = list(sdk.strays(ours, params.RefundCreateParams))

    assert any(fault.startswith(told) for fault in found), found


def test_the_measure_of_parameters_sees_what_we_forgot_to_need():
    ours = {"line_items": [{"price_data": {"unit_amount": parameters.whole}}]}

    found = list(sdk.strays(ours, params.checkout.SessionCreateParams))

    assert ".line_items[].price_data.currency: needed there, not here" in found
