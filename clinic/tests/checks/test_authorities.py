"""Under which authority of the TGA: each check passes, and nearly passes."""

from datetime import timedelta

import pytest

from clinic import authorising
from clinic.models import ApprovalReport
from clinic.tests.checks.world import TODAY, Table, World, fine, ids, passes_and_nearly_passes

pytestmark = pytest.mark.django_db


def reported(world: World) -> None:
    period = authorising.last_period(TODAY())
    ApprovalReport.objects.create(practitioner=world.draft.practitioner, **period._asdict())


def is_ap(*, begun_days: int = 0):
    """The doctor is an Authorised Prescriber since so many days before the end of the half-year."""
    ended = authorising.last_period(TODAY()).until_on

    def do(world: World) -> None:
        world.approval(pathway="ap", patient=None, from_on=ended - timedelta(days=begun_days))

    return do


TABLE: Table = [
    ("authority_covers_it", fine, lambda w: w.approval(dose_form="capsule")),
    ("authority_covers_it", fine, lambda w: w.approval(tga_category=5)),
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
        lambda w: w.approval(applied_on=TODAY(), decided_on=TODAY()),
        lambda w: w.approval(applied_on=TODAY(), decided_on=None),
    ),
    (
        "authority_covers_it",
        lambda w: w.approval(pathway="ap", patient=None),
        lambda w: w.product(tga_category=3, tga_category_stated=3),
    ),
    (
        "authority_covers_what_it_is_for",
        lambda w: w.draft.change(by=w.by, indication="CHRONIC PAIN "),
        lambda w: w.draft.change(by=w.by, indication="Anxiety"),
    ),
    ("authority_covers_what_it_is_for", fine, lambda w: w.draft.change(by=w.by, indication="")),
    (
        "authority_covers_what_it_is_for",
        lambda w: w.approval(pathway="ap", patient=None),
        lambda w: w.draft.change(by=w.by, indication=" "),
    ),
    (
        "authority_lasts",
        lambda w: w.approval(until_on=TODAY() + timedelta(days=31)),
        lambda w: w.approval(until_on=TODAY() + timedelta(days=30)),
    ),
    ("report_to_the_tga_is_sent", is_ap(begun_days=-1), is_ap(begun_days=0)),
]


@pytest.mark.parametrize(("name", "passing", "failing"), TABLE, ids=ids(TABLE))
def test_a_check_passes_and_nearly_passes(world, name, passing, failing):
    passes_and_nearly_passes(world, name, passing, failing)


class TestReport:
    def test_that_was_sent_is_not_asked_for(self, world):
        is_ap()(world)
        reported(world)

        assert world.findings()["report_to_the_tga_is_sent"] is True

    def test_of_the_half_year_before_is_not_enough(self, world):
        is_ap()(world)
        before = authorising.last_period(authorising.last_period(TODAY()).from_on)
        ApprovalReport.objects.create(practitioner=world.draft.practitioner, **before._asdict())

        assert world.findings()["report_to_the_tga_is_sent"] is False


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

    def test_that_names_another_illness_makes_the_doctor_choose(self, world, make_approval):
        make_approval(pathway="ap", patient=None, indication="Anxiety", reference="AP-1")
        world.draft.change(by=world.by, indication="Insomnia")
        open_choice = world.findings()["authority_covers_what_it_is_for"]

        world.draft.change(by=world.by, indication="Anxiety")

        assert (open_choice, world.findings()["authority_covers_what_it_is_for"]) == (False, True)
