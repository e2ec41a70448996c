"""What the demo clinic's doctors prescribe."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from catalog import listing
from catalog.models import Product
from clinic import consulting, prescribing
from clinic.demo import people
from clinic.models import Encounter, MonitoringCheck, Prescription
from config.base import acting_as

if TYPE_CHECKING:
    from clinic.demo.simulating import Simulation

CANNABIS = 0.5  # share of scripts
ONE_CODE_LASTS = timedelta(seconds=30)


def prescribe(encounter: Encounter, *, simulation: Simulation) -> None:
    """One script, issued if every check lets it through and discarded otherwise."""
    random, doctor = simulation.random, encounter.practitioner.user
    wanted = Product.Kind.CANNABIS if random.random() < CANNABIS else Product.Kind.CONVENTIONAL
    choice = [p for p in listing.prescribable(doctor).order_by("name", "pk") if p.kind == wanted]
    product = random.choice(choice)
    script = simulation.cast.script
    if wanted == Product.Kind.CANNABIS:
        directions = script["cannabis_directions"].get(_kind(product), script["cannabis_directions"]["other"])
        consulting.record_consent(encounter.patient, by=doctor)
        prescribing.record_monitoring(
            encounter, state=encounter.patient.state, result=MonitoringCheck.Result.NO_ALERT, by=doctor
        )
    else:
        directions = random.choice(script["directions"])
    prescribing.write(
        encounter,
        product=product,
        quantity=random.randint(1, 2),
        directions=directions,
        repeats=random.randint(0, 2),
        interval_days=28,
        by=doctor,
    )
    # A code serves once: the next script is signed half a minute later.
    with simulation.at(timezone.now() + ONE_CODE_LASTS), acting_as(doctor):
        for draft in encounter.prescriptions.filter(status=Prescription.Status.DRAFT):
            _issue(draft, simulation=simulation)


def _issue(draft: Prescription, *, simulation: Simulation) -> None:
    doctor = draft.practitioner.user
    code = people.code(at=timezone.now())
    try:
        prescribing.issue(draft, by=doctor, code=code)
    except prescribing.NotAllowed as no:
        prescribing.cancel(draft, by=doctor, why=str(no)[:200])


def _kind(product: Product) -> str:
    return {"oral_liquid": "oil", "dried_herb": "flower"}.get(product.dose_form, "other")
