"""What the demo clinic's patients answer before their visits: not all of them, and not always the same."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from clinic import answering
from clinic.models import Encounter, Questionnaire
from config.base import uuid7
from messaging import chatting, enquiring

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


QUESTIONS = [
    ("money", "My health fund asks for a receipt with the provider number. Where do I find it?"),
    ("details", "I have moved to Geelong. Can you change my address, please?"),
    ("appointment", "Can my partner sit in on the video call?"),
]
ANSWER = "It is in your receipts: open the one of your visit, there is a button for the PDF."


def ask(*, simulation: Simulation) -> None:
    """Some patients ask the practice; reception answered the first of them."""
    reception = simulation.cast.reception
    for number, (patient, (topic, text)) in enumerate(zip(simulation.cast.patients, QUESTIONS, strict=False)):
        with simulation.at(simulation.now - timedelta(hours=20 - 6 * number)):
            room = enquiring.ask(text, topic=topic, by=patient.user, client_id=uuid7())
        if number == 0:
            with simulation.at(simulation.now - timedelta(hours=18)):
                chatting.post(room, by=reception, text=ANSWER)


def _save(appointment: Appointment, **answers: str) -> None:
    asked = Questionnaire.objects.newest(Questionnaire.BEFORE_VISIT).first()
    if asked:
        answering.save(appointment, questionnaire=asked, answers=answers, by=appointment.patient.user)
