"""The questions before a visit, as the version that is answered asks them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.utils.html import escape

from clinic.models import QuestionKind
from clinic.models.questions import asked_of

if TYPE_CHECKING:
    from django.forms.boundfield import BoundField

    from clinic.models.questions import Question

NUMBER_DIGITS = 12


class Questions(forms.Form):
    """One field a question, named by its key; ``answers()`` is what the rules keep."""

    def __init__(self, questions: list[Question], *, said: Mapping[str, str], data: Any = None) -> None:
        super().__init__(data, initial={one.key: _initial(one, said.get(one.key, "")) for one in questions})
        self.questions = {question.key: question for question in questions}
        for question in questions:
            self.fields[question.key] = FIELDS[question.kind](question)

    def _clean_fields(self) -> None:
        # What must be answered hangs on the other answers, so no field can say by itself that it lacks one.
        for field in self.fields.values():
            field.required = False
        super()._clean_fields()  # type: ignore[misc]  # the stubs lack it
        for key, question in self.questions.items():
            self.fields[key].required = question.required

    def answers(self) -> dict[str, str]:
        """Every answer as text; what was left out is empty."""
        return {key: _text(value) for key, value in self.cleaned_data.items() if key in self.questions}

    def sections(self) -> Iterator[tuple[str, list[tuple[Question, BoundField]]]]:
        """The questions under their headings, each with its field."""
        rows = [(question, self[key]) for key, question in self.questions.items()]
        for heading, group in groupby(rows, key=lambda row: row[0].section):
            yield heading, [*group]


class IntakeForm(Questions):
    """All the answers, to be sent: whatever is asked and must be answered, is."""

    def clean(self) -> dict[str, Any]:
        cleaned = cast("dict[str, Any]", super().clean() or self.cleaned_data)
        self.asked = asked_of(self.questions.values(), self.answers())
        for question in self.asked:
            if question.required and not _text(cleaned.get(question.key)) and question.key not in self.errors:
                self.add_error(question.key, _missing(question))
        return cleaned

    def left_out(self) -> list[str]:
        """The questions that were answered although they are not asked, after the other answers."""
        asked = {question.key for question in self.asked}
        said = self.answers()
        return [one.label for key, one in self.questions.items() if key not in asked and said.get(key)]


def _missing(question: Question) -> str:
    agrees = question.kind == QuestionKind.AGREEMENT
    return "Please tick this to go on." if agrees else "Please answer this question."


def _told(question: Question) -> dict[str, Any]:
    # Help is shown as it is by the form's template, and staff write this one.
    return {"label": question.label, "help_text": escape(question.help), "required": question.required}


def _choice(question: Question) -> forms.Field:
    return forms.ChoiceField(
        choices=question.options,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Please choose one of the answers."},
        **_told(question),
    )


def _several(question: Question) -> forms.Field:
    return forms.MultipleChoiceField(
        choices=question.options,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Please choose among the answers."},
        **_told(question),
    )


def _state(question: Question) -> forms.Field:
    return forms.ChoiceField(
        choices=[("", "Choose"), *question.options],
        error_messages={"invalid_choice": "Please choose one of the answers."},
        **_told(question),
    )


def _agreement(question: Question) -> forms.Field:
    return forms.BooleanField(**_told(question))


def _words(question: Question) -> forms.Field:
    lines = question.kind == QuestionKind.TEXT
    field = forms.CharField(
        max_length=question.longest,
        widget=forms.Textarea({"rows": 3}) if lines else forms.TextInput,
        **_told(question),
    )
    # A browser would cut off what is longer without a word; we say it instead.
    field.widget.attrs.pop("maxlength", None)
    return field


def _number(question: Question) -> forms.Field:
    return forms.DecimalField(
        max_digits=NUMBER_DIGITS,
        widget=forms.TextInput({"inputmode": "decimal"}),
        error_messages={"invalid": "Please enter a number."},
        **_told(question),
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
    QuestionKind.SEVERAL: _several,
    QuestionKind.LINE: _words,
    QuestionKind.TEXT: _words,
    QuestionKind.NUMBER: _number,
    QuestionKind.SCALE: _choice,
    QuestionKind.DATE: _date,
    QuestionKind.STATE: _state,
    QuestionKind.AGREEMENT: _agreement,
}


def _initial(question: Question, said: str) -> Any:
    if question.kind == QuestionKind.SEVERAL:
        return said.split("\n") if said else []
    return bool(said) if question.kind == QuestionKind.AGREEMENT else said


def _text(value: Any) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return "yes"
    if isinstance(value, list):
        return "\n".join(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value if isinstance(value, str) else str(value.isoformat())
