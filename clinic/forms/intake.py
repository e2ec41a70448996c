"""The questions before a visit, as the version that is answered asks them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.html import escape

from clinic.models import QuestionKind

if TYPE_CHECKING:
    from clinic.models.questionnaires import Question

LONGEST, NUMBER_DIGITS = 1000, 12


class IntakeForm(forms.Form):
    """One field a question, named by its key; ``answers()`` is what the rules keep."""

    def __init__(self, questions: list[Question], *, said: Mapping[str, str], data: Any = None) -> None:
        super().__init__(data, initial=dict(said))
        for question in questions:
            field = FIELDS[question.kind](question)
            field.error_messages["required"] = "Please answer this question."
            self.fields[question.key] = field

    def answers(self) -> dict[str, str]:
        """Every answer as text; what was left out is empty."""
        return {key: _text(value) for key, value in self.cleaned_data.items()}


def _told(question: Question) -> dict[str, Any]:
    # Help is shown as it is by the form's template, and staff write this one.
    return {"label": question.label, "help_text": escape(question.help), "required": question.required}


def _choice(question: Question) -> forms.Field:
    choices = [(choice, choice) for choice in question.choices]
    if question.kind == QuestionKind.YES_NO:
        choices = [("yes", "Yes"), ("no", "No")]
    return forms.ChoiceField(
        choices=choices,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Please choose one of the answers."},
        **_told(question),
    )


def _words(question: Question) -> forms.Field:
    return forms.CharField(max_length=LONGEST, widget=forms.Textarea({"rows": 3}), **_told(question))


def _number(question: Question) -> forms.Field:
    return forms.DecimalField(
        max_digits=NUMBER_DIGITS, error_messages={"invalid": "Please enter a number."}, **_told(question)
    )


def _date(question: Question) -> forms.Field:
    return forms.DateField(
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Please enter a date."},
        **_told(question),
    )


FIELDS: Mapping[str, Callable[[Question], forms.Field]] = {
    QuestionKind.YES_NO: _choice,
    QuestionKind.CHOICE: _choice,
    QuestionKind.TEXT: _words,
    QuestionKind.NUMBER: _number,
    QuestionKind.DATE: _date,
}


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value if isinstance(value, str) else value.isoformat()
