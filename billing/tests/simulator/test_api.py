"""The simulator's interface, used through the real ``stripe`` package."""

import time

import pytest
import stripe
from stripe import params as typed

from billing import gateway
from billing.simulator import parameters

ORDER = {"order": "0198-opaque"}


@pytest.fixture
def client(simulated_stripe) -> stripe.StripeClient:
    return stripe.StripeClient(
        "sk_test_reader",
        base_addresses={"api": simulated_stripe.address},
        stripe_version=gateway.VERSION,
        http_client=stripe.RequestsClient(),
    )


def asked(**change) -> dict:
    price = {"currency": "aud", "unit_amount": 8900, "product_data": {"name": "Consultation"}}
    return {
        "mode": "payment",
        "success_url": "https://clinic.example/paid?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://clinic.example/left",
        "line_items": [{"quantity": 1, "price_data": price}],
        "metadata": ORDER,
        **change,
    }


def item(**change) -> list[dict]:
    price = {"currency": "aud", "unit_amount": 8900, "product_data": {"name": "Consultation"}, **change}
    return [{"quantity": 1, "price_data": price}]


@pytest.fixture
def paid(client, simulated_stripe) -> stripe.checkout.Session:
    session = client.v1.checkout.sessions.create(params=asked())
    simulated_stripe.press(session.url, "pay")
    return client.v1.checkout.sessions.retrieve(session.id)


class TestSessions:
    def test_are_opened_for_a_day_unless_told_otherwise(self, client, simulated_stripe):
        session = client.v1.checkout.sessions.create(params=asked())

        assert isinstance(session, stripe.checkout.Session)
        assert (session.object, session.status, session.payment_status) == (
            "checkout.session",
            "open",
            "unpaid",
        )
        assert (session.amount_total, session.currency, session.livemode) == (8900, "aud", False)
        assert session.expires_at - session.created == 24 * 60 * 60
        assert session.metadata.to_dict() == ORDER
        assert session.url == f"{simulated_stripe.address}/c/pay/{session.id}"

    @pytest.mark.parametrize(("minutes", "allowed"), [(29, False), (31, True), (1439, True), (1441, False)])
    def test_stay_open_for_half_an_hour_to_a_day(self, client, minutes, allowed):
        until = int(time.time()) + minutes * 60
        outcome = None

        try:
            client.v1.checkout.sessions.create(params=asked(expires_at=until))
        except stripe.InvalidRequestError as error:
            outcome = error.param

        assert outcome == (None if allowed else "expires_at")

    def test_expire_only_while_they_are_open(self, client, paid):
        session = client.v1.checkout.sessions.create(params=asked())

        expired = client.v1.checkout.sessions.expire(session.id)

        assert (expired.status, expired.url) == ("expired", None)
        with pytest.raises(stripe.InvalidRequestError, match="has a status of expired"):
            client.v1.checkout.sessions.expire(session.id)
        with pytest.raises(stripe.InvalidRequestError, match="has a status of complete"):
            client.v1.checkout.sessions.expire(paid.id)

    def test_expire_by_themselves(self, client, simulated_stripe):
        session = client.v1.checkout.sessions.create(params=asked())

        simulated_stripe.control("clock", 24 * 60 * 60 + 1)

        assert client.v1.checkout.sessions.retrieve(session.id).status == "expired"
        told = [
            event["data"]["object"]["id"] for event in simulated_stripe.events("checkout.session.expired")
        ]
        assert told.count(session.id) == 1

    @pytest.mark.parametrize(
        ("change", "param", "code"),
        [
            ({"colour": "red"}, "colour", "parameter_unknown"),
            ({"line_items": item(colour="red")}, "line_items[0][price_data][colour]", "parameter_unknown"),
            (
                {"line_items": item(unit_amount="ten")},
                "line_items[0][price_data][unit_amount]",
                "parameter_invalid_integer",
            ),
            ({"line_items": item(unit_amount=49)}, "line_items", "amount_too_small"),
            ({"line_items": "all"}, "line_items", None),
            ({"mode": "subscription"}, "mode", None),
            ({"success_url": "javascript:alert(1)"}, "success_url", "url_invalid"),
            ({"payment_method_types": ["au_becs_debit"]}, "payment_method_types[0]", None),
        ],
    )
    def test_refuse_what_stripe_would_refuse(self, client, change, param, code):
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.checkout.sessions.create(params=asked(**change))

        assert (refusal.value.http_status, refusal.value.param, refusal.value.code) == (400, param, code)

    @pytest.mark.parametrize("name", ["mode", "success_url", "line_items"])
    def test_refuse_to_guess_what_is_missing(self, client, name):
        params = asked()
        del params[name]

        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.checkout.sessions.create(params=params)

        assert (refusal.value.param, refusal.value.code) == (name, "parameter_missing")

    def test_that_nobody_opened_are_not_found(self, client):
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.checkout.sessions.retrieve("cs_test_never")

        assert (refusal.value.http_status, refusal.value.code) == (404, "resource_missing")


