"""What the demo clinic's patients answer before their visits: not all of them, and not always the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clinic import answering
from clinic.models import Encounter, Questionnaire

if TYPE_CHECKING:
    from clinic.demo.simulating import Simulation
    from clinic.models import Appointment

ANSWERS = {
    "reason": "I wake at three every night and lie awake. Tea and going to bed early did not help.",
    "pregnancy": "Does not apply to me",
    "psychosis": "no",
    "heart": "no",
    "dependence": "no",
    "medicines": "None",
    "allergies": "None",
    "driving": "no",
    "place": "At home",
}
AGAIN = {"reason": "Review of my treatment. I sleep through on most nights now."}
FLAGGED = {
    "reason": "Lower back pain since I lifted a cupboard. Paracetamol helps for an hour.",
    "heart": "yes",
    "driving": "yes",
}
REMEMBERED = {"medicines": "Melatonin 2 mg at night, since last week", "driving": "yes"}


def answer(appointment: Appointment, *, simulation: Simulation) -> None:
    """Answer after booking: every third patient does not, and the second of three has something to tell."""
    number = simulation.cast.patients.index(appointment.patient)
    if number % 3 == 2 or appointment.status not in answering.OPEN:
        return
    comes_again = Encounter.objects.filter(patient=appointment.patient).exists()
    told = ANSWERS | (FLAGGED if number % 3 else {}) | (AGAIN if comes_again else {})
    _save(appointment, **told)


def think_again(appointment: Appointment, *, simulation: Simulation) -> None:
    """Shortly before the visit, every third patient remembers something."""
    if simulation.cast.patients.index(appointment.patient) % 3 == 0:
        _save(appointment, **REMEMBERED)


def _save(appointment: Appointment, **answers: str) -> None:
    asked = Questionnaire.objects.newest(Questionnaire.BEFORE_VISIT).first()
    if asked:
        answering.save(appointment, questionnaire=asked, answers=answers, by=appointment.patient.user)
