"""Which accounts each story moves money between."""

from decimal import Decimal

import pytest
from django.db.models import Sum

from billing import charging, refunding
from billing.models import Entry, Order, Payment, Posting

pytestmark = pytest.mark.django_db


def balances(**having) -> dict[str, str]:
    """The accounts that hold something."""
    sums = Posting.objects.filter(**having).order_by().values_list("account").annotate(Sum("amount"))
    return {account: str(total) for account, total in sums if total}


def kinds() -> list[str]:
    return list(Entry.objects.order_by("recorded_at", "pk").values_list("kind", flat=True))


@pytest.fixture
def mixed(payer, make_user) -> Order:
    """GST-free and taxed in one order, earned by a doctor."""
    lines = [
        charging.Line("Consultation", "gst_free", Decimal("80.00")),
        charging.Line("Letter", "gst_10", Decimal("22.00")),
    ]
    return charging.open_order(payer=payer, lines=lines, earner=make_user("doctor"), by=None)


@pytest.fixture
def take(manager):
    def do(order: Order, amount: str | None = None, method: str = "cash") -> Payment:
        asked = Decimal(amount) if amount else None
        return charging.take_payment(order, amount=asked, method=method, by=manager)

    return do


def stand(order: Order) -> tuple[str, str, str]:
    order.refresh_from_db()
    return order.status, str(order.owing), str(order.kept)


def test_an_order_is_owed_and_its_tax_is_apart(mixed):
    assert balances() == {"receivable": "102.00", "income": "-100.00", "gst": "-2.00"}
    assert balances(earner=mixed.earner) == balances()
    assert stand(mixed) == ("open", "102.00", "0.00")


@pytest.mark.parametrize(
    ("method", "till"), [("cash", "cash"), ("terminal", "terminal"), ("transfer", "bank")]
)
def test_money_lies_in_the_till_it_came_into(mixed, take, method, till):
    take(mixed, method=method)

    assert balances() == {till: "102.00", "income": "-100.00", "gst": "-2.00"}
    assert stand(mixed) == ("paid", "0.00", "102.00")


def test_a_part_leaves_the_rest_owing(mixed, take, heard):
    take(mixed, "30.00")
    assert stand(mixed) == ("open", "72.00", "30.00")
    assert heard == []

    take(mixed, method="terminal")

    assert stand(mixed) == ("paid", "0.00", "102.00")
    assert balances() == {"cash": "30.00", "terminal": "72.00", "income": "-100.00", "gst": "-2.00"}
    assert heard == [("order_paid", mixed)]


def test_a_refund_lowers_the_price_and_its_tax(mixed, take, manager, hand_over):
    take(mixed)

    refunding.refund(mixed, amount=Decimal("51.00"), by=manager, why="Half of it.")
    hand_over()

    assert balances() == {"cash": "51.00", "income": "-50.00", "gst": "-1.00"}
    assert stand(mixed) == ("paid", "0.00", "51.00")


def test_a_refund_of_everything_leaves_nothing(mixed, take, manager, hand_over):
    take(mixed)
    for amount in ("33.33", "33.33", "35.34"):
        refunding.refund(mixed, amount=Decimal(amount), by=manager, why="In three parts.")
        hand_over()

    assert balances() == {}
    assert stand(mixed) == ("refunded", "0.00", "0.00")


def test_a_part_that_goes_back_before_all_is_paid_is_owed_again(mixed, take, manager, hand_over):
    take(mixed, "30.00")

    refunding.refund(mixed, by=manager, why="Counted wrongly.")
    hand_over()

    assert stand(mixed) == ("open", "102.00", "0.00")
    assert balances() == {"receivable": "102.00", "income": "-100.00", "gst": "-2.00"}


def test_what_is_waived_is_neither_owed_nor_income(mixed, take, manager):
    take(mixed, "51.00")

    charging.waive(mixed, by=manager, why="Hardship.")

    assert balances() == {"cash": "51.00", "waived": "50.00", "income": "-100.00", "gst": "-1.00"}
    assert stand(mixed) == ("paid", "0.00", "51.00")


def test_what_is_written_off_is_a_loss(mixed, manager, heard):
    charging.write_off(mixed, by=manager, why="Moved away, no answer to three letters.")

    assert balances() == {"written_off": "100.00", "income": "-100.00"}
    assert stand(mixed) == ("written_off", "0.00", "0.00")
    assert heard == []  # nothing is given for it


def test_what_is_given_up_leaves_nothing(mixed):
    charging.void(mixed, by=None, why="Not paid in time.")

    assert balances() == {}
    assert stand(mixed) == ("void", "0.00", "0.00")


def test_what_is_given_up_gives_back_what_had_come_in(mixed, take, hand_over):
    take(mixed, "30.00")

    charging.void(mixed, by=None, why="Not paid in time.")
    hand_over()

    assert balances() == {}
    assert stand(mixed) == ("refunded", "0.00", "0.00")