class TestIdempotency:
    def test_gives_the_same_answer_to_the_same_request(self, client):
        first = client.v1.checkout.sessions.create(params=asked(), options={"idempotency_key": "one"})

        again = client.v1.checkout.sessions.create(params=asked(), options={"idempotency_key": "one"})

        assert again.to_dict() == first.to_dict()
        assert again.last_response.headers["idempotent-replayed"] == "true"

    def test_refuses_another_request_under_the_same_key(self, client):
        client.v1.checkout.sessions.create(params=asked(), options={"idempotency_key": "two"})

        with pytest.raises(stripe.IdempotencyError):
            client.v1.checkout.sessions.create(params=asked(metadata={}), options={"idempotency_key": "two"})

    def test_forgets_a_key_after_a_day(self, client, simulated_stripe):
        first = client.v1.checkout.sessions.create(params=asked(), options={"idempotency_key": "four"})
        simulated_stripe.control("clock", 24 * 60 * 60 + 1)

        again = client.v1.checkout.sessions.create(params=asked(), options={"idempotency_key": "four"})

        assert again.id != first.id

    def test_forgets_a_request_that_was_refused(self, client):
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.checkout.sessions.create(
                params=asked(line_items=item(unit_amount=1)), options={"idempotency_key": "three"}
            )

        session = client.v1.checkout.sessions.create(params=asked(), options={"idempotency_key": "three"})

        assert session.status == "open"


class TestDoors:
    @pytest.mark.parametrize("key", ["sk_live_real", "pk_test_public", "whatever"])
    def test_are_open_to_secret_test_keys_only(self, simulated_stripe, key):
        client = stripe.StripeClient(key, base_addresses={"api": simulated_stripe.address})

        with pytest.raises(stripe.AuthenticationError):
            client.v1.events.list()

    def test_lead_nowhere_else(self, client):
        with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL"):
            client.v1.customers.list()


class TestRefunds:
    def test_give_back_in_parts_up_to_the_whole(self, client, paid):
        first = client.v1.refunds.create(params={"payment_intent": paid.payment_intent, "amount": 3900})
        rest = client.v1.refunds.create(params={"payment_intent": paid.payment_intent})

        assert isinstance(first, stripe.Refund)
        assert [(one.amount, one.status) for one in (first, rest)] == [
            (3900, "succeeded"),
            (5000, "succeeded"),
        ]
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.refunds.create(params={"payment_intent": paid.payment_intent})
        assert refusal.value.code == "charge_already_refunded"

    def test_never_exceed_the_charge(self, client, paid):
        with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
            client.v1.refunds.create(params={"payment_intent": paid.payment_intent, "amount": 8901})

    def test_need_to_know_what_to_refund(self, client):
        with pytest.raises(stripe.InvalidRequestError, match="payment_intent or charge"):
            client.v1.refunds.create(params={"amount": 100})


class TestObjects:
    def test_of_a_payment_hang_together(self, client, paid):
        session = client.v1.checkout.sessions.retrieve(
            paid.id, params={"expand": ["payment_intent.latest_charge"]}
        )

        intent = session.payment_intent
        assert isinstance(intent, stripe.PaymentIntent)
        assert isinstance(intent.latest_charge, stripe.Charge)
        assert (intent.status, intent.amount_received, intent.latest_charge.paid) == ("succeeded", 8900, True)
        fees = client.v1.balance_transactions.list(params={"source": intent.latest_charge.id}).data
        assert [(fee.amount, fee.fee, fee.net) for fee in fees] == [(8900, 181, 8719)]

    def test_that_cannot_be_expanded_are_named(self, client, paid):
        with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
            client.v1.checkout.sessions.retrieve(paid.id, params={"expand": ["colour"]})

    def test_come_in_pages(self, client, paid):
        everything = [event.id for event in client.v1.events.list(params={"limit": 2}).auto_paging_iter()]

        assert len(everything) == len(set(everything)) > 2
        assert client.v1.events.retrieve(everything[0]).id == everything[0]
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.events.list(params={"limit": 101})


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (parameters.SESSION_CREATE, typed.checkout.SessionCreateParams),
        (parameters.SESSION_EXPIRE, typed.checkout.SessionExpireParams),
        (parameters.RETRIEVE, typed.checkout.SessionRetrieveParams),
        (parameters.RETRIEVE, typed.PaymentIntentRetrieveParams),
        (parameters.REFUND_CREATE, typed.RefundCreateParams),
        (parameters.REFUND_LIST, typed.RefundListParams),
        (parameters.EVENT_LIST, typed.EventListParams),
        (parameters.BALANCE_LIST, typed.BalanceTransactionListParams),
    ],
)
def test_no_parameter_is_of_our_own_making(ours, theirs):
    assert set(ours) - set(theirs.__annotations__) == set()


@pytest.mark.parametrize(
    ("kind", "theirs"),
    [
        ("checkout.session", stripe.checkout.Session),
        ("payment_intent", stripe.PaymentIntent),
        ("charge", stripe.Charge),
        ("refund", stripe.Refund),
        ("balance_transaction", stripe.BalanceTransaction),
        ("event", stripe.Event),
    ],
)
def test_no_field_is_of_our_own_making(client, paid, kind, theirs):
    refund = client.v1.refunds.create(params={"payment_intent": paid.payment_intent})
    intent = client.v1.payment_intents.retrieve(paid.payment_intent)
    charge = client.v1.charges.retrieve(intent.latest_charge)
    shown = {
        "checkout.session": paid,
        "payment_intent": intent,
        "charge": charge,
        "refund": refund,
        "balance_transaction": client.v1.balance_transactions.retrieve(charge.balance_transaction),
        "event": client.v1.events.list().data[0],
    }[kind]

    assert shown.object == kind
    assert set(shown.to_dict()) - set(theirs.__annotations__) == set()
