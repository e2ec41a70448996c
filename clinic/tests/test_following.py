"""The next visit, booked by the practice from one that was."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import IntegrityError, transaction

from clinic import booking, expiring, following, moving, noting
from clinic.models import Appointment, Practice
from messaging.models import Letter

NOON = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # Monday in Sydney
BEGUN = ["in_consultation", "completed", "no_show"]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def monday_noon():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def visit(confirmed, forced) -> Appointment:
    return forced(confirmed, "completed")


@pytest.fixture
def later(make_slot):
    return make_slot(24 * 28)


def book(visit, to, by, why="As the doctor asked.") -> Appointment:
    return following.book(visit, to=to, by=by, why=why)


def letters() -> list[str]:
    return [
        letter.template.removeprefix("clinic/mail/") for letter in Letter.objects.order_by("created_at", "pk")
    ]


class TestBook:
    def test_holds_the_time_as_long_as_the_practice_says(self, visit, later, reception):
        Practice.objects.add(by=None, follow_up_hours=48)

        held = book(visit, later, reception)

        assert (held.status, held.patient, held.slot) == ("held", visit.patient, later)
        assert held.held_until == NOON + timedelta(hours=48)

    def test_never_longer_than_until_it_begins(self, visit, make_slot, reception):
        soon = make_slot(30)

        assert book(visit, soon, reception).held_until == soon.starts_at

    def test_writes_the_patient_where_to_pay(self, visit, later, reception):
        held = book(visit, later, reception)

        letter = Letter.objects.get(template=following.LETTER)
        assert (letter.to, letter.enclosures) == (visit.patient.user.email, [])
        assert letter.context["path"] == f"/portal/appointments/{held.pk}/"
        assert letter.context["until"] == "Thursday 5 March 2026, 12:00 pm AEDT (UTC+11:00)"

    def test_history_says_who_and_why(self, visit, later, reception):
        held = book(visit, later, reception, why="The doctor wants to see them again.")

        [version] = held.history.all()
        assert (version.history_user, version.history_change_reason) == (
            reception,
            "The doctor wants to see them again.",
        )

    @pytest.mark.parametrize("status", BEGUN)
    @pytest.mark.parametrize("has_policy", [True, False])
    def test_costs_what_a_returning_patient_pays(
        self, confirmed, later, doctor, forced, make_policy, status, has_policy
    ):
        if has_policy:
            make_policy()

        held = book(forced(confirmed, status), later, doctor.user)

        assert held.order.amount == Decimal("50.00")

    @pytest.mark.parametrize("status", ["held", "confirmed", "arrived", "expired", "cancelled", "moved"])
    def test_refuses_what_has_not_taken_place(self, confirmed, later, reception, forced, status):
        visit = forced(confirmed, status)

        with pytest.raises(following.NothingToFollow):
            book(visit, later, reception)

        assert not later.appointments.exists()

    def test_refuses_patients_who_cannot_sign_in_to_pay(self, visit, later, reception):
        visit.patient.user.is_active = False
        visit.patient.user.save()

        with pytest.raises(following.AccountClosed):
            book(visit, later, reception)

        assert not later.appointments.exists()

    def test_refuses_a_time_that_is_taken(self, visit, later, reception, make_patient):
        booking.hold(later, patient=make_patient("faster"), by=None)

        with pytest.raises(booking.SlotTaken):
            book(visit, later, reception)

        assert Letter.objects.filter(template=following.LETTER).count() == 0

    def test_refuses_a_doctor_who_takes_no_patients_now(self, visit, later, reception, doctor):
        doctor.change(by=None, accepts_patients=False)

        with pytest.raises(booking.SlotWithdrawn):
            book(visit, later, reception)

    def test_refuses_two_at_once_in_words_for_the_desk(self, visit, later, reception, make_slot, make_doctor):
        book(visit, later, reception)
        beside = make_slot(24 * 28 + 0.1, of=make_doctor("other"))

        with pytest.raises(following.PatientElsewhere, match="The patient has another"):
            book(visit, beside, reception)

    def test_refuses_more_than_a_patient_may_hold(self, visit, make_slot, reception):
        for weeks in (2, 4):
            book(visit, make_slot(24 * 7 * weeks), reception)

        with pytest.raises(following.PatientHoldsEnough, match="holding 2 times"):
            book(visit, make_slot(24 * 7 * 6), reception)

    def test_is_warned_of_and_ends_like_any_other_hold(self, visit, later, reception):
        held = book(visit, later, reception)

        expiring.warn_holds(now=held.held_until - timedelta(minutes=6))
        before = letters()
        expiring.warn_holds(now=held.held_until - timedelta(minutes=5))
        expiring.expire_holds(now=held.held_until - timedelta(seconds=1))
        held.refresh_from_db()
        kept = held.status
        expiring.expire_holds(now=held.held_until)
        expiring.tell_expired([held.pk], now=held.held_until)

        held.refresh_from_db()
        assert (kept, held.status) == ("held", "expired")
        assert letters()[len(before) :] == ["appointment_held", "appointment_expired"]

    def test_is_free_for_others_once_it_has_ended(self, visit, later, reception, make_patient):
        held = book(visit, later, reception)
        expiring.expire_holds(now=held.held_until)

        assert booking.hold(later, patient=make_patient("next"), by=None).status == "held"

    def test_paid_it_is_a_visit_like_any_other(self, visit, later, reception, settle, make_slot):
        paid = settle(book(visit, later, reception))
        moved = moving.move(paid, to=make_slot(24 * 35), by=reception, why="The patient asked.")

        assert (paid.status, moved.status, moved.order.paid) == ("moved", "confirmed", Decimal("50.00"))

    def test_its_letter_is_not_sent_once_it_is_over(self, visit, later, reception):
        held = book(visit, later, reception)
        letter = Letter.objects.get(template=following.LETTER)
        before = following.STILL_WANTED[following.LETTER](letter)
        expiring.expire_holds(now=held.held_until)

        assert (before, following.STILL_WANTED[following.LETTER](letter)) == (True, False)


class TestWeeksAhead:
    @pytest.mark.parametrize(
        ("review_on", "weeks"),
        [
            (date(2026, 3, 3), 1),
            (date(2026, 2, 1), 1),  # overdue
            (date(2026, 4, 13), 6),
            (date(2026, 4, 16), 6),
            (date(2026, 4, 18), 7),
            (date(2027, 3, 2), 26),  # further than anybody can book
        ],
    )
    def test_is_what_the_doctor_wrote(self, encounter, doctor, review_on, weeks):
        noting.save(encounter.note, by=doctor.user, review_on=review_on)

        assert following.weeks_ahead(encounter.appointment) == weeks

    def test_is_what_the_practice_says_where_they_wrote_nothing(self, visit):
        before = following.weeks_ahead(visit)
        Practice.objects.add(by=None, follow_up_weeks=6)

        assert (before, following.weeks_ahead(visit)) == (4, 6)

    def test_counts_from_the_visit(self, visit, shifted):
        """Visited tomorrow less three weeks: of the four weeks one is left, and a day."""
        shifted(days=21)
        visit.refresh_from_db()

        assert following.weeks_ahead(visit) == 1


class TestTimes:
    def times(self, visit, **wish):
        wish = {"weeks": 4, "practitioner": visit.slot.practitioner, "day": None, **wish}
        return following.times(visit, zone="Australia/Sydney", **wish)

    def test_are_those_of_the_nearest_day(self, visit, make_slot):
        for days in (3, 26, 33):
            make_slot(24 * days)

        choice = self.times(visit)

        assert choice.day == date(2026, 3, 28)
        assert [day.date for day in choice.days] == [date(2026, 3, 5), date(2026, 3, 28), date(2026, 4, 4)]

    def test_are_of_the_same_kind_and_doctor(self, visit, make_slot, make_doctor, long_visit, doctor):
        make_slot(24 * 28, of=make_doctor("other"))
        make_slot(24 * 28, appointment_type=long_visit)
        fits = make_slot(24 * 28 + 1)

        assert self.times(visit).doctors == [(doctor, [fits])]

    def test_can_be_of_any_doctor(self, visit, make_slot, make_doctor):
        other = make_doctor("other")
        theirs = make_slot(24 * 28, of=other)

        assert self.times(visit, practitioner=None).doctors == [(other, [theirs])]

    def test_are_found_behind_more_days_than_are_shown(self, visit, make_slot):
        for days in range(2, 60):
            make_slot(24 * days)

        choice = self.times(visit, weeks=6)

        assert choice.day == date(2026, 4, 13)
        assert (choice.days[0].date, choice.days[-1].date) == (date(2026, 3, 30), date(2026, 4, 26))

    @pytest.mark.parametrize(("weeks", "last"), [(1, date(2026, 3, 31)), (26, date(2026, 4, 30))])
    def test_show_as_many_days_at_both_ends(self, visit, make_slot, weeks, last):
        for days in range(2, 60):
            make_slot(24 * days)

        choice = self.times(visit, weeks=weeks)

        assert (len(choice.days), choice.days[-1].date) == (28, last)

    def test_are_none_when_nothing_is_free(self, visit):
        assert self.times(visit) == ([], None, [])


def test_the_database_refuses_to_hold_follow_ups_shorter_than_others(db):
    with pytest.raises(IntegrityError, match="follow_ups_last"), transaction.atomic():
        Practice.objects.add(by=None, hold_minutes=90, offer_minutes=90, follow_up_hours=1)
