"""The facts that the checks of a prescription ask about, read together."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, Q

from catalog.models import Product
from clinic import ruling, spelling
from clinic.models import (
    Approval,
    Consent,
    Encounter,
    MonitoringCheck,
    Patient,
    Practice,
    Practitioner,
    Prescription,
    PrescriptionLine,
    Segment,
    StateRule,
)

if TYPE_CHECKING:
    from clinic.models import User


@dataclass(frozen=True)
class Facts:
    """What is known about one consultation, its patient and its doctor, whatever is prescribed."""

    practice: Practice
    stretches: Sequence[Segment]
    consents: Sequence[Consent]
    """Whether the patient agreed to unapproved goods: the newest answer, if it was yes."""
    approvals: Sequence[Approval]
    """Of this doctor, in force today, for this patient or for all of the doctor's."""
    monitoring: Sequence[MonitoringCheck]
    """Of the last day."""
    scripts: Sequence[Prescription]
    """That were issued to the patient here, newest first; void ones too."""
    rules: Mapping[str, StateRule]
    """Of each state, in force today; of a state that is not in it nothing is known."""


@dataclass(frozen=True)
class Case:
    """One draft with everything the checks ask about."""

    prescription: Prescription
    encounter: Encounter
    by: User
    now: datetime.datetime
    facts: Facts

    @cached_property
    def lines(self) -> list[PrescriptionLine]:
        return [line for line in self.prescription.lines.all() if line.removed_at is None]

    @property
    def products(self) -> list[Product]:
        return [line.product for line in self.lines]

    @property
    def schedule(self) -> str:
        """The schedule of the form: the strictest of its medicines, as they are now."""
        return max((product.schedule for product in self.products), default="")

    @property
    def is_s8(self) -> bool:
        return self.schedule == "S8"

    @property
    def today(self) -> datetime.date:
        """The date that the prescriber writes on the form."""
        return self.date_of(self.now)

    def date_of(self, at: datetime.datetime) -> datetime.date:
        return date_where(self.encounter.practitioner, at=at)

    @property
    def age(self) -> int | None:
        return age(self.encounter.patient, now=self.now)

    @property
    def jurisdiction(self) -> StateRule | None:
        """The rules, as they are today, of the state where the script will be dispensed."""
        return self.facts.rules.get(self.prescription.dispense_state)

    @property
    def valid_until_on(self) -> datetime.date:
        """The last day of the script if it is issued today; where no rule is known, by the general one."""
        rule = self.jurisdiction or StateRule()
        return spelling.last_day(self.today, months=rule.months_valid_s8 if self.is_s8 else rule.months_valid)

    @property
    def unapproved(self) -> list[Product]:
        return [product for product in self.products if is_unapproved(product)]

    @property
    def segments(self) -> list[Segment]:
        """The stretches in real time: a chat is none."""
        return [s for s in self.facts.stretches if s.modality in Segment.SYNCHRONOUS]

    @property
    def earlier(self) -> list[Prescription]:
        """Scripts for Schedule 8 medicines that were issued before and are not void."""
        issued = Prescription.Status.ISSUED
        return [s for s in self.facts.scripts if s.schedule == "S8" and s.status == issued]

    @property
    def spoken(self) -> datetime.timedelta:
        """How long the two spoke in real time."""
        stretches = [(s.ended_at or self.now) - s.started_at for s in self.segments]
        return sum(stretches, datetime.timedelta())

    @property
    def look(self) -> MonitoringCheck | None:
        """Today's look at the monitoring system of the state where it is dispensed."""
        return next(
            (
                check
                for check in self.facts.monitoring
                if check.state == self.prescription.dispense_state
                and self.date_of(check.recorded_at) == self.today
            ),
            None,
        )

    def approval(self, product: Product) -> Approval | None:
        """The live authority that covers ``product`` for this patient and this prescriber."""
        return next(
            (
                approval
                for approval in self.facts.approvals
                if (approval.tga_category, approval.dose_form) == (product.tga_category, product.dose_form)
            ),
            None,
        )


def facts(encounter: Encounter, *, now: datetime.datetime) -> Facts:
    """Read what is known, in seven statements."""
    patient, practitioner = encounter.patient_id, encounter.practitioner_id
    day = date_where(encounter.practitioner, at=now)
    return Facts(
        practice=Practice.objects.current(),
        stretches=[*encounter.segments.all()],
        consents=[
            answer
            for answer in Consent.objects.filter(patient=patient, kind=Consent.Kind.UNAPPROVED).newest()
            if answer.answer == Consent.Answer.GIVEN
        ],
        approvals=[
            *Approval.objects.filter(Q(patient=patient) | Q(patient=None), practitioner=practitioner)
            .filter(Q(withdrawn_on=None) | Q(withdrawn_on__gt=day), from_on__lte=day, until_on__gte=day)
            .order_by("-until_on", "pk")
        ],
        monitoring=[
            *MonitoringCheck.objects.filter(patient=patient, practitioner=practitioner).filter(
                recorded_at__gte=now - datetime.timedelta(hours=25)
            )
        ],
        scripts=[
            *Prescription.objects.filter(patient=patient, issued_at__isnull=False).order_by(
                "-issued_at", "-pk"
            )
        ],
        rules=ruling.in_force(day),
    )


def cases(
    encounter: Encounter, *, by: User, now: datetime.datetime, known: Facts | None = None
) -> list[Case]:
    """Read every draft of ``encounter``, with the facts about it."""
    lines = Prefetch("lines", PrescriptionLine.objects.written().select_related("product"))
    drafts = (
        encounter.prescriptions.filter(status="draft").order_by("created_at", "pk").prefetch_related(lines)
    )
    if not drafts:
        return []
    known = known or facts(encounter, now=now)
    return [Case(prescription=draft, encounter=encounter, by=by, now=now, facts=known) for draft in drafts]


def age(patient: Patient, *, now: datetime.datetime) -> int | None:
    """Count the patient's years by the date where the patient is."""
    there = now.astimezone(ZoneInfo(patient.user.time_zone)).date()
    return spelling.age_on(there, born_on=patient.date_of_birth) if patient.date_of_birth else None


def date_where(practitioner: Practitioner, *, at: datetime.datetime) -> datetime.date:
    """Tell the date of an instant by the practitioner's calendar."""
    return at.astimezone(ZoneInfo(practitioner.time_zone)).date()


def is_unapproved(product: Product) -> bool:
    """Only two cannabis medicines are on the register; every other needs an authority of the TGA."""
    return product.kind == Product.Kind.CANNABIS and not product.artg_id
