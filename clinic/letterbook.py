"""The texts for letters as they come with the product. Managers keep them from then on."""

from __future__ import annotations

from typing import Any

from clinic.models import LetterKind, LetterText

TEXTS = [
    {
        "kind": LetterKind.GP_LETTER,
        "name": "Letter to the GP",
        "title": "Consultation with {patient} on {seen_on}",
        "body": "Dear {gp},\n\n"
        "with the agreement of {patient}, born {date_of_birth}, I write to you about our consultation.\n\n"
        "History: {presenting}\n\nAssessment: {assessment}\n\nPrescribed:\n{medicines}\n\n"
        "Plan: {plan}\n\nI will see {patient} again on {review_on}. Please tell me if you know of anything"
        " that speaks against this plan.\n\nKind regards\n{doctor}",
    },
    {
        "kind": LetterKind.CERTIFICATE,
        "name": "Medical certificate",
        "title": "Medical certificate",
        "body": "I certify that I examined {patient}, born {date_of_birth}, on {seen_on}.\n\n"
        "In my opinion {patient} has a medical condition and is unfit for work or study"
        " from {seen_on} to {review_on} inclusive.\n\n{doctor}",
    },
    {
        "kind": LetterKind.SUMMARY,
        "name": "Consultation summary",
        "title": "Your consultation on {seen_on}",
        "body": "Dear {patient},\n\nthis is what we found and agreed.\n\n{assessment}\n\n"
        "Prescribed:\n{medicines}\n\nWhat happens next: {plan}\n\n"
        "We see each other again on {review_on}. If you feel worse, write to me;"
        " in an emergency call 000.\n\n{doctor}",
    },
]


def ship(**kwargs: Any) -> None:
    """Write the texts after ``migrate`` where there is none yet; what managers keep stays as it is."""
    if not LetterText.objects.exists():
        for text in TEXTS:
            LetterText.objects.add(by=None, why="Came with the product.", **text)
