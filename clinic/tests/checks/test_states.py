"""What the states ask: each check and each state passes, and nearly passes."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from clinic import booking, consulting, prescribing
from clinic.models import Confirmation, MonitoringCheck, State
from clinic.tests.checks.world import TODAY, Table, World, fine, ids, passes_and_nearly_passes

pytestmark = pytest.mark.django_db


def send(state: str, **options):
    return lambda world: world.state(state, **options)


TABLE: Table = [
    ("state_is_known", fine, lambda w: w.draft.change(by=w.by, dispense_state="")),
    ("state_is_known", fine, lambda w: w.rule("VIC", until_on=TODAY() - timedelta(days=1))),
    ("state_accepts_it", fine, lambda w: w.rule("VIC", blocked="Nothing from elsewhere is dispensed.")),
    ("state_accepts_the_prescriber", send("WA"), send("TAS", number="59E-1")),
    ("state_accepts_the_prescriber", send("QLD"), send("NT")),
    (
        "state_accepts_the_prescriber",
        lambda w: (w.state("TAS", number="59E-1"), w.practises("TAS")),
        lambda w: w.practises("VIC"),
    ),
    (
        "state_accepts_the_prescriber",
        lambda w: (w.state("NT"), w.practises("NT")),
        send("TAS", number="59E-1"),
    ),
    ("state_allows_the_form", send("ACT", number="CHO-77"), lambda w: w.product(dose_form="dried_herb")),
    ("state_authority_is_named", send("ACT", number="CHO-77"), send("ACT")),
    ("state_authority_is_named", send("TAS", number="59E-1"), send("TAS")),
    (
        "state_authority_is_named",
        lambda w: (w.state("SA"), w.write(repeats=1, interval_days=28)),
        lambda w: w.had(days_ago=40),
    ),
    (
        "state_authority_is_named",
        lambda w: (w.state("NT"), w.write(repeats=1, interval_days=28)),
        lambda w: w.write(repeats=2),
    ),
    (
        "state_authority_is_named",  # one supply: of 60 mL, and of 600
        lambda w: (w.state("SA"), w.write(repeats=0, interval_days=None)),
        lambda w: w.write(quantity=20),
    ),
    (
        "state_authority_is_named",
        lambda w: (w.state("SA"), w.write(repeats=0, interval_days=None)),
        lambda w: w.write(directions="Take 1½ mL twice a day."),
    ),
    (
        "dependence_is_authorised",
        lambda w: w.state("VIC", number="P-1"),
        lambda w: (w.state("VIC"), w.screen(depends_on_drugs=True)),
    ),
    ("monitoring_is_checked", fine, send("QLD", looked=False)),
    ("monitoring_is_checked", send("SA", number="18A-5"), send("QLD", looked=False)),
    ("monitoring_is_checked_by_custom", send("NSW"), send("WA", looked=False)),
    ("script_stays_in_the_state", fine, lambda w: w.doctor(state="NSW")),
    ("script_stays_in_the_state", lambda w: w.doctor(state="VIC"), send("QLD")),
    (
        "script_stays_in_the_state",
        lambda w: (w.doctor(state="NSW"), w.practises("VIC")),
        lambda w: w.practises("NSW"),
    ),
]


@pytest.mark.parametrize(("name", "passing", "failing"), TABLE, ids=ids(TABLE))
def test_a_check_passes_and_nearly_passes(world, name, passing, failing):
    passes_and_nearly_passes(world, name, passing, failing)


# Dispensed there, with its authority and a look at its system: what is still amiss for a doctor of Victoria.
ELSEWHERE = ["script_stays_in_the_state"]
STATES = {
    "ACT": ELSEWHERE,
    "NSW": ELSEWHERE,
    "NT": ["state_accepts_the_prescriber", *ELSEWHERE],
    "QLD": ELSEWHERE,
    "SA": ELSEWHERE,
    "TAS": ["state_accepts_the_prescriber", *ELSEWHERE],
    "VIC": [],
    "WA": ELSEWHERE,
}
# The same without number and look.
BARE = {
    "ACT": ["state_authority_is_named", "monitoring_is_checked_by_custom"],
    "NSW": ["monitoring_is_checked_by_custom"],
    "NT": ["state_authority_is_named", "monitoring_is_checked_by_custom"],
    "QLD": ["monitoring_is_checked"],
    "SA": ["state_authority_is_named", "monitoring_is_checked"],
    "TAS": ["state_authority_is_named", "monitoring_is_checked_by_custom"],
    "VIC": [],
    "WA": ["monitoring_is_checked_by_custom"],
}


class TestEachState:
    @pytest.mark.parametrize("state", State.values)
    def test_with_all_it_asks_for(self, world, state):
        world.state(state, number="No. 1")

        assert world.amiss() == STATES[state]

    @pytest.mark.parametrize("state", State.values)
    def test_without(self, world, state):
        world.state(state, looked=False)

        assert sorted(set(world.amiss()) - set(STATES[state])) == sorted(BARE[state])

    @pytest.mark.parametrize("state", ["TAS", "NT"])
    def test_takes_the_script_of_a_doctor_who_practises_there(self, world, state):
        world.state(state, number="No. 1")
        world.practises(state)

        assert world.amiss() == []

    @pytest.mark.parametrize("state", ["TAS", "NT"])
    def test_does_not_take_the_word_of_a_profile(self, world, state):
        world.state(state, number="No. 1")
        world.doctor(state=state)

        assert world.amiss() == ["state_accepts_the_prescriber"]

    @pytest.mark.parametrize("state", State.values)
    def test_takes_schedule_4_without_number_and_look(self, world, state):
        world.is_s4()
        world.state(state, looked=False)

        assert world.amiss() == []


@pytest.mark.parametrize(
    ("checked", "severity"),
    [("monitoring_is_checked", False), ("monitoring_is_checked_by_custom", True)],
)
def test_only_custom_gives_way_to_a_reason(world, checked, severity):
    world.state("QLD" if checked == "monitoring_is_checked" else "WA", looked=False)

    assert world.found()[checked].is_answerable is severity


class TestPractising:
    """Where the doctor is and practises is said in each consultation, on the day, by the doctor."""

    @pytest.fixture
    def said(self, world):
        world.state("TAS", number="59E-1")

        def say(**told) -> bool:
            by_itself = {
                "encounter": world.encounter,
                "kind": "practising",
                "state": "TAS",
                "words": "Tasmania",
            }
            Confirmation.objects.create(**by_itself | {"recorded_by": world.by} | told)
            return world.findings()["state_accepts_the_prescriber"]

        return say

    @pytest.mark.parametrize(("days_ago", "holds"), [(0, True), (1, False)])
    def test_counts_on_the_day_it_was_said(self, said, days_ago, holds):
        assert said(recorded_at=timezone.now() - timedelta(days=days_ago)) is holds

    def test_is_said_by_the_doctor_of_the_consultation(self, said, make_doctor):
        assert said(recorded_by=make_doctor("colleague").user) is False

    def test_is_not_where_the_patient_is(self, said):
        assert said(kind="location") is False

    def test_counts_in_no_other_consultation(self, said, world, make_slot, settle):
        patient = world.draft.patient
        later = settle(booking.hold(make_slot(hours=50), patient=patient, by=patient.user))

        assert said(encounter=consulting.open(later, by=world.by)) is False

    @pytest.mark.parametrize("left_out", [{"state": ""}, {"recorded_by": None}])
    def test_is_not_kept_without_who_and_where(self, said, left_out):
        with pytest.raises(IntegrityError, match="tells_who_practises_where"), transaction.atomic():
            said(**left_out)


class TestMonitoring:
    def test_yesterdays_look_does_not_count(self, world):
        MonitoringCheck.objects.create(
            patient=world.draft.patient, practitioner=world.draft.practitioner, encounter=world.encounter,
            state="QLD", system="QScript", result="no_alert",
            recorded_at=timezone.now() - timedelta(hours=24),
        )  # fmt: skip
        world.state("QLD", looked=False)

        assert world.findings()["monitoring_is_checked"] is False

    def test_a_colleagues_look_does_not_count(self, world, make_doctor):
        world.state("QLD", looked=False)
        MonitoringCheck.objects.create(
            patient=world.draft.patient, practitioner=make_doctor("colleague"), encounter=world.encounter,
            state="QLD", system="QScript", result="no_alert",
        )  # fmt: skip

        assert world.findings()["monitoring_is_checked"] is False

    @pytest.mark.parametrize(
        ("result", "calm"),
        [("no_alert", True), ("no_match", True), ("amber", False), ("red", False), ("down", False)],
    )
    def test_an_alert_is_told(self, world, result, calm):
        world.state("QLD", looked=False)
        prescribing.record_monitoring(world.encounter, state="QLD", result=result, by=world.by)

        assert world.findings()["monitoring_shows_nothing"] is calm


def test_the_sentences_name_the_state_and_the_source(world: World):
    world.state("TAS", looked=False)

    found = world.found()
    assert found["state_authority_is_named"].sentence == (
        "Write the number of this authority on the script: Section 59E authorisation."
    )
    assert found["state_accepts_the_prescriber"].sentence.startswith("Tasmania takes such scripts")
    assert found["state_accepts_the_prescriber"].source.startswith("Poisons Act 1971 (Tas) s 59E")
