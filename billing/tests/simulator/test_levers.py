"""What a lever makes Stripe, a bank or a payer do, and how the balance moves with it."""

import urllib.error
from collections.abc import Callable

import pytest
import stripe

from billing import gateway
from billing.simulator.state import State

DAY = 24 * 60 * 60
AMOUNT, FEE = 8900, 181  # cents: 1.7 % and 30 cents of A$89.00


@pytest.fixture
def client(simulated_stripe) -> stripe.StripeClient:
    return stripe.StripeClient(
        "sk_test_reader",
        base_addresses={"api": simulated_stripe.address},
        stripe_version=gateway.VERSION,
        http_client=stripe.RequestsClient(),
    )


@pytest.fixture
def pay(client, simulated_stripe) -> Callable[[], str]:
    """Pay A$89.00; the payment's id."""
    price = {"currency": "aud", "unit_amount": AMOUNT, "product_data": {"name": "Consultation"}}

    def run() -> str:
        asked = {
            "mode": "payment",
            "success_url": "https://clinic.example/paid",
            "line_items": [{"quantity": 1, "price_data": price}],
        }
        session = client.v1.checkout.sessions.create(params=asked)
        simulated_stripe.press(session.url, "pay")
        return client.v1.checkout.sessions.retrieve(session.id).payment_intent

    return run


@pytest.fixture
def balance(client) -> Callable[[], int]:
    """By how much the balance has moved since the test began, in cents."""
    before = client.v1.balance.retrieve().available[0].amount

    return lambda: client.v1.balance.retrieve().available[0].amount - before


def entries(client: stripe.StripeClient, source: str) -> list[tuple]:
    """How one object moved the balance, oldest first."""
    found = client.v1.balance_transactions.list(params={"source": source}).data[::-1]
    return [(entry.type, entry.reporting_category, entry.amount, entry.fee, entry.net) for entry in found]


def told(simulator, about: str) -> list[str]:
    return [event["type"] for event in simulator.events() if event["data"]["object"]["id"] == about]


@pytest.mark.parametrize(
    ("lever", "mode"),
    [
        ("webhooks", "shout"),
        ("target", "https://elsewhere.example/"),
        ("refunds", "lost"),
        ("returned", "pi_1"),
        ("dispute", "re_1"),
        ("disputes", "drawn"),
        ("payouts", "hourly"),
        ("payout", "twice"),
        ("fees", "none"),
        ("slip", "1.5"),
        ("entry", "gift:100"),
        ("entry", "adjustment"),
        ("clock", "noon"),
    ],
)
def test_a_lever_refuses_what_it_cannot_be(simulated_stripe, lever, mode):
    with pytest.raises(urllib.error.HTTPError, match="400"):
        simulated_stripe.control(lever, mode)


@pytest.mark.parametrize(
    ("lever", "mode", "status"),
    [("returned", "re_never", 404), ("dispute", "pi_never", 404), ("dispute", "ch_never", 404)],
)
def test_a_lever_needs_something_to_move(simulated_stripe, lever, mode, status):
    with pytest.raises(urllib.error.HTTPError, match=str(status)):
        simulated_stripe.control(lever, mode)


class TestFees:
    @pytest.mark.parametrize(("cards", "fee"), [("domestic", 181), ("international", 341), ("odd", 207)])
    def test_are_what_the_cards_cost(self, client, simulated_stripe, pay, cards, fee):
        simulated_stripe.control("fees", cards)

        charge = client.v1.payment_intents.retrieve(pay()).latest_charge

        assert entries(client, charge) == [("charge", "charge", AMOUNT, fee, AMOUNT - fee)]

    def test_slip_books_a_charge_wrongly(self, client, simulated_stripe, pay):
        simulated_stripe.control("slip", 100)

        charge = client.v1.payment_intents.retrieve(pay()).latest_charge

        assert entries(client, charge) == [("charge", "charge", AMOUNT - 100, FEE, AMOUNT - 100 - FEE)]

    @pytest.mark.parametrize(
        ("entry", "category"), [("adjustment:-500", "other_adjustment"), ("stripe_fee:-500", "fee")]
    )
    def test_and_corrections_come_by_themselves(self, client, simulated_stripe, balance, entry, category):
        simulated_stripe.control("entry", entry)

        last = client.v1.balance_transactions.list(params={"limit": 1}).data[0]
        assert (last.type, last.reporting_category, last.source) == (entry.partition(":")[0], category, None)
        assert balance() == -500


