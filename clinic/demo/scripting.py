"""What the demo clinic's doctors prescribe."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from catalog import listing
from catalog.models import Product
from clinic import checking, consulting, gathering, prescribing, ruling, screening
from clinic.demo import casting, people
from clinic.models import Encounter, MonitoringCheck, Prescription, StateRule
from config.base import acting_as

if TYPE_CHECKING:
    from clinic.demo.simulating import Simulation
    from clinic.models import User

CANNABIS = 0.5  # share of scripts
ONE_CODE_LASTS = timedelta(seconds=30)


def prescribe(encounter: Encounter, *, simulation: Simulation) -> None:
    """One script, issued if every check lets it through and discarded otherwise."""
    random, doctor, state = simulation.random, encounter.practitioner.user, encounter.patient.state
    rule = ruling.in_force(timezone.localdate())[state]
    wanted = Product.Kind.CANNABIS if random.random() < CANNABIS else Product.Kind.CONVENTIONAL
    product = random.choice([p for p in _choice(doctor, rule=rule) if p.kind == wanted])
    _ask(encounter, product=product)
    line = prescribing.write(
        encounter,
        product=product,
        quantity=random.randint(1, 2),
        directions=_directions(product, simulation=simulation),
        repeats=random.randint(0, 2),
        interval_days=28,
        by=doctor,
    )
    prescribing.send_to(
        line.prescription,
        state=state,
        authority=f"{state}-DEMO-8841" if product.schedule == "S8" and rule.authority else "",
        indication=casting.INDICATION if gathering.is_unapproved(product) else "",
        by=doctor,
    )
    # A code serves once: the next script is signed half a minute later.
    with simulation.at(timezone.now() + ONE_CODE_LASTS), acting_as(doctor):
        for draft in encounter.prescriptions.filter(status=Prescription.Status.DRAFT):
            _issue(draft, simulation=simulation)


def _choice(doctor: User, *, rule: StateRule) -> list[Product]:
    """Return what a doctor who knows the rule of the patient's state would think of."""
    return [
        product
        for product in listing.prescribable(doctor).order_by("name", "pk")
        if product.schedule != "S8"
        or not (rule.is_local_only is not False or product.dose_form in rule.blocked_forms)
    ]


def _ask(encounter: Encounter, *, product: Product) -> None:
    """Ask the patient, and the state's monitoring system, before ``product`` is written."""
    doctor, patient = encounter.practitioner.user, encounter.patient
    if product.kind == Product.Kind.CANNABIS:
        consulting.record_consent(patient, product=product, by=doctor)
    if product.schedule == "S8":
        seen = MonitoringCheck.Result.NO_ALERT
        prescribing.record_monitoring(encounter, state=patient.state, result=seen, by=doctor)
        screening.record(encounter, depends_on_drugs=False, is_relative=False, by=doctor)


def _directions(product: Product, *, simulation: Simulation) -> str:
    script = simulation.cast.script
    if product.kind == Product.Kind.CANNABIS:
        by_kind = script["cannabis_directions"]
        return by_kind.get(_kind(product), by_kind["other"])
    return simulation.random.choice(script["directions"])


def _issue(draft: Prescription, *, simulation: Simulation) -> None:
    doctor = draft.practitioner.user
    code = people.code(at=timezone.now())
    considered = {check.name: "Talked about it with the patient." for check in checking.CHECKS}
    try:
        prescribing.issue(draft, by=doctor, code=code, reasons=considered)
    except prescribing.NotAllowed as no:
        prescribing.cancel(draft, by=doctor, why=str(no)[:200])


def _kind(product: Product) -> str:
    return {"oral_liquid": "oil", "dried_herb": "flower"}.get(product.dose_form, "other")
