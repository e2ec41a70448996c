"""The questions before a visit as they come with the product (AUSTRALIA.md 2.4, 4.2).

What stands in a database stays as it was answered: other words are another version.
"""

from __future__ import annotations

from typing import Any

from clinic.models import Questionnaire, QuestionnaireDraft


def _yes_no(key: str, label: str, *flag: str, note: str = "") -> dict[str, Any]:
    """A question to answer with yes or no; ``flag`` is the severity of a yes and what the doctor is told."""
    flags = [{"answer": "yes", "severity": flag[0], "message": flag[1]}] if flag else []
    return {"key": key, "label": label, "kind": "yes_no", "help": note, "flags": flags}


QUESTIONS: list[dict[str, Any]] = [
    {
        "key": "reason",
        "label": "What is the main reason for your visit?",
        "help": "In your own words: what troubles you, since when, and what you have tried.",
        "kind": "text",
    },
    {
        "key": "pregnancy",
        "label": "Are you pregnant, trying to become pregnant, or breastfeeding?",
        "kind": "choice",
        "choices": ["Yes", "No", "I am not sure", "Does not apply to me"],
        "flags": [
            {"answer": "Yes", "severity": "serious", "message": "Pregnant, trying to be, or breastfeeding."},
            {"answer": "I am not sure", "severity": "caution", "message": "May be pregnant."},
        ],
    },
    _yes_no(
        "psychosis",
        "Have you, a parent, a brother or a sister ever had psychosis, bipolar disorder or schizophrenia?",
        "serious",
        "Psychosis, bipolar disorder or schizophrenia, own or in the family.",
    ),
    _yes_no(
        "heart",
        "Have you ever had a heart condition?",
        "serious",
        "Heart condition.",
        note="Such as a heart attack, chest pain, or an irregular heartbeat.",
    ),
    _yes_no(
        "dependence",
        "Have you ever been dependent on alcohol, medicines or drugs, or been treated for it?",
        "serious",
        "Dependent on alcohol, medicines or drugs, now or before.",
    ),
    {
        "key": "medicines",
        "label": "Which other medicines do you take?",
        "help": "Also those without a prescription, vitamins and herbs. Write “None” if there are none.",
        "kind": "text",
    },
    {
        "key": "allergies",
        "label": "What are you allergic to?",
        "help": "Medicines, foods or anything else, and what happens. Write “None” if there is nothing.",
        "kind": "text",
    },
    _yes_no(
        "driving",
        "Do you drive, or work with heavy machinery or at heights?",
        "caution",
        "Drives, or works with heavy machinery or at heights.",
    ),
    {
        "key": "place",
        "label": "Where will you be during the visit?",
        "help": "The street address, suburb and state, so that help can find you.",
        "kind": "text",
    },
]


def ship(**kwargs: Any) -> None:
    """Write the first version, where there is none; later ones follow it."""
    if not Questionnaire.objects.filter(key=Questionnaire.BEFORE_VISIT).exists():
        Questionnaire.objects.create(
            key=Questionnaire.BEFORE_VISIT, version=1, title="Before your visit", questions=QUESTIONS
        )
    last = Questionnaire.objects.newest(Questionnaire.BEFORE_VISIT)[0]
    if not QuestionnaireDraft.objects.filter(key=last.key).exists():
        QuestionnaireDraft.objects.add(
            by=None, why="Came with the product.", key=last.key, title=last.title, questions=last.questions
        )
