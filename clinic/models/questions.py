"""One question before a visit: of what kind it is, when it is asked, and which answers raise a flag."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.formats import date_format

from clinic.models.places import State

KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,12})?")
TEXT_MAX = 2000
"""Characters of one answer."""
LINE_MAX = 200
"""Characters of a short answer."""
CHOICES_MAX, CHOICE_MAX = 15, 100
"""How many choices a question has at most, and how long each is: all of them together are one answer."""
MESSAGE_MAX = 200
"""Characters of what the doctor is told."""
SCALE = [str(number) for number in range(11)]
"""A scale goes from nought to ten."""


class QuestionKind(models.TextChoices):
    YES_NO = "yes_no", "Yes or no"
    CHOICE = "choice", "One of several"
    SEVERAL = "several", "Some of several"
    LINE = "line", "A few words"
    TEXT = "text", "Longer text"
    NUMBER = "number"
    SCALE = "scale", "Scale from 0 to 10"
    DATE = "date"
    STATE = "state", "State or territory"
    AGREEMENT = "agreement", "A sentence to agree to"


COUNTED = {QuestionKind.NUMBER, QuestionKind.SCALE}
"""Answers that are more or less, so that a bound can be set."""
CHOSEN = {QuestionKind.CHOICE, QuestionKind.SEVERAL}
"""Kinds of which staff write the choices."""
WRITTEN = {QuestionKind.LINE, QuestionKind.TEXT}


class FlagSeverity(models.TextChoices):
    """How much an answer asks of the doctor; the order is that of showing them."""

    SERIOUS = "serious"
    CAUTION = "caution"


@dataclass(frozen=True)
class Fit:
    """Which answers are meant: one, or of numbers those from ``least`` to ``most``, ends included."""

    answer: str = ""
    least: str = ""
    most: str = ""

    def is_for(self, question: Question) -> bool:
        """Whether an answer to ``question`` can be meant."""
        bounds = [bound for bound in (self.least, self.most) if bound]
        if self.answer:
            return not bounds and question.accepts(self.answer)
        numbers = [_number(bound) for bound in bounds]
        if question.kind not in COUNTED or not bounds or None in numbers:
            return False
        return len(bounds) < 2 or numbers[0] <= numbers[1]  # type: ignore[operator]  # neither is None

    def meets(self, question: Question, value: str) -> bool:
        """Whether the answer ``value`` is meant; what was not answered never is."""
        if not value:
            return False
        if question.kind in COUNTED:
            return self._holds(value)
        if question.kind == QuestionKind.SEVERAL:
            return self.answer in value.split("\n")
        if question.kind in WRITTEN:
            return " ".join(self.answer.casefold().split()) == " ".join(value.casefold().split())
        return self.answer == value

    @property
    def words(self) -> str:
        """Which answers are meant, as staff read it."""
        if self.answer:
            return f"“{self.answer.capitalize()}”"
        bounds = [f"{self.least} or more"] * bool(self.least) + [f"{self.most} or less"] * bool(self.most)
        return " and ".join(bounds)

    def _holds(self, value: str) -> bool:
        number = _number(value)
        if number is None:
            return False
        if self.answer:
            return number == _number(self.answer)
        least, most = _number(self.least), _number(self.most)
        return (least is None or least <= number) and (most is None or number <= most)


@dataclass(frozen=True)
class Flag(Fit):
    """What the doctor is told of an answer. No patient ever reads it."""

    severity: str = ""
    message: str = ""

    def __post_init__(self) -> None:
        if self.severity not in FlagSeverity or not 0 < len(self.message) <= MESSAGE_MAX:
            raise ValueError("A red flag has a severity and a message to the doctor.")


@dataclass(frozen=True)
class When(Fit):
    """That a question is asked only after such an answer to an earlier one, whose key is ``key``."""

    key: str = ""


@dataclass(frozen=True)
class Question:
    """One question of one version.

    Answers are text: yes or no, a choice, several choices a line each, a number, a date as 2026-12-31,
    the letters of a state, and yes for what was agreed to.
    """

    key: str
    label: str
    kind: str
    help: str = ""
    section: str = ""
    """The heading under which it stands; questions of one section follow each other."""
    required: bool = True
    choices: list[str] = field(default_factory=list)
    lowest: str = ""
    highest: str = ""
    """What the ends of a scale mean, in words."""
    flags: list[Flag] = field(default_factory=list)
    when: When | None = None

    def __post_init__(self) -> None:
        if not _is_text(self.key, 40) or not KEY.fullmatch(self.key):
            raise ValueError(
                "A question has a key: small letters, figures and underlines, and a letter first."
            )
        ends = [(self.lowest, 40), (self.highest, 40)]
        texts = [(self.label, 300), (self.help, 500), (self.section, 100), *ends]
        if not all(_is_text(text, most) for text, most in texts):
            raise ValueError("Its words are too long: 300 letters for the question, 500 for the help.")
        if not self.label.strip() or self.kind not in QuestionKind or self.required not in {True, False}:
            raise ValueError("A question has words and a kind.")
        if (self.kind in CHOSEN) != (len(set(self.choices)) > 1) or len(set(self.choices)) < len(
            self.choices
        ):
            raise ValueError("A question with choices has two different ones at least, and no other has any.")
        if len(self.choices) > CHOICES_MAX or not all(_is_choice(choice) for choice in self.choices):
            raise ValueError(
                f"There are at most {CHOICES_MAX} choices, in one line and {CHOICE_MAX} letters each."
            )
        if not all(flag.is_for(self) for flag in self.flags):
            raise ValueError("A red flag is for an answer that can be given.")

    def accepts(self, value: Any) -> bool:
        """Whether ``value`` can be an answer; an empty one takes an answer back."""
        if not isinstance(value, str) or len(value) > self.longest or "\0" in value:
            return False
        if value and self.kind == QuestionKind.SEVERAL:
            chosen = value.split("\n")
            return set(chosen) <= set(self.choices) and len(set(chosen)) == len(chosen)
        if self.options:
            return value in {"", *(option for option, _ in self.options)}
        if self.kind == QuestionKind.NUMBER:
            return not value or _number(value) is not None
        return not value or self.kind != QuestionKind.DATE or _is_date(value)

    @property
    def kind_words(self) -> str:
        return str(QuestionKind(self.kind).label)

    @property
    def longest(self) -> int:
        return LINE_MAX if self.kind == QuestionKind.LINE else TEXT_MAX

    @property
    def options(self) -> list[tuple[str, str]]:
        """The answers among which one chooses, each with its words; none where one writes."""
        known = {
            QuestionKind.YES_NO: [("yes", "Yes"), ("no", "No")],
            QuestionKind.AGREEMENT: [("yes", "I agree")],
            QuestionKind.SCALE: [(number, number) for number in SCALE],
            QuestionKind.STATE: list(State.choices),
        }
        return known.get(QuestionKind(self.kind), [(choice, choice) for choice in self.choices])

    def words(self, value: str) -> str:
        """The answer as people read it."""
        if not value:
            return "Not answered"
        if self.kind == QuestionKind.DATE:
            return date_format(datetime.date.fromisoformat(value), "j F Y")
        if self.kind == QuestionKind.SCALE:
            return f"{value} of 10"
        if self.kind == QuestionKind.SEVERAL:
            return value
        return dict(self.options).get(value, value)

    def raised(self, value: str) -> list[Flag]:
        return [flag for flag in self.flags if flag.meets(self, value)]


def _is_text(value: Any, most: int) -> bool:
    return isinstance(value, str) and len(value) <= most


def _is_choice(choice: Any) -> bool:
    return _is_text(choice, CHOICE_MAX) and choice != "" and choice.isprintable()


def _number(value: str) -> Decimal | None:
    return Decimal(value) if NUMBER.fullmatch(value) else None


def _is_date(value: str) -> bool:
    try:
        return bool(datetime.datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=datetime.UTC))
    except ValueError:
        return False


def asked_of(questions: Iterable[Question], said: Mapping[str, str]) -> list[Question]:
    """Those of ``questions`` that are asked of somebody who ``said`` that, by the questions' keys.

    What is not asked counts as not answered, so that a question which hangs on it is not asked either.
    """
    asked: dict[str, Question] = {}
    for question in questions:
        on = question.when
        if on is None or (on.key in asked and on.meets(asked[on.key], said.get(on.key, ""))):
            asked[question.key] = question
    return [*asked.values()]


def read_questions(rows: Any) -> list[Question]:
    """Read the questions of a version.

    :raises ValidationError: they are none, or one of them could not be asked or answered; it says which
    """
    found: dict[str, Question] = {}
    if not isinstance(rows, list) or not rows:
        raise ValidationError("There is at least one question.")
    for number, row in enumerate(rows, 1):
        try:
            question = _read(row)
            _check_place(question, found)
        except (TypeError, ValueError, AttributeError) as error:
            why = str(error) if isinstance(error, ValueError) else "Something in it is not known."
            raise ValidationError(
                "Question %(number)s cannot be asked. %(why)s", params={"number": number, "why": why}
            ) from error
        found[question.key] = question
    return [*found.values()]


def _read(row: Mapping[str, Any]) -> Question:
    parts: dict[str, Any] = {**row, "flags": [Flag(**flag) for flag in row.get("flags", [])]}
    if row.get("when"):
        parts["when"] = When(**row["when"])
    return Question(**parts)


def _check_place(question: Question, before: Mapping[str, Question]) -> None:
    if question.key in before:
        raise ValueError("Its key stands above already; each question has its own.")
    on = question.when
    if on and (on.key not in before or not on.is_for(before[on.key])):
        raise ValueError("It is to be asked after an answer that cannot be given to an earlier question.")
    sections = [one.section for one in before.values()]
    if question.section and question.section in sections and sections[-1] != question.section:
        raise ValueError("Questions of one section follow each other.")
