"""What a doctor writes about a consultation: the note, its addenda, and the practice's templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from clinic.models.encounters import ClinicalQuerySet, Encounter
from config.base import Fact, Record, ScopedQuerySet, Stateful, both_or_neither

if TYPE_CHECKING:
    from clinic.models.people import User


class Written(models.Model):
    """The parts of which a note is made."""

    presenting = models.TextField("history", blank=True)
    examination = models.TextField(blank=True)
    assessment = models.TextField(blank=True)
    plan = models.TextField(blank=True)
    goals = models.TextField("goals of treatment", blank=True)
    exit_strategy = models.TextField("exit strategy", blank=True)

    class Meta:
        abstract = True


class NoteQuerySet(ClinicalQuerySet):
    OF_PATIENT = "encounter__patient"

    def visible_to(self, user: User) -> Self:
        return super().visible_to(user)


class Note(Written, Stateful):
    """What the doctor wrote; once signed, the database refuses to change it."""

    PATIENT = "encounter__patient_id"

    class Status(models.TextChoices):
        DRAFT = "draft"
        SIGNED = "signed"

    MOVES = {Status.DRAFT: frozenset({Status.SIGNED}), Status.SIGNED: frozenset()}
    CLOSED = (Status.SIGNED, ())

    encounter = models.OneToOneField(Encounter, models.PROTECT, related_name="note")
    review_on = models.DateField("review on", null=True, blank=True)
    # Counts the times a draft was kept, so that two windows do not write over each other.
    revision = models.PositiveIntegerField(default=0, editable=False)
    status = models.CharField(max_length=20, choices=Status, default=Status.DRAFT, editable=False)
    # Exactly what was signed, its headings included: they may be called otherwise one day.
    content = models.JSONField(default=dict, editable=False)
    content_sha256 = models.CharField("fingerprint", max_length=64, blank=True, editable=False)
    signed_at = models.DateTimeField(null=True, editable=False)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = NoteQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [both_or_neither("signed_at", "signed_by")]

    def __str__(self) -> str:
        return f"Note on {self.encounter.patient}"


class AddendumQuerySet(ClinicalQuerySet):
    OF_PATIENT = "note__encounter__patient"

    def visible_to(self, user: User) -> Self:
        return super().visible_to(user)


class Addendum(Fact):
    """What a doctor added to a signed note, and why; signed by ``recorded_by`` when it was recorded."""

    PATIENT = "note__encounter__patient_id"

    note = models.ForeignKey(Note, models.PROTECT, related_name="addenda")
    text = models.TextField("what is added or corrected")
    reason = models.CharField(max_length=200)
    content = models.JSONField(editable=False)
    content_sha256 = models.CharField("fingerprint", max_length=64, editable=False)

    objects = AddendumQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "addenda"
        ordering = ["recorded_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(text="") & ~Q(reason=""),
                name="%(app_label)s_%(class)s_says_what_and_why",
                violation_error_message="Write what you add, and why.",
            )
        ]

    def __str__(self) -> str:
        return f"Addendum: {self.reason}"


class NoteTemplateQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("clinic.view_notetemplate") else self.none()

    def offered(self) -> Self:
        return self.filter(is_offered=True)


class NoteTemplate(Written, Record):
    """Words of the practice with which a note can begin; what was signed does not change with it."""

    name = models.CharField(max_length=80, unique=True)
    review_weeks = models.PositiveSmallIntegerField(
        "review in so many weeks",
        null=True,
        blank=True,
        help_text="Fills the review date, counted from today.",
    )
    is_offered = models.BooleanField("offered to doctors", default=True)

    objects = NoteTemplateQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(review_weeks__isnull=True) | Q(review_weeks__gte=1, review_weeks__lte=104),
                name="%(app_label)s_%(class)s_review_within_two_years",
                violation_error_message="A review comes within 1 to 104 weeks.",
            )
        ]

    def __str__(self) -> str:
        return self.name
