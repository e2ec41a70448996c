"""THC and what the patient told: each check passes, and nearly passes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.models.measures import potency_fields
from clinic import booking, caring
from clinic.checks.table import AHPRA_2025
from clinic.models import Condition, OtherMedicine
from clinic.tests.checks.world import TODAY, Table, fine, ids, passes_and_nearly_passes

pytestmark = pytest.mark.django_db

Risk, Medicine = Condition.Risk, OtherMedicine.Risk
TABLE: Table = [
    ("thc_goes_with_psychosis", fine, lambda w: w.ill("Schizophrenia", Risk.PSYCHOSIS)),
    ("thc_goes_with_bipolar_disorder", fine, lambda w: w.ill("Bipolar disorder", Risk.BIPOLAR)),
    ("thc_goes_with_substance_use", fine, lambda w: w.ill("Alcohol", Risk.SUBSTANCE_USE)),
    ("thc_goes_with_pregnancy", fine, lambda w: w.ill("Pregnant", Risk.PREGNANCY)),
    ("thc_goes_with_the_heart", fine, lambda w: w.ill("Angina", Risk.CARDIAC)),
    ("thc_goes_with_sedatives", fine, lambda w: w.takes("Oxycodone", Medicine.OPIOID)),
    ("thc_goes_with_sedatives", fine, lambda w: w.takes("Diazepam", Medicine.BENZODIAZEPINE)),
    ("cannabinoids_go_with_other_medicines", fine, lambda w: w.takes("Warfarin", Medicine.CYP)),
    ("thc_goes_with_psychosis", lambda w: w.ill("Asthma", ""), lambda w: w.ill("Psychosis", Risk.PSYCHOSIS)),
    (
        "thc_goes_with_psychosis",
        lambda w: (w.ill("Psychosis", Risk.PSYCHOSIS), w.product(**potency_fields("thc", None))),
        lambda w: w.product(thc_op="<", thc_value=1, thc_unit="mg/mL", thc_basis="volume"),
    ),
    (
        "red_flags_are_weighed",
        lambda w: w.says(days_ago=1, heart="no", driving="yes"),
        lambda w: w.says(heart="yes"),
    ),
    ("red_flags_are_weighed", lambda w: w.says(days_ago=180, heart="yes"), lambda w: w.says(heart="yes")),
    (
        "red_flags_are_weighed",
        lambda w: (w.practice(screening_days=30), w.says(days_ago=30, heart="yes")),
        lambda w: w.practice(screening_days=31),
    ),
    (
        "cautions_are_weighed",
        lambda w: w.says(days_ago=1, heart="yes", driving="no"),
        lambda w: w.says(driving="yes"),
    ),
]


@pytest.mark.parametrize(("name", "passing", "failing"), TABLE, ids=ids(TABLE))
def test_a_check_passes_and_nearly_passes(world, name, passing, failing):
    passes_and_nearly_passes(world, name, passing, failing)


def test_both_illnesses_and_medicines_are_asked(world, off_guard):
    before = world.findings()["risks_are_asked"]

    with off_guard("clinic_noneknown") as cursor:
        cursor.execute("DELETE FROM clinic_noneknown WHERE kind = 'medicines'")

    assert (before, world.findings()["risks_are_asked"]) == (True, False)


def test_an_illness_that_is_over_is_no_risk(world):
    world.ill("Psychosis", Risk.PSYCHOSIS)

    caring.end(Condition.objects.get(), by=world.by, why="It was a mistake.")

    assert world.findings()["thc_goes_with_psychosis"] is True


@pytest.fixture
def asked_ago(world, off_guard):
    """Let everything that the doctor asked about risks be so many days old."""

    def do(days: float) -> None:
        with off_guard("clinic_noneknown", "clinic_screening") as cursor:
            for table in ("clinic_noneknown", "clinic_screening"):
                cursor.execute(
                    f"UPDATE {table} SET recorded_at = recorded_at - %s",  # noqa: S608  our own names
                    [timedelta(days=days)],
                )

    return do


class TestNoneKnown:
    @pytest.mark.parametrize(("days", "holds"), [(179, True), (180, False)])
    def test_counts_for_as_long_as_the_practice_says(self, world, asked_ago, days, holds):
        asked_ago(days)

        assert world.findings()["none_is_said_anew"] is holds

    def test_names_what_is_old_and_since_when(self, world, asked_ago):
        caring.state_none_known(world.draft.patient, kind="allergies", by=world.by)
        asked_ago(200)
        caring.state_none_known(world.draft.patient, kind="conditions", by=world.by)

        # As many hours ago, not days on the wall: summer time may end between.
        day = timezone.localdate(timezone.now() - timedelta(days=200))
        assert world.found()["none_is_said_anew"].sentence == (
            f"No known allergies and no other medicines: this was last said on {day:%-d %B %Y}, more than"
            " 180 days ago. Ask and record it again."
        )

    def test_that_was_followed_by_something_is_over(self, world, asked_ago):
        asked_ago(200)
        world.takes("Sertraline", "")
        caring.end(OtherMedicine.objects.get(), by=world.by, why="It was a mistake.")
        caring.state_none_known(world.draft.patient, kind="conditions", by=world.by)

        found = world.findings()
        assert (found["none_is_said_anew"], found["risks_are_asked"]) == (True, False)


class TestAskedAnew:
    """Before Schedule 8 nobody goes on without the answers; before any other a reason is asked."""

    @pytest.mark.parametrize(("days", "holds"), [(179, True), (180, False)])
    def test_the_doctors_questions_count_for_as_long_as_the_practice_says(
        self, world, asked_ago, days, holds
    ):
        world.is_s4()
        asked_ago(days)

        found = world.found()["risks_are_asked_anew"]
        assert (found.holds, found.is_answerable) == (holds, not holds)

    @pytest.mark.parametrize(
        ("answers", "holds"), [({"heart": "no"}, True), ({"heart": ""}, False), ({"reason": "Sleep"}, False)]
    )
    def test_so_do_the_patients_own_answers_about_risks(self, world, asked_ago, answers, holds):
        world.is_s4()
        asked_ago(200)
        world.says(**answers)

        assert world.findings()["risks_are_asked_anew"] is holds

    def test_nothing_more_is_asked_before_schedule_8(self, world, asked_ago):
        asked_ago(200)

        found = world.findings()
        assert (found["risks_are_asked_anew"], found["dependence_is_asked"]) == (True, False)


class TestRedFlags:
    def test_are_named_with_their_day_and_ask_for_a_reason(self, world):
        world.says(days_ago=3, psychosis="yes", heart="yes", driving="yes")

        found, day = world.found(), f"{TODAY() - timedelta(days=3):%-d %B %Y}"
        flag, caution = found["red_flags_are_weighed"], found["cautions_are_weighed"]
        assert flag.sentence == (
            "Answers before a visit raise red flags: Psychosis, bipolar disorder or schizophrenia, own or in"
            f" the family ({day}); Heart condition ({day}). Write why you prescribe all the same."
        )
        assert (flag.stops, flag.is_answerable, flag.source) == (True, True, AHPRA_2025)
        assert caution.sentence == (
            "The patient answered before a visit: Drives, or works with heavy machinery or at heights"
            f" ({day}). Talk about it."
        )

    def test_stay_when_the_patient_answers_otherwise_before_the_same_visit(self, world):
        world.says(days_ago=2, heart="yes", driving="yes")
        world.says(days_ago=1, heart="no", driving="no")

        found = world.found()
        assert "Heart condition (answered otherwise " in found["red_flags_are_weighed"].sentence
        assert found["cautions_are_weighed"].holds

    def test_are_over_with_another_answer_before_a_later_visit(self, world, earlier_visit):
        world.says(days_ago=60, visit=earlier_visit, pregnancy="Yes", heart="yes")
        world.says(pregnancy="No")

        assert "Heart condition" in world.found()["red_flags_are_weighed"].sentence
        assert "Pregnant" not in world.found()["red_flags_are_weighed"].sentence

    def test_of_another_patient_are_not_read(self, world, make_patient, make_slot, settle):
        other = make_patient("neighbour")
        visit = settle(booking.hold(make_slot(hours=30), patient=other, by=other.user))

        world.says(visit=visit, heart="yes")

        assert world.findings()["red_flags_are_weighed"] is True

    @pytest.fixture
    def earlier_visit(self, world, make_slot, settle):
        patient = world.draft.patient
        return settle(booking.hold(make_slot(hours=50), patient=patient, by=patient.user))
