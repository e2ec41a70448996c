"""The facts that the checks of a prescription ask about, read together."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, Prefetch, Q, Subquery

from catalog.models import Price, Product
from clinic import consenting, counting, dosing, hearing, spelling
from clinic.models import (
    Approval,
    Confirmation,
    Consent,
    Encounter,
    MonitoringCheck,
    Patient,
    Practice,
    Practitioner,
    Prescription,
    PrescriptionLine,
    Screening,
    Segment,
    StateRule,
)
from config import together

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from clinic.models import User

ANSWERED = (*consenting.CLASSES.values(), Consent.Kind.SHARE_GP)
"""What the patient is asked during a consultation, and the checks ask about."""
LONGEST_STRETCH = datetime.timedelta(hours=4)
"""Whoever speaks longer forgot to stop the clock."""


@dataclass(frozen=True)
class Facts:
    """What is known about one consultation, its patient and its doctor, whatever is prescribed."""

    practice: Practice
    stretches: Sequence[Segment]
    """Of this consultation, however long it has been open."""
    spoken_at: datetime.datetime | None
    """When a doctor of the practice last began to speak with the patient in real time."""
    located_at: datetime.datetime | None
    """When the patient last said, in this consultation, where they are."""
    practises: tuple[str, datetime.datetime] | None
    """In which state its doctor last said, in this consultation, that they are and practise; and when."""
    consents: Sequence[Consent]
    """To which classes of unapproved medicines the patient agreed: the newest answers that were yes."""
    keeps_from_gp: bool
    """Whether the patient, when last asked, did not want their usual GP to be told."""
    approvals: Sequence[Approval]
    """Of this doctor, in force today, for this patient or for all of the doctor's."""
    monitoring: Sequence[MonitoringCheck]
    """Of the last day."""
    scripts: Sequence[Prescription]
    """That were issued to the patient here, newest first, with their lines; void ones too."""
    rules: Mapping[str, StateRule]
    """Of each state, in force today; of a state that is not in it nothing is known."""
    screening: Screening | None
    """The last answers about drug dependence and closeness, unless they are too old."""
    heard: hearing.Heard
    """What the patient told of risks."""
    counted: counting.Counted


