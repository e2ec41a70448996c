"""Days of money: by the practice's clock, signed off by a person, and honest about what came later."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.utils import timezone

from billing import charging, closing, receiving, reconciling, refunding, signals
from billing.closing import Day
from billing.models import Account, DayClose, Entry, StripeEvent
from billing.posting import Leg, post
from billing.tallying import Figures

pytestmark = pytest.mark.django_db
SYDNEY = "Australia/Sydney"
TUESDAY = Day(date(2026, 11, 24), SYDNEY)


def moment(day: Day, hour: int, minute: int = 0) -> datetime:
    return datetime(*day.on.timetuple()[:3], hour, minute, tzinfo=ZoneInfo(day.zone))


def move(amount: str, *, at: datetime, kind: str = Entry.Kind.RECEIVED, to: str = Account.CASH) -> Entry:
    """An entry of an hour of our choice: somebody pays what they owe."""
    legs = [Leg(to, Decimal(amount)), Leg(Account.RECEIVABLE, -Decimal(amount))]
    return post(kind, key=f"test:{timezone.now().timestamp()}:{at}:{amount}", legs=legs, by=None, at=at)


@pytest.fixture
def after():
    """The morning after that Tuesday."""
    with time_machine.travel(moment(TUESDAY, 9) + timedelta(days=1), tick=False):
        yield


class TestDay:
    @pytest.mark.parametrize(
        ("on", "zone", "hours"),
        [
            (date(2026, 11, 24), SYDNEY, 24),
            (date(2026, 10, 4), SYDNEY, 23),
            (date(2027, 4, 4), SYDNEY, 25),
            (date(2026, 10, 4), "Australia/Brisbane", 24),
            (date(2026, 10, 4), "Australia/Lord_Howe", 23.5),
        ],
    )
    def test_is_as_long_as_the_clock_makes_it(self, on, zone, hours):
        day = Day(on, zone)

        assert (day.ends_at.astimezone(UTC) - day.starts_at.astimezone(UTC)) == timedelta(hours=hours)

    @pytest.mark.parametrize("on", [date(2026, 11, 24), date(2026, 10, 4), date(2027, 4, 4)])
    def test_has_its_first_moment_and_not_its_last(self, on):
        day = Day(on, SYDNEY)
        instants = [
            day.starts_at.astimezone(UTC) - timedelta(microseconds=1),
            day.starts_at,
            day.ends_at.astimezone(UTC) - timedelta(microseconds=1),
            day.ends_at,
        ]
        for number, at in enumerate(instants):
            move(str(10**number), at=at)

        before, during, later = closing.standings(on - timedelta(days=1), on + timedelta(days=1), zone=SYDNEY)

        assert [one.figures.received.get(Account.CASH) for one in (before, during, later)] == [1, 110, 1000]

    def test_goes_by_the_practices_clock(self, monkeypatch):
        at = datetime(2026, 11, 24, 13, 30, tzinfo=UTC)  # 00:30 on the 25th in Sydney, 21:30 in Perth
        monkeypatch.setattr(signals.zone_wanted, "receivers", [])
        signals.zone_wanted.connect(lambda sender, **_: "Australia/Perth", weak=False)

        with time_machine.travel(at, tick=False):
            there = closing.today()

        assert there == Day(date(2026, 11, 24), "Australia/Perth")

    def test_goes_by_the_settings_where_nobody_knows_better(self, monkeypatch, settings):
        monkeypatch.setattr(signals.zone_wanted, "receivers", [])
        settings.TIME_ZONE = "Australia/Darwin"

        assert closing.zone() == "Australia/Darwin"


class TestFigures:
    def test_tell_what_happened(self, make_order, pay, manager, work, empty_stripe):
        card, cash, waived, lost = (make_order() for _ in range(4))
        open_one = make_order("30.00")
        charging.follow(pay(card).session_id)
        charging.take_payment(cash, by=manager, method="cash")
        charging.waive(waived, by=manager, why="A present.")
        refunding.refund(card, by=manager, why="Late.", amount=Decimal("20.00"))
        work()
        charging.follow(pay(lost).session_id)
        empty_stripe.control("dispute", lost.payments.get().intent_id)
        empty_stripe.control("payout", "make")
        reconciling.reconcile(by=None)

        now = closing.standing(closing.today())

        figures = now.figures
        assert figures.expected == 4 * card.amount + open_one.amount
        assert figures.received == {"stripe": 2 * card.amount, "cash": cash.amount}
        assert (figures.all_received, figures.refunded) == (3 * card.amount, 20)
        assert (figures.disputed, figures.let_off) == (card.amount, waived.amount)
        assert figures.fees == 2 * Decimal("1.81") + 25
        assert figures.paid_out == 2 * card.amount - 20 - card.amount - figures.fees
        assert figures.outstanding == open_one.amount
        assert (now.differences, now.waiting, now.state) == (0, 0, "running")

    def test_carry_what_is_owed_from_day_to_day(self, after):
        for number, amount in enumerate(["-100.00", "30.00", "20.00"]):
            move(amount, at=moment(TUESDAY, 9) - timedelta(days=3 - number))

        found = closing.standings(date(2026, 11, 22), date(2026, 11, 24), zone=SYDNEY)

        assert [one.figures.outstanding for one in found] == [70, 50, 50]

    def test_of_an_empty_day_are_nothing(self):
        assert closing.standing(TUESDAY).figures == Figures()

    @pytest.mark.parametrize("days", [1, 40])
    def test_take_as_many_statements_for_many_days(self, django_assert_num_queries, days):
        for number in range(3):
            move("10.00", at=moment(TUESDAY, 9) - timedelta(days=number))

        with django_assert_num_queries(5):
            closing.standings(TUESDAY.on - timedelta(days=days - 1), TUESDAY.on, zone=SYDNEY)

    def test_count_the_differences_of_the_day(self, order, pay, empty_stripe):
        charging.follow(pay(order).session_id)
        empty_stripe.control("entry", "adjustment:-500")
        reconciling.reconcile(by=None)

        assert closing.standing(closing.today()).differences == 1


class TestSign:
    def test_keeps_the_figures_as_they_were(self, after, manager):
        move("50.00", at=moment(TUESDAY, 10))

        signed = closing.sign(TUESDAY, by=manager)

        assert (signed.day, signed.number, signed.zone) == (TUESDAY.on, 1, SYDNEY)
        assert signed.figures["figures"]["received"] == {"cash": "50.00"}
        assert (signed.starts_at, signed.ends_at) == (TUESDAY.starts_at, TUESDAY.ends_at)
        assert (signed.recorded_by, closing.is_genuine(signed)) == (manager, True)
        assert closing.standing(TUESDAY).state == "closed"

    def test_cannot_be_undone(self, after, manager):
        signed = closing.sign(TUESDAY, by=manager)

        with pytest.raises(DatabaseError), transaction.atomic():
            DayClose.objects.filter(pk=signed.pk).update(figures={})
        with pytest.raises(DatabaseError), transaction.atomic():
            signed.delete()

    def test_sees_figures_that_somebody_changed(self, after, manager):
        signed = closing.sign(TUESDAY, by=manager)
        signed.figures["figures"]["fees"] = "1.00"

        assert closing.is_genuine(signed) is False

    @pytest.mark.parametrize("days", [0, 1])
    def test_waits_until_the_day_is_over(self, manager, days):
        with (
            time_machine.travel(TUESDAY.ends_at - timedelta(seconds=1), tick=False),
            pytest.raises(closing.DayNotOver),
        ):
            closing.sign(Day(TUESDAY.on + timedelta(days=days), SYDNEY), by=manager)

        assert not DayClose.objects.exists()

    def test_refuses_a_second_signature_under_the_same_figures(self, after, manager):
        closing.sign(TUESDAY, by=manager)

        with pytest.raises(closing.AlreadySigned):
            closing.sign(TUESDAY, by=manager, why="To be sure.")

    def test_wants_a_reason_while_events_of_the_day_wait(self, after, manager):
        event = StripeEvent.objects.add(
            event_id="evt_1",
            kind="x",
            about="y",
            livemode=False,
            payload="{}",
            received_at=moment(TUESDAY, 23, 59),
            by=None,
        )
        with pytest.raises(closing.ReasonNeeded, match="wait to be acted on: 1"):
            closing.sign(TUESDAY, by=manager, why=" ")

        signed = closing.sign(TUESDAY, by=manager, why="It is about a page of the old system.")

        assert (signed.figures["waiting_events"], signed.why) == (1, "It is about a page of the old system.")
        assert receiving.StripeEvent.objects.get(pk=event.pk).processed_at is None

    def test_goes_by_the_events_of_that_day_alone(self, after, manager):
        for number, at in enumerate([TUESDAY.starts_at - timedelta(seconds=1), TUESDAY.ends_at]):
            StripeEvent.objects.add(
                event_id=f"evt_{number}",
                kind="x",
                about="y",
                livemode=False,
                payload="{}",
                received_at=at,
                by=None,
            )

        assert closing.sign(TUESDAY, by=manager).figures["waiting_events"] == 0


class TestChange:
    @pytest.fixture
    def signed(self, after, manager) -> DayClose:
        move("50.00", at=moment(TUESDAY, 10))
        return closing.sign(TUESDAY, by=manager)

    def test_of_a_closed_day_shows_what_came(self, signed):
        came = move("7.00", at=moment(TUESDAY, 11))
        move("9.00", at=TUESDAY.ends_at)

        now = closing.standing(TUESDAY)

        assert (now.state, now.figures.all_received) == ("changed", 57)
        assert now.closed.figures["figures"]["received"] == {"cash": "50.00"}
        assert list(closing.late_entries(signed)) == [came]

    def test_that_cancels_itself_out_is_a_change_all_the_same(self, signed):
        for amount in ("7.00", "-7.00"):
            move(amount, at=moment(TUESDAY, 11))

        assert closing.standing(TUESDAY).state == "changed"
        assert closing.late_entries(signed).count() == 2

    def test_of_the_day_before_is_none_of_this_day(self, signed):
        move("7.00", at=TUESDAY.starts_at - timedelta(seconds=1))

        now = closing.standing(TUESDAY)

        assert (now.state, now.figures.outstanding) == ("closed", -57)

    def test_is_seen_when_it_was_begun_before_the_signature(self, signed):
        with time_machine.travel(timezone.now() - timedelta(minutes=1), tick=False):
            came = move("7.00", at=moment(TUESDAY, 11))

        assert list(closing.late_entries(signed)) == [came]

    def test_can_be_signed_again_with_a_reason(self, signed, manager):
        came = move("7.00", at=moment(TUESDAY, 11))
        with pytest.raises(closing.ReasonNeeded, match="was signed off before"):
            closing.sign(TUESDAY, by=manager)

        again = closing.sign(TUESDAY, by=manager, why="Cash found in the drawer.")

        now = closing.standing(TUESDAY)
        assert (again.number, now.state, now.closed) == (2, "closed", again)
        assert str(came.pk) in again.figures["recent_entries"]
        assert list(closing.late_entries(again)) == []
