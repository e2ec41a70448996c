"""How long records are kept, and what stands in the way of their end."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from clinic import consenting, retaining
from clinic.models import AuditEvent, Condition, Consent, Destruction, LegalHold, Patient
from config.base import IllegalMove

DAYS = st.dates(date(1920, 1, 1), date(2100, 12, 31))


class TestRetainUntil:
    @pytest.mark.parametrize(
        ("born", "first", "last", "until"),
        [
            # The vectors of AUSTRALIA.md 5.1.
            (date(2000, 5, 10), date(2026, 3, 1), date(2026, 3, 1), date(2033, 3, 1)),
            (date(2012, 6, 15), date(2026, 3, 1), date(2026, 3, 1), date(2037, 6, 15)),
            (date(2009, 1, 1), date(2026, 6, 1), date(2034, 2, 2), date(2041, 2, 2)),
            # On the eighteenth birthday one is no child.
            (date(2008, 3, 1), date(2026, 3, 1), date(2026, 3, 1), date(2033, 3, 1)),
            (date(2008, 3, 2), date(2026, 3, 1), date(2026, 3, 1), date(2033, 3, 2)),
            # Born, or last written, on 29 February.
            (date(2008, 2, 29), date(2026, 2, 28), date(2026, 2, 28), date(2033, 3, 1)),
            (date(1980, 1, 1), date(2024, 2, 29), date(2024, 2, 29), date(2031, 3, 1)),
            (date(2004, 2, 29), date(2020, 1, 1), date(2020, 1, 1), date(2029, 3, 1)),
        ],
    )
    def test_follows_the_rule(self, born, first, last, until):
        assert retaining.retain_until(born, first_on=first, last_on=last) == until

    def test_is_open_while_nobody_knows_the_date_of_birth(self):
        day = date(2020, 1, 1)

        assert retaining.retain_until(None, first_on=day, last_on=day) is None

    @given(DAYS, DAYS, st.integers(0, 20_000))
    def test_is_never_less_than_the_law_asks(self, born, first, more):
        last = first + timedelta(days=more)
        kept = retaining.retain_until(born, first_on=first, last_on=last)

        assert kept >= retaining.years_after(last, 7)
        was_child = first < retaining.years_after(born, 18)
        assert not was_child or kept >= retaining.years_after(born, 25)

    @given(DAYS, DAYS, st.integers(0, 9000), st.integers(0, 9000))
    def test_only_grows_with_more_entries(self, born, first, some, more):
        last = first + timedelta(days=some)
        later = last + timedelta(days=more)

        assert retaining.retain_until(born, first_on=first, last_on=later) >= retaining.retain_until(
            born, first_on=first, last_on=last
        )

    @given(st.dates(date(2020, 1, 1), date(2100, 12, 31)), st.sampled_from([7, 18, 25]))
    def test_the_latest_day_that_is_over_is_the_last_such_day(self, today, years):
        day = retaining.latest(today, years=years)

        assert retaining.years_after(day, years) < today
        assert retaining.years_after(day + timedelta(days=1), years) >= today


def test_every_kind_of_record_about_a_patient_is_an_entry_or_said_not_to_be():
    about = {
        model
        for model in apps.get_app_config("clinic").get_models()
        if getattr(model, "PATIENT", "") and not model.__name__.startswith("Historical")
    }

    assert about == {*retaining.CLINICAL, *retaining.NO_ENTRY, Consent}


@pytest.fixture
def make_old(make_patient):
    """Somebody who registered on a day, and was last written about then."""

    def make(name: str, on: date, born: date | None = date(1980, 1, 1)) -> Patient:
        with time_machine.travel(datetime(on.year, on.month, on.day, 2, tzinfo=UTC), tick=False):
            return make_patient(name, date_of_birth=born)

    return make


TODAY = date(2035, 6, 1)


def names(found) -> set[str]:
    return {patient.user.given_name for patient in found}


@pytest.fixture
def second(make_user):
    return make_user("manager", "second")


@pytest.fixture
def in_2035():
    with time_machine.travel("2035-06-01T02:00Z", tick=False):
        yield


@pytest.mark.django_db
class TestReview:
    def test_lists_those_whose_time_is_over(self, make_old):
        make_old("Over", date(2028, 5, 31))
        make_old("Today", date(2028, 6, 1))
        make_old("Child", date(2028, 5, 1), born=date(2011, 1, 1))
        make_old("Grown", date(2020, 5, 1), born=date(2008, 1, 1))
        make_old("Unknown", date(2020, 1, 1), born=None)

        assert names(retaining.to_review(TODAY)) == {"Over", "Grown"}

    @pytest.mark.parametrize(
        "born", [date(2008, 2, 29), date(2008, 3, 1), date(1980, 1, 1), date(2012, 6, 15)]
    )
    @pytest.mark.parametrize("on", [date(2026, 2, 28), date(2026, 3, 1), date(2028, 2, 29), date(2021, 7, 1)])
    def test_agrees_with_the_rule(self, make_old, born, on):
        make_old("One", on, born=born)
        until = retaining.retain_until(born, first_on=on, last_on=on)

        assert not retaining.due(until).exists()
        assert retaining.due(until + timedelta(days=1)).exists()

    def test_an_entry_prolongs_and_a_look_does_not(self, make_old):
        patient = make_old("Over", date(2020, 1, 1))
        AuditEvent.objects.create(
            action="read", record_type="clinic.patient", record_id=patient.pk, patient_id=patient.pk,
            at=datetime(2034, 1, 1, tzinfo=UTC),
        )  # fmt: skip
        patient.user.change(by=None, time_zone="Australia/Perth")

        before = retaining.to_review(TODAY).exists()
        with time_machine.travel("2033-02-02T02:00Z", tick=False):
            consenting.agree(patient, kinds=["telehealth"], by=None)

        assert (before, retaining.to_review(TODAY).exists()) == (True, False)
        assert retaining.until_of(patient) == date(2040, 2, 2)

    def test_offers_prolong_nothing(self, make_old):
        patient = make_old("Over", date(2020, 1, 1))
        with time_machine.travel("2033-02-02T02:00Z", tick=False):
            consenting.agree(patient, kinds=["marketing"], by=None)

        assert retaining.to_review(TODAY).exists()

    def test_a_later_version_is_an_entry(self, make_old, doctor):
        patient = make_old("Over", date(2020, 1, 1))
        with time_machine.travel("2020-02-02T02:00Z", tick=False):
            condition = Condition.objects.add(by=doctor.user, patient=patient, name="Asthma")
        with time_machine.travel("2030-02-02T02:00Z", tick=False):
            condition.change(by=doctor.user, name="Asthma, mild")

        assert retaining.until_of(patient) == date(2037, 2, 2)

    @pytest.mark.parametrize("many", [1, 30])
    def test_takes_as_many_statements_for_many_as_for_one(self, make_old, many):
        for number in range(many):
            make_old(f"P{number}", date(2020, 1, 1))

        with CaptureQueriesContext(connection) as asked:
            found = [str(patient) for patient in retaining.to_review(TODAY)]

        assert (len(found), len(asked)) == (many, 2)


@pytest.mark.django_db
@pytest.mark.usefixtures("in_2035")
class TestRegister:
    @pytest.fixture
    def old(self, make_old):
        return make_old("Over", date(2020, 1, 1))

    @pytest.fixture
    def line(self, old, manager) -> Destruction:
        retaining.propose([old.pk], by=manager)
        return Destruction.objects.get()

    def test_names_whose_record_it_was_and_its_period(self, line, old):
        assert (line.name, line.first_on, line.last_on) == (str(old), date(2020, 1, 1), date(2020, 1, 1))
        assert line.kept_until_on == date(2027, 1, 1)
        assert not retaining.to_review(TODAY).exists()

    def test_is_approved_by_a_second_person(self, line, manager, second):
        with pytest.raises(retaining.Proposed):
            retaining.approve(line, by=manager)

        retaining.approve(line, by=second)

        assert [*Destruction.objects.on_worksheet()] == [line]

    def test_tells_when_it_was_destroyed_and_stays(self, line, second):
        retaining.approve(line, by=second)
        with pytest.raises(retaining.NotPast):
            retaining.register(line, destroyed_on=date(2035, 6, 2), by=second)

        retaining.register(line, destroyed_on=date(2035, 6, 1), by=second)

        assert not Destruction.objects.on_worksheet().exists()
        assert names(retaining.to_review(date(2035, 6, 1))) == set()
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE clinic_destruction SET name = 'Somebody'")

    def test_is_not_told_before_the_approval(self, line, second):
        with pytest.raises(IllegalMove):
            retaining.register(line, destroyed_on=date(2035, 6, 1), by=second)

    def test_a_hold_after_the_approval_takes_it_off_at_once(self, line, old, manager, second):
        retaining.approve(line, by=second)

        retaining.hold(old, reason="A court asks for it.", by=manager)

        line.refresh_from_db()
        assert line.status == "dropped"
        assert not Destruction.objects.on_worksheet().exists()
        assert not retaining.to_review(TODAY).exists()
        with pytest.raises(retaining.NotDue):
            retaining.propose([old.pk], by=manager)

    def test_the_worksheet_itself_knows_of_holds(self, line, old, second):
        """Whatever wrote the hold, the worksheet is right."""
        retaining.approve(line, by=second)
        LegalHold.objects.add(by=second, patient=old, reason="A court.", placed_by=second)

        assert not Destruction.objects.on_worksheet().exists()
        with pytest.raises(retaining.OnHold):
            retaining.register(line, destroyed_on=date(2035, 6, 1), by=second)

    def test_a_hold_can_be_lifted_with_a_reason(self, old, manager):
        held = retaining.hold(old, reason="A court asks for it.", by=manager)
        with pytest.raises(retaining.NoReason):
            retaining.lift(held, why=" ", by=manager)

        retaining.lift(held, why="The case is over.", by=manager)

        assert retaining.to_review(TODAY).exists()

    def test_an_entry_after_the_proposal_keeps_it(self, line, old, second):
        consenting.agree(old, kinds=["telehealth"], by=None)

        with pytest.raises(retaining.NotDue):
            retaining.approve(line, by=second)

    @pytest.mark.parametrize("role", ["reception", "doctor", "auditor", "patient"])
    def test_is_for_managers(self, old, make_user, role):
        somebody = make_user(role, "somebody")

        with pytest.raises(retaining.NotYours):
            retaining.propose([old.pk], by=somebody)
        with pytest.raises(retaining.NotYours):
            retaining.hold(old, reason="A court.", by=somebody)

    def test_what_is_not_due_is_not_proposed(self, make_patient, manager):
        with pytest.raises(retaining.NotDue):
            retaining.propose([make_patient("new", date_of_birth=date(1980, 1, 1)).pk], by=manager)


def test_days_are_those_of_the_practice(db, make_patient, practice):
    with time_machine.travel("2026-03-01T14:30Z", tick=False):  # in Sydney the 2nd
        patient = make_patient("late", date_of_birth=date(1980, 1, 1))

    assert retaining.until_of(patient) == date(2033, 3, 2)
    assert timezone.get_current_timezone_name() == "Australia/Sydney"
