"""What patients are asked before a visit, and what they answered."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Self

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format

from clinic.models.appointments import Appointment
from clinic.models.encounters import ClinicalQuerySet
from config.base import Fact, ScopedQuerySet

if TYPE_CHECKING:
    from clinic.models.people import User

KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
TEXT_MAX = 2000
"""Characters of one answer."""


class QuestionKind(models.TextChoices):
    YES_NO = "yes_no", "Yes or no"
    CHOICE = "choice", "One of several"
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"


class FlagSeverity(models.TextChoices):
    """How much an answer asks of the doctor; the order is that of showing them."""

    SERIOUS = "serious"
    CAUTION = "caution"


@dataclass(frozen=True)
class Flag:
    """What the doctor is told when a question is answered with ``answer``. No patient ever reads it."""

    answer: str
    severity: str
    message: str

    def __post_init__(self) -> None:
        if self.severity not in FlagSeverity or not self.message:
            raise ValueError("A red flag has a severity and a message to the doctor.")


@dataclass(frozen=True)
class Question:
    """One question of one version. Answers are text: yes or no, a choice, a number, a date as 2026-12-31."""

    key: str
    label: str
    kind: str
    help: str = ""
    required: bool = True
    choices: list[str] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not KEY.fullmatch(self.key) or not self.label or self.kind not in QuestionKind:
            raise ValueError("A question has a key of small letters, words and a kind.")
        if (self.kind == QuestionKind.CHOICE) != (len(set(self.choices)) > 1):
            raise ValueError("A question with choices has two of them at least, and no other has any.")
        if not all(self.accepts(flag.answer) and flag.answer for flag in self.flags):
            raise ValueError("A red flag is for an answer that can be given.")

    def accepts(self, value: Any) -> bool:
        """Whether ``value`` can be an answer; an empty one takes an answer back."""
        if not isinstance(value, str) or len(value) > TEXT_MAX or "\0" in value:
            return False
        if self.kind == QuestionKind.YES_NO:
            return value in {"", "yes", "no"}
        if self.kind == QuestionKind.CHOICE:
            return value in {"", *self.choices}
        return not value or self.kind == QuestionKind.TEXT or _is_of(self.kind, value)

    def words(self, value: str) -> str:
        """The answer as people read it."""
        if not value:
            return "Not answered"
        if self.kind == QuestionKind.DATE:
            return date_format(datetime.date.fromisoformat(value), "j F Y")
        return value.capitalize() if self.kind == QuestionKind.YES_NO else value

    def raised(self, value: str) -> list[Flag]:
        return [flag for flag in self.flags if flag.answer == value]


def _is_of(kind: str, value: str) -> bool:
    try:
        return Decimal(value).is_finite() if kind == QuestionKind.NUMBER else bool(_date(value))
    except (InvalidOperation, ValueError):
        return False


def _date(value: str) -> datetime.date:
    return datetime.datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=datetime.UTC).date()


def read_questions(rows: Any) -> list[Question]:
    """Read the questions of a version.

    :raises ValidationError: they are none, or one of them could not be asked or answered
    """
    try:
        found = [
            Question(**{**row, "flags": [Flag(**flag) for flag in row.get("flags", [])]}) for row in rows
        ]
    except (TypeError, ValueError, AttributeError) as error:
        raise ValidationError("A question is not complete: %(why)s", params={"why": error}) from error
    if not found or len({question.key for question in found}) < len(found):
        raise ValidationError("There is at least one question, and no key stands twice.")
    return found


class QuestionnaireQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self  # asked of everybody

    def newest(self, key: str) -> Self:
        """The versions of one questionnaire: the first of them is in force."""
        return self.filter(key=key).order_by("-version")


class Questionnaire(Fact):
    """One version of what patients are asked. Written once: answers point to the version that was seen."""

    GAPLESS = ("key", "version")

    BEFORE_VISIT = "before_visit"
    """The key of the one that every patient is asked to answer before a visit."""

    key = models.CharField(max_length=40)
    version = models.PositiveSmallIntegerField(validators=[MinValueValidator(1)])
    title = models.CharField(max_length=100)
    questions = models.JSONField(validators=[read_questions])

    objects = QuestionnaireQuerySet.as_manager()

    class Meta:
        ordering = ["key", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["key", "version"], name="%(app_label)s_%(class)s_version_once"),
            models.CheckConstraint(
                condition=~Q(title="") & ~Q(key="") & ~Q(questions=[]) & Q(version__gte=1),
                name="%(app_label)s_%(class)s_asks_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}, version {self.version}"

    def asked(self) -> list[Question]:
        return read_questions(self.questions)


class IntakeQuerySet(ClinicalQuerySet):
    OF_PATIENT = "appointment__patient"

    def visible_to(self, user: User) -> Self:
        if user.has_perm("clinic.view_intake"):
            return super().visible_to(user)
        return self.filter(**{f"{self.OF_PATIENT}__user": user})


class Intake(Fact):
    """That a patient answers one version of a questionnaire before one appointment."""

    PATIENT = "appointment__patient_id"

    appointment = models.OneToOneField(Appointment, models.PROTECT, related_name="intake")
    questionnaire = models.ForeignKey(Questionnaire, models.PROTECT, related_name="intakes")

    objects = IntakeQuerySet.as_manager()

    class Meta:
        ordering = ["-recorded_at", "-pk"]

    def __str__(self) -> str:
        return f"What {self.appointment.patient} answered before the visit"


class AnswerQuerySet(IntakeQuerySet):
    OF_PATIENT = "intake__appointment__patient"

    def visible_to(self, user: User) -> Self:
        return super().visible_to(user)

    def newest(self) -> Self:
        """The answers that count: of each question, the last one."""
        return self.order_by("intake_id", "key", "-said_at", "-pk").distinct("intake_id", "key")


class Answer(Fact):
    """What was answered to one question at one time; of a question, the last answer counts."""

    PATIENT = "intake__appointment__patient_id"

    intake = models.ForeignKey(Intake, models.PROTECT, related_name="answers")
    key = models.CharField("question", max_length=40)
    value = models.CharField("answer", max_length=TEXT_MAX, blank=True)
    # Answers come along when the appointment is moved: they were given before they were recorded there.
    said_at = models.DateTimeField("answered", default=timezone.now, editable=False)

    objects = AnswerQuerySet.as_manager()

    class Meta:
        ordering = ["said_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(key=""), name="%(app_label)s_%(class)s_names_its_question")
        ]

    def __str__(self) -> str:
        return f"Answer to “{self.key}”"