@dataclass(frozen=True)
class Case:
    """One draft with everything the checks ask about."""

    prescription: Prescription
    encounter: Encounter
    by: User
    now: datetime.datetime
    facts: Facts
    lines: Sequence[PrescriptionLine]
    """That are written on the draft now."""
    others: Sequence[PrescriptionLine] = ()
    """On the other drafts of this consultation."""

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

    def is_of_today(self, at: datetime.datetime) -> bool:
        return self.date_of(at) == self.today

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

    @cached_property
    def segments(self) -> list[Segment]:
        """The stretches of today in real time: a chat is none."""
        there = [s for s in self.facts.stretches if s.modality in Segment.SYNCHRONOUS]
        return [s for s in there if self.is_of_today(_belongs_at(s))]

    @property
    def practises_in(self) -> str:
        """In which state the doctor said today, in this consultation, that they are and practise."""
        state, at = self.facts.practises or ("", self.now)
        return state if self.is_of_today(at) else ""

    @property
    def is_located(self) -> bool:
        """Whether the patient said today where they are."""
        at = self.facts.located_at
        return at is not None and self.is_of_today(at) and bool(self.encounter.location_state)

    @cached_property
    def before(self) -> list[Prescription]:
        """Scripts that were issued before and are not void, newest first."""
        return [s for s in self.facts.scripts if s.status == Prescription.Status.ISSUED]

    @property
    def earlier(self) -> list[Prescription]:
        """Of those, the ones for Schedule 8 medicines."""
        return [s for s in self.before if s.schedule == "S8"]

    def last_of(self, product: Product) -> tuple[Prescription, PrescriptionLine] | None:
        """The last script for the same product, with its line."""
        found = ((script, line) for script in self.before for line in script.lines.all())
        return next(((script, line) for script, line in found if line.product_id == product.pk), None)

    def runs_out_on(self, product: Product) -> datetime.date | None:
        """Until when the last script for ``product``, with its repeats, is enough by its directions."""
        found = self.last_of(product)
        if found is None or found[0].issued_at is None:
            return None
        return dosing.runs_out_on(found[1], issued_on=self.date_of(found[0].issued_at))

    def is_as_it_was(self, line: PrescriptionLine) -> bool:
        """Whether name, strength and price of the product are those of the last script for it."""
        found = self.last_of(line.product)
        if found is None or found[0].issued_at is None:
            return True
        priced_on = getattr(line, "priced_on", None)
        is_priced_anew = priced_on is not None and priced_on > self.date_of(found[0].issued_at)
        return not is_priced_anew and _is_told_alike(line.product, found[0])

    def is_same_again(self, line: PrescriptionLine) -> bool:
        """Whether the last script for the same product, of the same strength, gave as much or more of it."""
        found = self.last_of(line.product)
        if found is None or not _is_told_alike(line.product, found[0]):
            return False
        written = [one for one in [*self.lines, *self.others] if one.product_id == line.product_id]
        packs = sum(one.quantity for one in written)
        return packs <= found[1].quantity and dosing.is_no_more(line, than=found[1])

    @cached_property
    def is_repeat(self) -> bool:
        """Whether the patient has had all of the form before, as much of it, and was spoken with lately."""
        has_had_all = bool(self.lines) and all(map(self.is_same_again, self.lines))
        return has_had_all and self._were_spoken_with_lately

    @property
    def _were_spoken_with_lately(self) -> bool:
        at, months = self.facts.spoken_at, self.facts.practice.spoken_months
        since = spelling.months_before(self.today, months=months)
        return at is not None and self.date_of(at) >= since

    @property
    def spoken(self) -> datetime.timedelta:
        """How long the two spoke in real time."""
        stretches = [(s.ended_at or self.now) - s.started_at for s in self.segments]
        return sum(stretches, datetime.timedelta())

    @property
    def look(self) -> MonitoringCheck | None:
        """Today's look at the monitoring system of the state where it is dispensed."""
        there = (one for one in self.facts.monitoring if one.state == self.prescription.dispense_state)
        return next((one for one in there if self.is_of_today(one.recorded_at)), None)

    @cached_property
    def reckoned(self) -> list[tuple[PrescriptionLine, dosing.Reckoned]]:
        """What each line comes to."""
        return [(line, dosing.reckon(line)) for line in self.lines]

    def covering(self, product: Product) -> list[Approval]:
        """The authorities in force for the category and dose form of ``product``."""
        wanted = (product.tga_category, product.dose_form)
        return [a for a in self.facts.approvals if (a.tga_category, a.dose_form) == wanted]

    def approval(self, product: Product) -> Approval | None:
        """The live authority that covers ``product`` for what the form says that it is for."""
        wanted = self.prescription.indication.casefold().strip()
        found = self.covering(product)
        return next((a for a in found if wanted and a.indication.casefold().strip() == wanted), None)


def facts(encounter: Encounter, *, now: datetime.datetime, along: Iterable[QuerySet] = ()) -> Facts:
    """Read what is known, and ``along`` with it what a page shows besides, in one statement."""
    asked = _asked(encounter, now=now)
    together.read([*asked.values(), *along])
    practice = next(iter(asked["practice"]), None) or Practice()
    fresh = now - datetime.timedelta(days=practice.screening_days)
    _put_on(asked["scripts"], asked["lines"])
    answers, given = {answer.kind: answer for answer in asked["consents"]}, Consent.Answer.GIVEN
    return Facts(
        practice=practice,
        stretches=[*asked["stretches"]],
        spoken_at=next(iter(asked["spoken"]), None),
        located_at=next(iter(asked["located"]), None),
        practises=next(iter(asked["practises"]), None),
        consents=[
            one for kind, one in answers.items() if kind != Consent.Kind.SHARE_GP and one.answer == given
        ],
        keeps_from_gp=Consent.Kind.SHARE_GP in answers and answers[Consent.Kind.SHARE_GP].answer != given,
        approvals=[*asked["approvals"]],
        monitoring=[*asked["monitoring"]],
        scripts=[*asked["scripts"]],
        rules={rule.state: rule for rule in asked["rules"]},
        screening=next((one for one in asked["screening"] if one.recorded_at > fresh), None),
        heard=hearing.heard(asked, after=fresh),
        counted=counting.told(asked["counted"][0]),
    )