def test_what_is_kept_is_a_cancellation_fee_with_tax_inside(order, take, manager, hand_over):
    take(order)

    owed = refunding.unwind(order, keep=Decimal("44.50"), by=manager, why="Cancelled an hour before.")
    hand_over()

    assert [refund.amount for refund in owed] == [Decimal("44.50")]
    assert balances() == {"cash": "44.50", "cancellation": "-40.45", "gst": "-4.05"}
    assert stand(order) == ("paid", "0.00", "44.50")


def test_unwinding_gives_back_over_several_payments(order, take, manager, hand_over):
    take(order, "30.00")
    take(order, "30.00")
    take(order, "29.00", method="terminal")

    owed = refunding.unwind(order, keep=Decimal("20.00"), by=manager, why="The doctor is ill.")
    hand_over()

    assert sorted(refund.amount for refund in owed) == [Decimal("9.00"), Decimal("30.00"), Decimal("30.00")]
    assert balances()["cancellation"] == "-18.18"
    assert stand(order) == ("paid", "0.00", "20.00")


def test_unwinding_what_is_half_paid_asks_for_no_more(order, take, manager, hand_over):
    take(order, "30.00")

    refunding.unwind(order, keep=Decimal("10.00"), by=manager, why="Cancelled.")
    hand_over()

    assert balances() == {"cash": "10.00", "cancellation": "-9.09", "gst": "-0.91"}
    assert stand(order) == ("paid", "0.00", "10.00")


def test_a_refund_on_its_way_is_promised(paid, manager):
    refunding.refund(paid, by=manager, why="The clinic cancelled.")

    assert balances() == {"stripe": "89.00", "refunds": "-89.00"}
    assert stand(paid) == ("refunding", "0.00", "89.00")


def test_a_refund_that_comes_back_is_income_again(paid, manager, work, simulated_stripe):
    owed = refunding.refund(paid, by=manager, why="The clinic cancelled.")
    work()
    assert balances() == {}
    owed.refresh_from_db()

    back = refunding.gateway.fetch_refund(owed.stripe_id)
    refunding.accept(owed, there=refunding.gateway.Return(**{**vars(back), "status": "failed"}))

    assert balances() == {"stripe": "89.00", "income": "-89.00"}
    assert stand(paid) == ("paid", "0.00", "89.00")
    assert kinds()[-4:] == ["promised", "returned", "came_back", "withdrawn"]


def test_money_that_comes_late_reopens_the_order(mixed, pay):
    payment = pay(mixed)
    payment.move_to(Payment.Status.EXPIRED, by=None)
    charging.void(mixed, by=None, why="Not paid in time.")

    charging.follow(payment.session_id)

    assert kinds() == ["ordered", "voided", "reopened", "received"]
    assert balances() == {"stripe": "102.00", "income": "-100.00", "gst": "-2.00"}


def test_money_for_what_was_waived_goes_back_and_leaves_it_waived(order, pay, manager, work):
    payment = pay(order)
    payment.move_to(Payment.Status.EXPIRED, by=None)
    charging.waive(order, by=manager, why="Hardship.")

    charging.follow(payment.session_id)
    assert stand(order) == ("refunding", "0.00", "89.00")
    work()

    assert stand(order) == ("waived", "0.00", "0.00")
    assert balances() == {"income": "-89.00", "waived": "89.00"}


@pytest.mark.parametrize("amount", ["0.00", "-1.00", "102.01"])
def test_no_more_is_taken_than_is_owed(mixed, manager, amount):
    with pytest.raises(charging.MoreThanOwed, match=r"A\$102.00 is owed"):
        charging.take_payment(mixed, amount=Decimal(amount), method="cash", by=manager)

    assert mixed.payments.count() == 0


def test_income_passes_to_whoever_does_the_work(mixed, take, make_user, manager, hand_over):
    take(mixed)
    first, second = mixed.earner, make_user("doctor", "other")

    charging.hand_over(mixed, earner=second, by=manager, why="Moved to another time.")
    charging.hand_over(mixed, earner=second, by=manager, why="Moved to another time.")

    assert balances(account="income", earner=first) == {}
    assert balances(account="income", earner=second) == {"income": "-100.00"}
    assert mixed.history.first().history_user == manager

    refunding.unwind(mixed, by=manager, why="The doctor is ill.")
    hand_over()
    assert balances(account="income", earner=second) == {}


def test_income_that_was_nobodys_passes_to_a_doctor(order, make_user):
    doctor = make_user("doctor")

    charging.hand_over(order, earner=doctor, by=None, why="Somebody will do it.")

    assert balances(account="income", earner=None) == {}
    assert balances(account="income", earner=doctor) == {"income": "-89.00"}
