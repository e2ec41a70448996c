"""Every check: a case that passes, and the nearest one that does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from django.utils import timezone

from catalog.models.measures import potency_fields
from clinic import checking, consulting, gathering, prescribing
from clinic.models import (
    Consent,
    Encounter,
    MonitoringCheck,
    Practice,
    Prescription,
    PrescriptionLine,
    StateRule,
)

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


@dataclass
class World:
    """A draft at which nothing is amiss, to be spoilt in one respect."""

    draft: Prescription
    by: object

    @property
    def encounter(self) -> Encounter:
        return Encounter.objects.get(pk=self.draft.encounter_id)

    @property
    def line(self) -> PrescriptionLine:
        return self.draft.lines.get()

    def patient(self, **fields):
        self.draft.patient.change(by=self.by, **fields)

    def doctor(self, **fields):
        self.draft.practitioner.change(by=self.by, **fields)

    def product(self, **fields):
        self.line.product.change(by=None, **fields)

    def write(self, **fields):
        self.line.change(by=self.by, **fields)

    def approval(self, **fields):
        self.draft.practitioner.approvals.get().change(by=self.by, **fields)

    def state(self, state: str, *, number: str = "", looked: bool = True):
        prescribing.send_to(self.draft, state=state, authority=number, by=self.by)
        if looked:
            prescribing.record_monitoring(self.encounter, state=state, result="no_alert", by=self.by)

    def rule(self, state: str, **fields):
        StateRule.objects.get(state=state).change(by=self.by, **fields)

    def practice(self, **fields):
        Practice.objects.get().change(by=self.by, **fields)

    def segment(self, **fields):
        self.encounter.segments.get().change(by=self.by, **fields)

    def findings(self) -> dict[str, bool]:
        case, *_ = gathering.cases(self.encounter, by=self.by, now=timezone.now())
        return {finding.check.name: finding.holds for finding in checking.examine(case)}


@pytest.fixture
def world(ready, doctor):
    return World(Prescription.objects.get(pk=ready.pk), doctor.user)


def birthday(*, years: int, days: int = 0) -> date:
    today = TODAY()
    return today.replace(year=today.year - years) + timedelta(days=days)


def only_chat(world: World) -> None:
    world.segment(modality="chat")


def earlier_script(world: World, *, days_ago: int) -> None:
    """An S8 script of so many days ago, whose validity is over."""
    then = timezone.now() - timedelta(days=days_ago)
    Prescription.objects.create(
        encounter=world.encounter, patient=world.draft.patient, practitioner=world.draft.practitioner,
        number=Prescription.objects.count(),
        status="issued", schedule="S8", content={"a": 1}, content_sha256="0" * 64,
        issued_at=then, issued_by=world.by, valid_until_on=timezone.localdate(then),
    )  # fmt: skip


Step = Callable[[World], object]
FINE: Step = lambda world: None  # noqa: E731

# check, the case that passes, the nearest case that does not
TABLE: list[tuple[str, Step, Step]] = [
    ("registration_is_verified", FINE, lambda w: w.doctor(verified_at=None, verified_by=None)),
    (
        "registration_is_verified",
        lambda w: w.doctor(verified_at=timezone.now() - timedelta(days=365)),
        lambda w: w.doctor(verified_at=timezone.now() - timedelta(days=367)),
    ),
    ("prescriber_is_described", FINE, lambda w: w.doctor(qualifications="")),
    ("they_have_spoken", lambda w: w.segment(modality="voice", ended_at=None), only_chat),
    ("patient_is_identified", FINE, lambda w: w.patient(identified_at=None, identified_by=None)),
    ("birth_date_is_known", FINE, lambda w: w.patient(date_of_birth=None)),
    (
        "patient_is_an_adult",
        lambda w: w.patient(date_of_birth=birthday(years=18)),
        lambda w: w.patient(date_of_birth=birthday(years=18, days=1)),
    ),
    ("patient_is_someone_else", FINE, lambda w: w.patient(user=w.by)),
    ("patient_lives_somewhere", FINE, lambda w: w.patient(street="")),
    ("location_is_confirmed", FINE, lambda w: w.encounter.change(by=w.by, location_state="")),
    ("something_is_prescribed", FINE, lambda w: w.write(removed_at=timezone.now(), removed_by=w.by)),
    ("product_is_on_sale", FINE, lambda w: w.product(supply="out_of_stock")),
    ("product_is_classified", FINE, lambda w: w.product(is_composition_known=False)),
    (
        "product_is_classified",
        FINE,
        lambda w: w.product(tga_category=None, schedule="", tga_category_stated=None),
    ),
    (
        "category_is_undisputed",
        lambda w: w.product(tga_category_stated=None),
        lambda w: w.product(tga_category_stated=5),
    ),
    ("category_is_undisputed", FINE, lambda w: w.product(is_category_disputed=True)),
    (
        "product_is_named_in_full",
        FINE,
        lambda w: w.product(**potency_fields("thc", None), **potency_fields("cbd", None)),
    ),
    ("directions_are_written", FINE, lambda w: w.write(directions=" ")),
    (
        "directions_are_precise",
        lambda w: w.write(directions="Take 0.5 mL twice a day, mixed into food as usual."),
        lambda w: w.write(directions="Take as directed."),
    ),
    (
        "repeats_have_an_interval",
        lambda w: w.write(repeats=0, interval_days=None),
        lambda w: w.write(repeats=2, interval_days=None),
    ),
    (
        "quantity_is_within_the_cap",
        lambda w: w.write(repeats=5, quantity=10),
        lambda w: w.write(repeats=6, quantity=1),
    ),
    ("quantity_is_within_the_cap", FINE, lambda w: w.write(repeats=4, quantity=13)),
    ("authority_covers_it", FINE, lambda w: w.approval(dose_form="capsule")),
    ("authority_covers_it", FINE, lambda w: w.approval(tga_category=5)),
    (
        "authority_covers_it",
        lambda w: w.approval(until_on=TODAY()),
        lambda w: w.approval(until_on=TODAY() - timedelta(days=1), from_on=TODAY() - timedelta(days=9)),
    ),
    (
        "authority_covers_it",
        lambda w: w.approval(from_on=TODAY()),
        lambda w: w.approval(from_on=TODAY() + timedelta(days=1)),
    ),
    (
        "authority_covers_it",
        lambda w: w.approval(withdrawn_on=TODAY() + timedelta(days=1)),
        lambda w: w.approval(withdrawn_on=TODAY()),
    ),
    (
        "authority_covers_it",
        lambda w: w.approval(pathway="ap", patient=None),
        lambda w: w.product(tga_category=3, tga_category_stated=3),
    ),
    ("state_accepts_it", FINE, lambda w: w.rule("VIC", blocked="Nothing from elsewhere is dispensed.")),
    ("state_accepts_the_prescriber", lambda w: w.state("WA"), lambda w: w.state("TAS", number="59E-1")),
    ("state_accepts_the_prescriber", lambda w: w.state("QLD"), lambda w: w.state("NT")),
    (
        "state_accepts_the_prescriber",
        lambda w: (w.state("TAS", number="59E-1"), w.doctor(state="TAS")),
        lambda w: w.doctor(state="NSW"),
    ),
    ("state_is_known", FINE, lambda w: w.draft.change(by=w.by, dispense_state="")),
    ("state_is_known", FINE, lambda w: w.rule("VIC", until_on=TODAY() - timedelta(days=1))),
    ("state_authority_is_named", lambda w: w.state("ACT", number="CHO-77"), lambda w: w.state("ACT")),
    ("monitoring_is_checked", FINE, lambda w: w.state("QLD", looked=False)),
    (
        "monitoring_is_checked",
        lambda w: w.state("SA", number="18A-5"),
        lambda w: w.state("QLD", looked=False),
    ),
    ("monitoring_is_checked_by_custom", lambda w: w.state("NSW"), lambda w: w.state("WA", looked=False)),
    (
        "authority_lasts",
        lambda w: w.approval(until_on=TODAY() + timedelta(days=31)),
        lambda w: w.approval(until_on=TODAY() + timedelta(days=30)),
    ),
    (
        "no_other_script_runs",
        lambda w: earlier_script(w, days_ago=1),
        lambda w: earlier_script(w, days_ago=0),
    ),
    (
        "they_have_spoken_long_enough",
        FINE,
        lambda w: w.segment(ended_at=w.encounter.segments.get().started_at + timedelta(minutes=4)),
    ),
    ("gp_is_known", FINE, lambda w: w.patient(gp_name="")),
    ("state_has_no_caution", lambda w: w.state("NSW"), lambda w: w.practice(state="QLD")),
]


def test_a_draft_at_which_nothing_is_amiss_passes_every_check(world):
    assert [name for name, holds in world.findings().items() if not holds] == []


@pytest.mark.parametrize(
    ("name", "passing", "failing"), TABLE, ids=[f"{n}-{i}" for i, (n, _, _) in enumerate(TABLE)]
)
def test_a_check_passes_and_nearly_passes(world, name, passing, failing):
    passing(world)
    before = world.findings()[name]
    failing(world)

    assert (before, world.findings()[name]) == (True, False)


# Those whose case needs other people, other documents or another form.
OF_THEIR_OWN = {
    "signer_is_the_practitioner",
    "signer_is_an_active_doctor",
    "form_holds_one_s8_medicine",
    "patient_consents",
    "state_allows_the_form",
    "monitoring_shows_nothing",
}


def test_every_check_has_a_case():
    assert {name for name, _, _ in TABLE} | OF_THEIR_OWN == {check.name for check in checking.CHECKS}


class TestSigner:
    def test_is_the_doctor_of_the_consultation(self, world, make_doctor):
        world.by = make_doctor("colleague").user

        assert (
            world.findings()["signer_is_the_practitioner"],
            world.findings()["signer_is_an_active_doctor"],
        ) == (
            False,
            True,
        )

    @pytest.mark.parametrize("role", ["manager", "reception", "auditor", "patient"])
    def test_is_a_doctor(self, world, make_user, role):
        world.by = make_user(role, f"{role}-who-signs")

        assert world.findings()["signer_is_an_active_doctor"] is False

    def test_is_active(self, world):
        world.by.change(by=None, is_active=False)

        assert world.findings()["signer_is_an_active_doctor"] is False


class TestApproval:
    def test_of_another_doctor_does_not_count(self, world, make_doctor, make_approval):
        world.approval(withdrawn_on=TODAY())
        make_approval(practitioner=make_doctor("colleague"), pathway="ap", patient=None)

        assert world.findings()["authority_covers_it"] is False

    def test_for_another_patient_does_not_count(self, world, make_patient, make_approval):
        world.approval(withdrawn_on=TODAY())
        make_approval(patient=make_patient("neighbour"))

        assert world.findings()["authority_covers_it"] is False

    def test_is_not_asked_for_what_is_on_the_register(self, world):
        world.approval(withdrawn_on=TODAY())
        world.product(artg_id="181978", pathway="registered")

        assert world.findings()["authority_covers_it"] is True


class TestConsent:
    def test_to_another_version_does_not_count(self, encounter, practice, doctor, make_product):
        line = prescribing.write(
            encounter, product=make_product(), quantity=1, directions="Take 1 mL at night.", by=doctor.user
        )
        world = World(line.prescription, doctor.user)
        Consent.objects.create(
            patient=encounter.patient, kind="unapproved", version="2019-01", text_sha256="0" * 64
        )
        before = world.findings()["patient_consents"]

        consulting.record_consent(encounter.patient, by=doctor.user)

        assert (before, world.findings()["patient_consents"]) == (False, True)


class TestStates:
    def test_the_act_takes_an_oil_but_no_dried_herb(self, world):
        world.state("ACT", number="CHO-77")
        oil = world.findings()["state_allows_the_form"]

        world.product(dose_form="dried_herb")

        assert (oil, world.findings()["state_allows_the_form"]) == (True, False)

    def test_south_australia_asks_for_its_authority_beyond_two_months(self, world):
        world.state("SA")
        world.write(repeats=1, interval_days=28)
        short = world.findings()["state_authority_is_named"]

        earlier_script(world, days_ago=40)

        assert (short, world.findings()["state_authority_is_named"]) == (True, False)

    def test_tasmania_and_the_territory_take_schedule_4(self, world):
        world.product(tga_category=1, tga_category_stated=1, schedule="S4")
        world.draft.change(by=world.by, schedule="S4")
        world.state("TAS", looked=False)

        found = world.findings()
        assert (found["state_accepts_it"], found["state_authority_is_named"]) == (True, True)

    def test_category_1_in_new_south_wales_needs_no_look_at_monitoring(self, world):
        world.product(tga_category=1, tga_category_stated=1, schedule="S4")
        world.approval(tga_category=1, pathway="ap", patient=None)
        world.state("NSW", looked=False)

        assert [name for name, holds in world.findings().items() if not holds] == []


class TestMonitoring:
    def test_yesterdays_look_does_not_count(self, world):
        yesterday = timezone.now() - timedelta(hours=24)
        MonitoringCheck.objects.create(
            patient=world.draft.patient, practitioner=world.draft.practitioner, encounter=world.encounter,
            state="QLD", system="QScript", result="no_alert", recorded_at=yesterday,
        )  # fmt: skip
        world.state("QLD", looked=False)

        assert world.findings()["monitoring_is_checked"] is False

    @pytest.mark.parametrize(
        ("result", "calm"),
        [("no_alert", True), ("no_match", True), ("amber", False), ("red", False), ("down", False)],
    )
    def test_an_alert_is_told(self, world, result, calm):
        prescribing.send_to(world.draft, state="QLD", by=world.by)
        prescribing.record_monitoring(world.encounter, state="QLD", result=result, by=world.by)

        assert world.findings()["monitoring_shows_nothing"] is calm


def test_a_form_holds_one_medicine_of_schedule_8(world, make_product):
    PrescriptionLine.objects.add(
        by=world.by,
        prescription=world.draft,
        product=make_product("Day Oil"),
        quantity=1,
        directions="Take 1 mL.",
    )

    assert world.findings()["form_holds_one_s8_medicine"] is False


def test_facts_are_read_in_as_many_statements_for_three_drafts_as_for_one(
    world, make_product, django_assert_num_queries
):
    page = Encounter.objects.select_related("patient__user", "practitioner__user")
    encounter = page.get()
    with django_assert_num_queries(9):
        gathering.cases(encounter, by=world.by, now=timezone.now())
    for name in ("Day Oil", "Noon Oil"):
        prescribing.write(
            encounter, product=make_product(name), quantity=1, directions="Take 1 mL.", by=world.by
        )

    encounter = page.get()
    with django_assert_num_queries(9):
        found = gathering.cases(encounter, by=world.by, now=timezone.now())
        answers = [checking.examine(case) for case in found]

    assert len(answers) == 3