class TestRefunds:
    @pytest.fixture
    def refund(self, client, pay):
        return lambda: client.v1.refunds.create(params={"payment_intent": pay(), "amount": 1000})

    @pytest.mark.parametrize(
        ("outcome", "back", "events"),
        [
            ("succeeded", -1000, ["refund.created", "refund.updated"]),
            ("pending", 0, ["refund.created"]),
            ("failed", 0, ["refund.created", "refund.failed"]),
            ("canceled", 0, ["refund.created", "refund.updated"]),
        ],
    )
    def test_end_as_asked(self, client, simulated_stripe, refund, balance, outcome, back, events):
        simulated_stripe.control("refunds", outcome)

        made = refund()

        charge = client.v1.charges.retrieve(made.charge)
        assert (made.status, balance()) == (outcome, AMOUNT - FEE + back)
        assert charge.amount_refunded == (1000 if outcome in {"succeeded", "pending"} else 0)
        assert told(simulated_stripe, made.id) == events

    @pytest.mark.parametrize("outcome", ["succeeded", "failed", "canceled"])
    def test_that_wait_end_when_asked(self, client, simulated_stripe, refund, outcome):
        simulated_stripe.control("refunds", "pending")
        made = refund()

        simulated_stripe.control("refunds", outcome)

        assert client.v1.refunds.retrieve(made.id).status == outcome

    def test_that_went_through_may_come_back(self, client, simulated_stripe, refund, balance):
        made = refund()

        simulated_stripe.control("returned", made.id)

        back = client.v1.refunds.retrieve(made.id)
        assert (back.status, balance()) == ("failed", AMOUNT - FEE)
        assert entries(client, made.id) == [
            ("refund", "refund", -1000, 0, -1000),
            ("refund_failure", "refund_failure", 1000, 0, 1000),
        ]
        assert client.v1.charges.retrieve(made.charge).amount_refunded == 0
        with pytest.raises(urllib.error.HTTPError, match="400"):
            simulated_stripe.control("returned", made.id)


class TestDisputes:
    @pytest.fixture
    def dispute(self, client, simulated_stripe, pay) -> stripe.Dispute:
        intent = pay()
        simulated_stripe.control("dispute", f"{intent}:product_not_received")
        return client.v1.disputes.list(params={"payment_intent": intent}).data[0]

    def test_take_the_money_and_a_fee(self, client, simulated_stripe, dispute, balance):
        assert (dispute.status, dispute.reason, dispute.amount) == (
            "needs_response",
            "product_not_received",
            AMOUNT,
        )
        assert dispute.evidence_details.due_by - dispute.created == 7 * DAY
        assert entries(client, dispute.id) == [("adjustment", "dispute", -AMOUNT, 2500, -AMOUNT - 2500)]
        assert client.v1.charges.retrieve(dispute.charge).disputed is True
        assert told(simulated_stripe, dispute.id) == [
            "charge.dispute.created",
            "charge.dispute.funds_withdrawn",
        ]
        with pytest.raises(urllib.error.HTTPError, match="400"):
            simulated_stripe.control("dispute", dispute.charge)

    def test_wait_with_staged_evidence_and_are_reviewed_with_submitted(self, client, dispute):
        staged = client.v1.disputes.update(
            dispute.id, params={"evidence": {"uncategorized_text": "It took place."}, "submit": False}
        )
        submitted = client.v1.disputes.update(
            dispute.id, params={"evidence": {"service_date": "1 May"}, "metadata": {"dispute": "1"}}
        )

        assert [one.status for one in (staged, submitted)] == ["needs_response", "under_review"]
        assert [one.evidence_details.submission_count for one in (staged, submitted)] == [0, 1]
        assert submitted.evidence.uncategorized_text == "It took place."
        assert submitted.metadata.to_dict() == {"dispute": "1"}
        with pytest.raises(stripe.InvalidRequestError, match="submitted already"):
            client.v1.disputes.update(dispute.id, params={"evidence": {"customer_name": "A"}})

    @pytest.mark.parametrize(
        ("evidence", "code"),
        [({"colour": "red"}, "parameter_unknown"), ({"uncategorized_text": "x" * 20_001}, None)],
    )
    def test_refuse_evidence_that_stripe_would_refuse(self, client, dispute, evidence, code):
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            client.v1.disputes.update(dispute.id, params={"evidence": evidence})

        assert (refusal.value.http_status, refusal.value.code) == (400, code)

    def test_that_are_won_bring_the_money_back_but_not_the_fee(
        self, client, simulated_stripe, dispute, balance
    ):
        simulated_stripe.control("disputes", "won")

        assert client.v1.disputes.retrieve(dispute.id).status == "won"
        assert entries(client, dispute.id)[1:] == [("adjustment", "dispute_reversal", AMOUNT, 0, AMOUNT)]
        assert told(simulated_stripe, dispute.id)[2:] == [
            "charge.dispute.funds_reinstated",
            "charge.dispute.closed",
        ]

    @pytest.mark.parametrize("by", ["bank", "us"])
    def test_that_are_lost_or_given_up_bring_nothing_back(self, client, simulated_stripe, dispute, by):
        ends = {
            "bank": lambda: simulated_stripe.control("disputes", "lost"),
            "us": lambda: client.v1.disputes.close(dispute.id),
        }
        ends[by]()

        assert client.v1.disputes.retrieve(dispute.id).status == "lost"
        assert len(entries(client, dispute.id)) == 1
        assert told(simulated_stripe, dispute.id)[2:] == ["charge.dispute.closed"]
        with pytest.raises(stripe.InvalidRequestError, match="closed with a status of lost"):
            client.v1.disputes.close(dispute.id)
        with pytest.raises(stripe.InvalidRequestError, match="closed with a status of lost"):
            client.v1.disputes.update(dispute.id, params={"metadata": {"late": "yes"}})


