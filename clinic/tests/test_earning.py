"""What was earned: by whom, with what, in which week, and beside the days before."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db.models import Sum

from billing import charging, refunding
from billing.models import Account, Order, Posting
from billing.periods import Period
from clinic import booking, earning, moving
from clinic.earning import Earned
from clinic.models import Appointment

pytestmark = pytest.mark.django_db
ZONE = "Australia/Sydney"
MONDAY = datetime(2026, 8, 3, 2, 0, tzinfo=UTC)  # noon in Sydney
AUGUST = Period(date(2026, 8, 1), date(2026, 8, 31), ZONE)
FEE = Decimal("80.00")


@pytest.fixture
def clock():
    with time_machine.travel(MONDAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def visit(clock, make_slot, make_patient, fees, settle):
    """A paid appointment with ``of``, booked ``days`` after that Monday."""
    numbers = iter(range(100))

    def make(of=None, days: float = 0, **slot) -> Appointment:
        number = next(numbers)
        clock.move_to(MONDAY + timedelta(days=days))
        time = make_slot(48 + number, of=of, **slot)
        return settle(booking.hold(time, patient=make_patient(f"patient-{number}"), by=None))

    return make


@pytest.fixture
def owe(clock, make_user) -> Order:
    """Something that is owed, and was no appointment."""

    def make(amount: str, gst: str = "gst_free") -> Order:
        payer = make_user("patient", f"payer-{amount}")
        line = charging.Line("Report", gst, Decimal(amount))
        return charging.open_order(payer=payer, lines=[line], by=None)

    return make


def told(rows) -> dict[str, tuple[Decimal, Decimal]]:
    return {str(row.name): (row.now.net, row.before.net) for row in rows}


def test_is_nothing_where_nothing_happened(manager):
    found = earning.revenue(AUGUST, by=manager)

    assert (found.parts, found.total.now.net, found.by_week, earning.table(found)) == ([], 0, [], [])


def test_is_told_by_practitioner_type_and_week(visit, manager, doctor, make_doctor, long_visit):
    other = make_doctor("zoe")
    visit()
    visit(days=1)
    visit(of=other, days=8, appointment_type=long_visit)

    found = earning.revenue(AUGUST, by=manager)

    assert told(found.by_practitioner) == {str(doctor): (2 * FEE, 0), str(other): (FEE, 0)}
    assert told(found.by_type) == {"Short consultation": (2 * FEE, 0), "Long consultation": (FEE, 0)}
    assert told(found.by_week) == {"2026-08-03": (2 * FEE, 0), "2026-08-10": (FEE, 0)}
    assert earning.table(found) == [
        (date(2026, 8, 3), str(doctor), "Short consultation", 160, 0, 0, 160, 0),
        (date(2026, 8, 10), str(other), "Long consultation", 80, 0, 0, 80, 0),
    ]


def test_takes_off_what_goes_back_and_what_is_let_off(visit, owe, manager):
    refunding.refund(visit().order, amount=Decimal("10.00"), by=manager, why="Late.")
    charging.waive(owe("7.00"), by=manager, why="A present.")
    charging.write_off(owe("5.00"), by=manager, why="Moved away.")
    charging.void(owe("3.00"), by=None, why="Given up.")

    found = earning.revenue(AUGUST, by=manager)

    assert found.total.now == Earned(FEE + 12, Decimal("10.00"), Decimal("12.00"))
    assert told(found.by_practitioner) == {"Dr Doctor Example": (FEE - 10, 0), earning.NOBODY: (0, 0)}
    assert told(found.by_type)["Other"] == (0, 0)


def test_tells_gst_beside_what_is_earned(owe, manager):
    refunding.refund(
        _paid(owe("110.00", "gst_10"), manager), amount=Decimal("11.00"), by=manager, why="Late."
    )

    total = earning.revenue(AUGUST, by=manager).total.now

    assert total == Earned(Decimal("100.00"), Decimal("10.00"), gst=Decimal("9.00"))


def _paid(order: Order, manager) -> Order:
    charging.take_payment(order, by=manager, method="cash")
    return order


def test_goes_by_the_practices_clock(clock, owe, manager):
    for at in (
        datetime(2026, 7, 31, 13, 59, 59, tzinfo=UTC),  # in Sydney the last second of July
        datetime(2026, 7, 31, 14, 0, tzinfo=UTC),
        datetime(2026, 8, 31, 13, 59, 59, tzinfo=UTC),
        datetime(2026, 8, 31, 14, 0, tzinfo=UTC),
    ):
        clock.move_to(at)
        owe(f"{at.month * 10 + at.second}.00")

    found = earning.revenue(AUGUST, by=manager)

    assert found.total.now.net == Decimal("70.00") + Decimal("139.00")
    assert found.total.before.net == Decimal("129.00")
    assert [row.name for row in found.by_week] == [date(2026, 7, 27), date(2026, 8, 31)]


def test_a_doctor_is_told_of_their_own_alone(visit, doctor, make_doctor):
    other = make_doctor("zoe")
    visit()
    visit(of=other)
    visit(of=other, days=-31)

    found = earning.revenue(AUGUST, by=other.user)

    assert told(found.by_practitioner) == {str(other): (FEE, FEE)}


def test_follows_an_appointment_to_another_doctor_and_counts_it_once(
    visit, clock, make_doctor, make_slot, manager
):
    other = make_doctor("zoe")
    moved = visit()
    moving.move(moved, to=make_slot(96, of=other), by=manager, why="She is ill.")

    found = earning.revenue(AUGUST, by=manager)

    assert told(found.by_practitioner)[str(other)] == (FEE, 0)
    assert (found.total.now.net, told(found.by_type)) == (FEE, {"Short consultation": (FEE, 0)})


def test_agrees_with_the_ledger(visit, owe, manager):
    refunding.unwind(visit().order, keep=Decimal("40.00"), by=manager, why="Late.")
    charging.waive(owe("33.00", "gst_10"), by=manager, why="A present.")
    refunding.refund(visit().order, by=manager, why="Late.")

    total = earning.revenue(AUGUST, by=manager).total.now

    accounts = Posting.objects.of(*earning.INCOME, *earning.LOST)
    assert total.net == -accounts.aggregate(total=Sum("amount"))["total"]
    assert total.gst == -(Posting.objects.of(Account.GST).aggregate(total=Sum("amount"))["total"])


@pytest.mark.parametrize("visits", [1, 3])
def test_is_two_readings(visit, manager, django_assert_num_queries, visits):
    for _ in range(visits):
        visit()

    with django_assert_num_queries(2):
        found = earning.revenue(AUGUST, by=manager)

    assert found.total.now.net == visits * FEE
