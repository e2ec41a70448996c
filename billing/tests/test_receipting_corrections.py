"""What puts a receipt right: cancellation fees, services that moved, and mistakes."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from billing import charging, receipting, refunding
from billing.models import Receipt
from billing.tests.conftest import FACTS, receipt_of


def papers_of(order) -> list[tuple[str, str, str]]:
    papers = order.receipts.order_by("sequence")
    return [(paper.kind, str(paper.amount), str(paper.gst)) for paper in papers]


@pytest.mark.django_db
class TestCancellationFee:
    @pytest.mark.parametrize(("keep", "gst"), [("20.00", "1.82"), ("89.00", "8.09")])
    def test_has_a_receipt_in_the_place_of_the_services(self, make_paid, manager, keep, gst, hand_over):
        order = make_paid()

        refunding.unwind(order, keep=Decimal(keep), by=manager, why="Cancelled late.")
        hand_over()
        note, receipt = receipting.catch_up(order)

        assert papers_of(order) == [
            ("receipt", "89.00", "0.00"),
            ("credit_note", "89.00", "0.00"),
            ("receipt", keep, gst),
        ]
        assert receipt.content["lines"] == [
            {"description": "Cancellation fee", "gst_code": "gst_10", "amount": keep}
        ]
        assert note.content["why"] == receipting.FEE_KEPT
        assert receipting.catch_up(order) == []

    def test_is_told_even_where_the_worker_comes_to_all_of_it_at_once(self, order, manager, hand_over):
        charging.take_payment(order, by=manager, method="cash")
        refunding.unwind(order, keep=Decimal("20.00"), by=manager, why="Cancelled late.")
        hand_over()

        receipting.catch_up(order)

        assert papers_of(order) == [
            ("receipt", "20.00", "0.00"),
            ("credit_note", "20.00", "0.00"),
            ("receipt", "20.00", "1.82"),
        ]

    def test_stays_a_fee_when_its_receipt_is_corrected(self, make_paid, manager, hand_over):
        order = make_paid()
        refunding.unwind(order, keep=Decimal("20.00"), by=manager, why="Cancelled late.")
        hand_over()
        receipt = receipting.catch_up(order)[-1]

        right = receipting.correct(receipt, by=manager, why="The name was wrong.")

        assert (right.content["lines"], right.gst) == (receipt.content["lines"], receipt.gst)
        assert receipting.catch_up(order) == []


@pytest.mark.django_db
class TestMovedService:
    def test_has_another_receipt(self, make_paid, tell):
        order = make_paid()
        there = replace(FACTS.service, reference="visit-2", starts_at=datetime(2026, 9, 1, tzinfo=UTC))
        tell(replace(FACTS, service=there))

        note, receipt = receipting.catch_up(order)

        assert note.content["why"] == "The service was moved to another time."
        assert receipt.content["service"]["starts_at"] == "2026-09-01T00:00:00+00:00"
        assert receipting.catch_up(order) == []

    def test_leaves_a_receipt_alone_that_was_credited_in_full(self, make_paid, give_back, tell):
        order = make_paid()
        give_back(order)
        tell(replace(FACTS, service=replace(FACTS.service, reference="visit-2")))

        assert receipting.catch_up(order) == []


@pytest.mark.django_db
class TestCorrect:
    def test_takes_the_receipt_back_and_writes_another_with_todays_facts(self, make_paid, manager, tell):
        order = make_paid()
        wrong = receipt_of(order)
        tell(replace(FACTS, patient="Pat Renamed"))

        right = receipting.correct(wrong, by=manager, why="The name was wrong.")

        note = Receipt.objects.get(kind="credit_note")
        assert [wrong.sequence, note.sequence, right.sequence] == [1, 2, 3]
        assert (note.corrects, right.replaces) == (wrong, wrong)
        assert (note.amount, right.amount) == (Decimal("89.00"), Decimal("89.00"))
        assert (note.content["why"], note.recorded_by) == ("The name was wrong.", manager)
        assert note.content["patient"] == {"name": "Pat Example"}
        assert right.content["patient"] == {"name": "Pat Renamed"}
        assert list(order.receipts.standing()) == [right]

    def test_counts_what_went_back_before(self, make_paid, manager, give_back):
        order = make_paid()
        give_back(order, "20.00")
        right = receipting.correct(receipt_of(order), by=manager, why="The name was wrong.")
        give_back(order, "9.00")

        kinds = [(paper.kind, paper.amount) for paper in Receipt.objects.order_by("sequence")]
        assert kinds == [
            ("receipt", Decimal("89.00")),
            ("credit_note", Decimal("20.00")),
            ("credit_note", Decimal("69.00")),
            ("receipt", Decimal("69.00")),
            ("credit_note", Decimal("9.00")),
        ]
        assert [moved["amount"] for moved in right.content["refunds"]] == ["20.00"]

    def test_refuses_one_that_was_corrected_before(self, make_paid, manager):
        wrong = receipt_of(make_paid())
        receipting.correct(wrong, by=manager, why="The name was wrong.")

        with pytest.raises(receipting.Replaced, match="newest receipt"):
            receipting.correct(wrong, by=manager, why="Again.")

    def test_refuses_a_credit_note(self, make_paid, manager, give_back):
        [note] = give_back(make_paid(), "20.00")

        with pytest.raises(receipting.Replaced):
            receipting.correct(note, by=manager, why="No.")

    def test_refuses_where_nothing_is_left(self, make_paid, manager, give_back):
        order = make_paid()
        give_back(order)

        with pytest.raises(receipting.NothingLeft, match="credited in full"):
            receipting.correct(receipt_of(order), by=manager, why="The name was wrong.")
