"""A draft at which nothing is amiss, to be spoilt in one respect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from clinic import caring, checking, consulting, gathering, prescribing, screening
from clinic.models import (
    Answer,
    Appointment,
    Encounter,
    Intake,
    Patient,
    Practice,
    Prescription,
    PrescriptionLine,
    Questionnaire,
    Segment,
    StateRule,
)

TODAY = timezone.localdate
GO_ON = {check.name: "The patient needs it." for check in checking.CHECKS}
"""An answer to every check that takes one."""


@dataclass
class World:
    draft: Prescription
    by: object

    @property
    def encounter(self) -> Encounter:
        return Encounter.objects.get(pk=self.draft.encounter_id)

    @property
    def line(self) -> PrescriptionLine:
        return self.draft.lines.get()

    def patient(self, **fields):
        Patient.objects.get(pk=self.draft.patient_id).change(by=self.by, **fields)

    def doctor(self, **fields):
        self.draft.practitioner.change(by=self.by, **fields)

    def product(self, **fields):
        self.line.product.change(by=None, **fields)

    def write(self, **fields):
        self.line.change(by=self.by, **fields)

    def approval(self, **fields):
        self.draft.practitioner.approvals.get().change(by=self.by, **fields)

    def state(self, state: str, *, number: str = "", looked: bool = True):
        told = {"authority": number, "indication": self.draft.indication}
        prescribing.send_to(self.draft, state=state, **told, by=self.by)
        if looked:
            prescribing.record_monitoring(self.encounter, state=state, result="no_alert", by=self.by)

    def rule(self, state: str, **fields):
        StateRule.objects.get(state=state).change(by=self.by, **fields)

    def practice(self, **fields):
        Practice.objects.get().change(by=self.by, **fields)

    def segment(self, **fields):
        self.encounter.segments.get().change(by=self.by, **fields)

    def spoke(self, *, on: date, modality: str = "voice"):
        """A stretch of ten minutes at noon of another day, in this consultation, which was left open."""
        began = datetime.combine(on, time(12), tzinfo=timezone.get_default_timezone())
        Segment.objects.add(
            by=self.by, encounter=self.encounter, modality=modality, started_at=began,
            ended_at=began + timedelta(minutes=10),
        )  # fmt: skip

    def practises(self, state: str):
        """The doctor says: I am there today, and practise there."""
        consulting.confirm_practising(self.encounter, state=state, by=self.by)

    def screen(self, **told):
        answers = {"depends_on_drugs": False, "is_relative": False} | told
        screening.record(self.encounter, **answers, by=self.by)

    def says(self, *, days_ago: float = 0, visit: Appointment | None = None, **answers: str):
        """What the patient answered before this visit, or another, so many days ago."""
        visit = visit or self.encounter.appointment
        said = {"recorded_by": visit.patient.user}
        intake, _ = Intake.objects.get_or_create(
            appointment=visit, defaults={"questionnaire": Questionnaire.objects.get(), **said}
        )
        at = timezone.now() - timedelta(days=days_ago)
        for key, value in answers.items():
            Answer.objects.create(intake=intake, key=key, value=value, said_at=at, **said)

    def ill(self, name: str, risk: str):
        caring.add_condition(self.draft.patient, name=name, risk=risk, by=self.by)

    def takes(self, name: str, risk: str):
        caring.add_medicine(self.draft.patient, name=name, risk=risk, by=self.by)

    def is_s4(self):
        """Let the medicine be of category 1."""
        cbd = {"thc_value": 1, "cbd_value": 100, "tga_category": 1, "tga_category_stated": 1}
        self.product(**cbd, schedule="S4")
        self.draft.change(by=self.by, schedule="S4")
        self.approval(tga_category=1)

    def had(self, *, days_ago: int, product=None, valid_days: int | None = None, **dose) -> Prescription:
        """An S8 script of so many days ago; its validity is over unless said."""
        # By the clock on the wall: summer time may end between.
        then = timezone.localtime() - timedelta(days=days_ago)
        product = product or self.line.product
        told = {"product": str(product.pk), "name": product.name, "strength": product.strength_text}
        until = then + timedelta(days=days_ago - 1 if valid_days is None else valid_days)
        fields = {
            "encounter": self.encounter, "patient": self.draft.patient,
            "practitioner": self.draft.practitioner, "schedule": "S8",
        }  # fmt: skip
        script = Prescription.objects.add(by=self.by, **fields)
        same = {"quantity": 1, "directions": "Take 1 mL by mouth twice a day.", "repeats": 0} | dose
        PrescriptionLine.objects.add(by=self.by, prescription=script, product=product, **same)
        script.move_to(
            "issued",
            by=self.by,
            number=900 + Prescription.objects.count(),
            content={"lines": [told]},
            content_sha256="0" * 64,
            issued_at=then,
            issued_by=self.by,
            valid_until_on=timezone.localdate(until),
        )
        return script

    def found(self) -> dict[str, checking.Finding]:
        cases = gathering.cases(self.encounter, by=self.by, now=timezone.now())
        case = next(case for case in cases if case.prescription.pk == self.draft.pk)
        return {finding.check.name: finding for finding in checking.examine(case)}

    def findings(self) -> dict[str, bool]:
        return {name: finding.holds for name, finding in self.found().items()}

    def amiss(self) -> list[str]:
        return [name for name, holds in self.findings().items() if not holds]


Step = Callable[[World], object]
Table = list[tuple[str, Step, Step]]
"""A check, the case that passes, and the nearest that does not."""


def fine(world: World) -> None:
    """Leave everything as it is."""


def birthday(*, years: int, days: int = 0) -> date:
    today = TODAY()
    return today.replace(year=today.year - years) + timedelta(days=days)


def ids(table: Table) -> list[str]:
    return [f"{name}-{index}" for index, (name, _, _) in enumerate(table)]


def passes_and_nearly_passes(world: World, name: str, passing: Step, failing: Step) -> None:
    passing(world)
    before = world.findings()[name]
    failing(world)

    assert (before, world.findings()[name]) == (True, False)