def _asked(encounter: Encounter, *, now: datetime.datetime) -> dict[str, Any]:
    """What is to be read about the consultation, its patient and its doctor."""
    patient, practitioner = encounter.patient_id, encounter.practitioner_id
    day = date_where(encounter.practitioner, at=now)
    issued = Prescription.objects.filter(patient=patient, issued_at__isnull=False)
    return {
        "practice": Practice.objects.all()[:1],
        "stretches": encounter.segments.all(),
        "spoken": Segment.objects.filter(encounter__patient=patient, modality__in=Segment.SYNCHRONOUS)
        .order_by("-started_at")
        .values_list("started_at", flat=True)[:1],
        "located": encounter.confirmations.filter(kind=Confirmation.Kind.LOCATION, recorded_at__lte=now)
        .order_by("-recorded_at")
        .values_list("recorded_at", flat=True)[:1],
        "practises": encounter.confirmations.filter(
            kind=Confirmation.Kind.PRACTISING,
            recorded_by=encounter.practitioner.user_id,
            recorded_at__lte=now,
        ).values_list("state", "recorded_at")[:1],
        "consents": Consent.objects.filter(patient=patient, kind__in=ANSWERED).newest().beside_words(),
        "approvals": Approval.objects.filter(Q(patient=patient) | Q(patient=None), practitioner=practitioner)
        .in_force(day)
        .order_by("-until_on", "pk"),
        "monitoring": MonitoringCheck.objects.filter(
            patient=patient, practitioner=practitioner, recorded_at__gte=now - datetime.timedelta(hours=25)
        ),
        "scripts": issued.order_by("-issued_at", "-pk"),
        "lines": PrescriptionLine.objects.written()
        .filter(prescription__in=issued.values("pk"))
        .select_related("product"),
        "rules": StateRule.objects.on(day),
        "screening": Screening.objects.filter(patient=patient)[:1],
        **hearing.rows(patient),
        "counted": counting.counts(encounter, day=day, now=now),
    }


def _put_on(scripts: Iterable[Prescription], lines: Iterable[PrescriptionLine]) -> None:
    """Let each script know its lines, as a prefetch does."""
    there: dict[Any, list[PrescriptionLine]] = {script.pk: [] for script in scripts}
    for line in lines:
        there[line.prescription_id].append(line)
    for script in scripts:
        rows = script.lines.all()
        rows._result_cache = there[script.pk]
        script._prefetched_objects_cache = {"lines": rows}  # type: ignore[attr-defined]


def cases(
    encounter: Encounter, *, by: User, now: datetime.datetime, known: Facts | None = None
) -> list[Case]:
    """Read every draft of ``encounter``, with the facts about it."""
    latest = Price.objects.filter(
        product=OuterRef("product"), effective_on__lte=date_where(encounter.practitioner, at=now)
    )
    written = (
        PrescriptionLine.objects.written()
        .select_related("product")
        .annotate(priced_on=Subquery(latest.order_by("-effective_on").values("effective_on")[:1]))
    )
    drafts = [
        *encounter.prescriptions.filter(status="draft")
        .order_by("created_at", "pk")
        .prefetch_related(Prefetch("lines", written))
    ]
    if not drafts:
        return []
    known = known or facts(encounter, now=now)
    lines = {draft.pk: [line for line in draft.lines.all() if line.removed_at is None] for draft in drafts}
    return [
        Case(
            prescription=draft,
            encounter=encounter,
            by=by,
            now=now,
            facts=known,
            lines=lines[draft.pk],
            others=[line for pk, there in lines.items() if pk != draft.pk for line in there],
        )
        for draft in drafts
    ]


def as_if(encounter: Encounter, *, by: User, now: datetime.datetime, **line: Any) -> Case:
    """The case of one ``line`` that is typed and not written yet, dispensed where the last draft is."""
    there = cases(encounter, by=by, now=now)
    like = there[-1].prescription if there else None
    draft = Prescription(
        encounter=encounter,
        patient=encounter.patient,
        practitioner=encounter.practitioner,
        schedule=line["product"].schedule,
        dispense_state=like.dispense_state if like else encounter.patient.state,
        state_authority=like.state_authority if like else "",
    )
    return Case(
        prescription=draft,
        encounter=encounter,
        by=by,
        now=now,
        facts=there[0].facts if there else facts(encounter, now=now),
        lines=[PrescriptionLine(prescription=draft, **line)],
        others=[one for case in there for one in case.lines],
    )


def _belongs_at(stretch: Segment) -> datetime.datetime:
    """By which instant a stretch belongs to a day: its end, or its start if it runs or was left running."""
    ended_at = stretch.ended_at
    is_whole = ended_at is not None and ended_at - stretch.started_at <= LONGEST_STRETCH
    return ended_at if ended_at is not None and is_whole else stretch.started_at


def _is_told_alike(product: Product, script: Prescription) -> bool:
    """Whether ``product`` has the name and the strength that it had on ``script``."""
    told: dict[str, Any] = next(
        (line for line in script.content.get("lines", []) if line["product"] == str(product.pk)), {}
    )
    now = {"name": product.name, "strength": product.strength_text}
    return all(told.get(name, value) == value for name, value in now.items())


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
