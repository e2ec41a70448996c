"""For whom: each check passes, and nearly passes."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from clinic import consenting, consulting, prescribing
from clinic.models import Confirmation, Consent, Note, Practice, Prescription, Screening
from clinic.spelling import months_before
from clinic.tests.checks.world import (
    TODAY,
    Table,
    World,
    birthday,
    fine,
    ids,
    passes_and_nearly_passes,
)

pytestmark = pytest.mark.django_db


def only_chat(world: World) -> None:
    world.segment(modality="chat")


def had(world: World, **told) -> Prescription:
    """The patient had what is on the draft, as much of it, a month ago."""
    return world.had(days_ago=30, **{"quantity": 2, "repeats": 2, "interval_days": 28} | told)


def had_and_spoke(world: World, *, days: int = 0, months: int = 6) -> None:
    """A repeat after a chat; the last talk was ``days`` short of so many months ago."""
    had(world)
    only_chat(world)
    world.spoke(on=months_before(TODAY(), months=months) + timedelta(days=days))


def left_open(world: World, *, days: int, stopped: bool = True) -> None:
    """The talk began so many days ago; whoever forgot to stop it stopped it now, or not yet."""
    now = timezone.now()
    world.segment(started_at=now - timedelta(days=days), ended_at=now if stopped else None)


def located(world: World, *, days_ago: int) -> None:
    """Where the patient is was confirmed so many days ago, and not since."""
    Confirmation.objects.filter(kind="location")._raw_delete("default")
    Confirmation.objects.create(
        encounter=world.draft.encounter, kind="location", words="Victoria", recorded_by=world.by,
        recorded_at=timezone.now() - timedelta(days=days_ago),
    )  # fmt: skip


def says_of_gp(world: World, said: str) -> None:
    consenting.answer(world.draft.patient, kind=Consent.Kind.SHARE_GP, answer=said, by=world.by)


def withdrawn(world: World, *kinds: str) -> None:
    for kind in kinds:
        consenting.answer(world.draft.patient, kind=kind, answer="withdrawn", by=world.by)


TABLE: Table = [
    ("they_have_spoken", lambda w: w.segment(modality="voice", ended_at=None), only_chat),
    ("they_have_spoken", lambda w: w.segment(modality="in_person"), only_chat),
    ("they_have_spoken", fine, lambda w: left_open(w, days=1)),
    ("they_have_spoken", fine, lambda w: left_open(w, days=1, stopped=False)),
    ("they_have_spoken", had_and_spoke, lambda w: w.practice(spoken_months=5)),
    (
        "they_have_spoken_again",
        had,
        lambda w: (only_chat(w), w.spoke(on=TODAY() - timedelta(days=1))),
    ),
    ("they_have_spoken_again", had, lambda w: left_open(w, days=1)),
    ("patient_is_identified", fine, lambda w: w.patient(identified_at=None, identified_by=None)),
    ("birth_date_is_known", fine, lambda w: w.patient(date_of_birth=None)),
    (
        "birth_date_is_known",
        lambda w: w.patient(date_of_birth=birthday(years=120)),
        lambda w: w.patient(date_of_birth=birthday(years=121)),
    ),
    (
        "birth_date_is_known",
        lambda w: w.patient(date_of_birth=TODAY()),
        lambda w: w.patient(date_of_birth=TODAY() + timedelta(days=1)),
    ),
    (
        "patient_is_an_adult",
        lambda w: w.patient(date_of_birth=birthday(years=18)),
        lambda w: w.patient(date_of_birth=birthday(years=18, days=1)),
    ),
    (
        "patient_is_an_adult",
        lambda w: (w.practice(youngest_age=21), w.patient(date_of_birth=birthday(years=21))),
        lambda w: w.practice(youngest_age=22),
    ),
    ("patient_lives_somewhere", fine, lambda w: w.patient(street="")),
    (
        "patient_consents",
        lambda w: withdrawn(w, "unapproved_s4", "unapproved_s4_inhale", "unapproved_s8_inhale"),
        lambda w: w.product(dose_form="vape"),
    ),
    (
        "patient_consents",
        lambda w: (withdrawn(w, "unapproved_s8"), w.is_s4()),
        lambda w: withdrawn(w, "unapproved_s4"),
    ),
    ("patient_lives_somewhere", fine, lambda w: w.patient(postcode="")),
    ("location_is_confirmed_for_s8", fine, lambda w: w.encounter.change(by=w.by, location_state="")),
    ("location_is_confirmed", World.is_s4, lambda w: w.encounter.change(by=w.by, location_state="")),
    (
        "they_have_spoken_long_enough",
        fine,
        lambda w: w.segment(ended_at=w.encounter.segments.get().started_at + timedelta(minutes=4)),
    ),
    (
        "they_have_spoken_long_enough",
        lambda w: w.practice(shortest_minutes=12),
        lambda w: w.practice(shortest_minutes=13),
    ),
    ("gp_is_known", fine, lambda w: w.patient(gp_name="")),
    ("gp_may_be_told", lambda w: says_of_gp(w, "given"), lambda w: says_of_gp(w, "withdrawn")),
    ("gp_may_be_told", fine, lambda w: says_of_gp(w, "declined")),
    (
        "medicare_card_is_valid",
        lambda w: w.patient(medicare_until_on=TODAY()),
        lambda w: w.patient(medicare_until_on=TODAY() - timedelta(days=1)),
    ),
]


@pytest.mark.parametrize(("name", "passing", "failing"), TABLE, ids=ids(TABLE))
def test_a_check_passes_and_nearly_passes(world, name, passing, failing):
    passes_and_nearly_passes(world, name, passing, failing)


class TestSpeaking:
    def test_a_first_script_after_a_chat_is_stopped_and_no_reason_helps(self, world):
        only_chat(world)

        found = world.found()
        assert (found["they_have_spoken"].holds, found["they_have_spoken"].is_answerable) == (False, False)
        assert found["they_have_spoken_again"].holds

    def test_a_repeat_after_a_chat_asks_for_a_reason(self, world):
        had_and_spoke(world)

        found = world.found()
        assert found["they_have_spoken"].holds
        assert found["they_have_spoken_again"].is_answerable

    @pytest.mark.parametrize(("days", "holds"), [(0, True), (-1, False)])
    def test_a_repeat_needs_a_talk_within_the_months_of_the_practice(self, world, days, holds):
        had_and_spoke(world, days=days)

        assert world.findings()["they_have_spoken"] is holds

    @pytest.mark.parametrize(
        ("same", "more"),
        [
            ({"directions": "Take 2 mL a day."}, {"directions": "Take 2.01 mL a day."}),
            ({"directions": "Take 1 mL by mouth twice a day."}, {"directions": "Take 1 capsule a day."}),
            ({"quantity": 2}, {"quantity": 3}),
            ({"repeats": 2}, {"repeats": 3}),
            ({"interval_days": 28}, {"interval_days": 27}),
        ],
    )
    def test_more_than_the_last_script_gave_is_no_repeat(self, world, same, more):
        had_and_spoke(world)
        world.write(**same)
        before = world.findings()["they_have_spoken"]

        world.write(**more)

        assert (before, world.findings()["they_have_spoken"]) == (True, False)

    def test_another_strength_is_no_repeat(self, world):
        had_and_spoke(world)

        world.product(thc_value=26)

        assert world.findings()["they_have_spoken"] is False

    def test_a_second_form_for_the_same_product_is_no_repeat(self, world):
        had_and_spoke(world)
        world.write(quantity=1)
        prescribing.write(
            world.encounter,
            product=world.line.product,
            quantity=2,
            directions="Take 1 mL a day.",
            by=world.by,
        )

        assert world.findings()["they_have_spoken"] is False

    def test_a_dose_that_cannot_be_read_is_a_repeat_in_the_same_words(self, world):
        had(world, directions="Take 1 mL.")
        only_chat(world)
        world.spoke(on=TODAY() - timedelta(days=9))
        before = world.findings()["they_have_spoken"]

        world.write(directions="take  1 mL.")

        assert (before, world.findings()["they_have_spoken"]) == (False, True)

    def test_an_earlier_chat_carries_no_repeat(self, world):
        had(world)
        only_chat(world)
        world.spoke(on=TODAY() - timedelta(days=9), modality="chat")

        assert world.findings()["they_have_spoken"] is False

    def test_a_talk_that_passes_midnight_counts_on_the_day_it_ends(self, world):
        zone = ZoneInfo(Practice.objects.get().time_zone)
        midnight = timezone.now().astimezone(zone).replace(hour=0, minute=0, second=0)
        world.segment(started_at=midnight - timedelta(minutes=9), ended_at=midnight + timedelta(seconds=1))

        assert world.findings()["they_have_spoken"] is True

    def test_is_of_today_by_the_date_that_the_doctor_writes(self, world):
        """In Perth the evening goes on while it is past midnight at a practice in Sydney."""
        world.doctor(time_zone="Australia/Perth")
        zone = ZoneInfo(Practice.objects.get().time_zone)
        midnight = timezone.now().astimezone(zone).replace(hour=0, minute=0, second=0) + timedelta(days=1)
        world.segment(started_at=midnight - timedelta(minutes=20), ended_at=midnight - timedelta(minutes=5))

        with time_machine.travel(midnight + timedelta(minutes=30), tick=False):
            assert world.findings()["they_have_spoken"] is True

    def test_another_product_is_no_repeat(self, world, make_product):
        had(world, product=make_product("Day Oil"))
        only_chat(world)
        world.spoke(on=TODAY() - timedelta(days=9))

        assert world.findings()["they_have_spoken"] is False

    def test_a_void_script_makes_no_repeat(self, world):
        prescribing.cancel(had(world), by=world.by, why="Another dose.")
        only_chat(world)
        world.spoke(on=TODAY() - timedelta(days=9))

        assert world.findings()["they_have_spoken"] is False


class TestLocation:
    @pytest.mark.parametrize(("days_ago", "holds"), [(0, True), (1, False)])
    def test_that_was_confirmed_on_another_day_is_asked_again(self, world, off_guard, days_ago, holds):
        with off_guard("clinic_confirmation"):
            located(world, days_ago=days_ago)

        assert world.findings()["location_is_confirmed_for_s8"] is holds


class TestConsent:
    def test_to_another_version_does_not_count(self, encounter, practice, doctor, make_product, reword):
        line = prescribing.write(
            encounter, product=make_product(), quantity=1, directions="Take 1 mL at night.", by=doctor.user
        )
        world = World(line.prescription, doctor.user)
        consulting.record_consent(encounter.patient, product=line.product, by=doctor.user)
        reword("unapproved_s8")
        before = world.findings()["patient_consents"]

        consulting.record_consent(encounter.patient, product=line.product, by=doctor.user)

        assert (before, world.findings()["patient_consents"]) == (False, True)

    @pytest.mark.parametrize(
        ("kind", "holds"),
        [
            ("unapproved_s8", True),
            ("unapproved_s8_inhale", False),
            ("unapproved_s4", False),
            ("unapproved_s4_inhale", False),
            ("unapproved", False),
        ],
    )
    def test_is_to_the_class_of_the_medicine(
        self, encounter, practice, doctor, make_product, off_guard, kind, holds
    ):
        line = prescribing.write(
            encounter, product=make_product(), quantity=1, directions="Take 1 mL at night.", by=doctor.user
        )
        if kind == "unapproved":  # of before it was asked for a class
            with off_guard("clinic_consent"):
                Consent.objects.create(
                    patient=encounter.patient, kind=kind, version="2026-12", text_sha256="0" * 64
                )
        else:
            consenting.agree(encounter.patient, kinds=[kind], by=doctor.user)

        found = World(line.prescription, doctor.user).found()["patient_consents"]
        assert found.holds is holds
        assert found.sentence == (
            "Ask the patient for the consent “Unapproved medicine of Schedule 8, not inhaled”, and record it."
        )


class TestScreening:
    def test_is_asked_before_schedule_8(self, encounter, practice, doctor, make_product):
        line = prescribing.write(
            encounter, product=make_product(), quantity=1, directions="Take 1 mL at night.", by=doctor.user
        )
        world = World(line.prescription, doctor.user)
        before = world.findings()["dependence_is_asked"]

        world.screen()

        assert (before, world.findings()["dependence_is_asked"]) == (False, True)

    @pytest.mark.parametrize(("days", "holds"), [(179, True), (180, False)])
    def test_counts_for_as_long_as_the_practice_says(
        self, encounter, practice, doctor, make_product, days, holds
    ):
        line = prescribing.write(
            encounter, product=make_product(), quantity=1, directions="Take 1 mL at night.", by=doctor.user
        )
        Screening.objects.create(
            patient=encounter.patient, practitioner=doctor, encounter=encounter, depends_on_drugs=False,
            is_relative=False, recorded_at=timezone.now() - timedelta(days=days),
        )  # fmt: skip

        assert World(line.prescription, doctor.user).findings()["dependence_is_asked"] is holds


@pytest.mark.parametrize(("days", "holds"), [(0, True), (-1, False)])
def test_a_planned_review_is_not_overdue(world, days, holds):
    note = Note.objects.get(encounter=world.draft.encounter)
    note.move_to(
        "signed",
        by=world.by,
        review_on=TODAY() + timedelta(days=days),
        signed_at=timezone.now(),
        signed_by=world.by,
    )

    assert world.findings()["review_is_not_overdue"] is holds


@pytest.mark.parametrize(
    ("of_the_other", "holds"),
    [
        ({}, True),
        ({"phone": "0491570006"}, False),
        ({"medicare_number": "2123456701", "medicare_irn": "1"}, False),
        ({"medicare_number": "2123456701", "medicare_irn": "2"}, True),
    ],
)
def test_somebody_of_the_same_numbers_is_told(world, make_patient, of_the_other, holds):
    world.patient(phone="0491570006", medicare_number="2123456701", medicare_irn="1")
    make_patient("neighbour", **of_the_other)

    assert world.findings()["patient_has_no_double"] is holds


@pytest.mark.parametrize(("given_name", "holds"), [("patient", False), ("Another", True)])
def test_somebody_of_the_same_name_and_birthday_is_told(world, make_patient, given_name, holds):
    other = make_patient("neighbour", date_of_birth=world.draft.patient.date_of_birth)
    other.user.change(by=None, given_name=given_name)

    assert world.findings()["patient_has_no_double"] is holds
