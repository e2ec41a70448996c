"""What patients are asked before a visit, and what they answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from clinic.models.appointments import Appointment
from clinic.models.encounters import ClinicalQuerySet
from clinic.models.questions import TEXT_MAX, Question, read_questions
from config.base import Fact, Record, ScopedQuerySet

if TYPE_CHECKING:
    from clinic.models.people import User


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


class QuestionnaireDraftQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("clinic.view_questionnairedraft") else self.none()


class QuestionnaireDraft(Record):
    """What the next version of a questionnaire will ask; nobody is asked it before it is published.

    Its ``questions`` may be unfinished: ``questioning.publish`` takes only what can be asked.
    """

    key = models.CharField(max_length=40, unique=True, editable=False)
    title = models.CharField(max_length=100)
    questions = models.JSONField(default=list, blank=True)

    objects = QuestionnaireDraftQuerySet.as_manager()

    class Meta:
        verbose_name = "questionnaire"
        ordering = ["title", "pk"]
        permissions = [("publish_questionnaire", "Can have patients asked a questionnaire")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(title="") & ~Q(key=""), name="%(app_label)s_%(class)s_has_a_name"
            )
        ]

    def __str__(self) -> str:
        return self.title


class IntakeQuerySet(ClinicalQuerySet):
    OF_PATIENT = "appointment__patient"

    def visible_to(self, user: User) -> Self:
        if user.has_perm("clinic.view_intake") or user.has_perm("clinic.break_glass"):
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