class TestPayouts:
    @pytest.fixture(autouse=True)
    def nothing_else_happened(self, empty_stripe):
        """Nobody else has moved this balance."""

    def last(self, client) -> stripe.Payout:
        return client.v1.payouts.list(params={"limit": 1}).data[0]

    def test_send_all_there_is_and_name_what_it_was(self, client, simulated_stripe, pay, balance):
        charges = [client.v1.payment_intents.retrieve(pay()).latest_charge for _ in range(2)]

        simulated_stripe.control("payout", "make")

        payout = self.last(client)
        named = client.v1.balance_transactions.list(params={"payout": payout.id}).data
        assert (payout.status, payout.amount, payout.automatic) == ("pending", 2 * (AMOUNT - FEE), True)
        assert [entry.source for entry in named] == [payout.id, *charges[::-1]]
        assert (sum(entry.net for entry in named), balance()) == (0, 0)

    def test_are_paid_or_refused_by_the_bank(self, client, simulated_stripe, pay, balance):
        pay()
        simulated_stripe.control("payout", "make")
        refused = self.last(client).id
        simulated_stripe.control("payout", "fail")
        assert (client.v1.payouts.retrieve(refused).status, balance()) == ("failed", AMOUNT - FEE)

        simulated_stripe.control("payout", "make")
        simulated_stripe.control("payout", "pay")

        paid = self.last(client)
        assert (paid.status, paid.amount, balance()) == ("paid", AMOUNT - FEE, 0)
        assert [kind for kind, *_ in entries(client, refused)] == ["payout", "payout_failure"]
        assert told(simulated_stripe, refused) == ["payout.created", "payout.failed"]
        assert told(simulated_stripe, paid.id) == ["payout.created", "payout.paid"]

    def test_need_something_to_pay_out(self, simulated_stripe):
        with pytest.raises(urllib.error.HTTPError, match="400"):
            simulated_stripe.control("payout", "make")

    def test_go_out_by_themselves_every_day(self, client, simulated_stripe, pay, balance):
        simulated_stripe.control("clock", 300 * DAY)
        simulated_stripe.control("payouts", "daily")
        client.v1.payouts.list()
        pay()
        simulated_stripe.control("clock", 301 * DAY)

        made = client.v1.payouts.list(params={"limit": 1}).data[0]
        simulated_stripe.control("clock", 302 * DAY)
        arrived = client.v1.payouts.list(params={"limit": 1}).data[0]

        assert (made.amount, made.status, balance()) == (AMOUNT - FEE, "pending", 0)
        assert (arrived.id, arrived.status) == (made.id, "paid")


class TestEvents:
    def test_are_listed_for_thirty_days(self, client, simulated_stripe, pay):
        intent = pay()

        def is_listed() -> bool:
            listed = client.v1.events.list(params={"type": "payment_intent.succeeded", "limit": 100}).data
            return intent in {event.data.object.id for event in listed}

        assert is_listed() is True

        simulated_stripe.control("clock", 31 * DAY)

        assert is_listed() is False

    def test_are_listed_by_kind_and_time(self, client, simulated_stripe, pay):
        simulated_stripe.control("clock", 400 * DAY)
        pay()
        since = client.v1.events.list().data[0].created

        found = client.v1.events.list(params={"created": {"gte": since}, "type": "charge.succeeded"})

        assert [event.type for event in found.data] == ["charge.succeeded"]
        assert client.v1.events.list(params={"created": {"gt": since + 5}}).data == []
        assert client.v1.events.list(params={"created": since + 5}).data == []

    @pytest.mark.parametrize("created", [{"since": "1"}, {"gte": "noon"}])
    def test_are_not_listed_by_what_is_no_time(self, client, created):
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.events.list(params={"created": created})


def test_lists_are_read_from_both_ends(client, pay):
    newest_first = [pay() for _ in range(3)][::-1]

    after = client.v1.payment_intents.list(params={"starting_after": newest_first[0], "limit": 1})
    before = client.v1.payment_intents.list(params={"ending_before": newest_first[2], "limit": 1})

    assert [intent.id for intent in [*after.data, *before.data]] == [newest_first[1]] * 2
    with pytest.raises(stripe.InvalidRequestError, match="No such object"):
        client.v1.payment_intents.list(params={"starting_after": "pi_never"})


def test_no_list_reads_everything(tmp_path):
    state = State(tmp_path / "state")

    plan = state.db.execute(
        "EXPLAIN QUERY PLAN SELECT body FROM objects"
        " WHERE kind = ? AND json_extract(body, '$._payout') IS ? ORDER BY position",
        ("balance_transaction", None),
    ).fetchall()

    assert "USING INDEX objects_by_payout (kind=? AND <expr>=?)" in plan[0][3]
    state.close()
