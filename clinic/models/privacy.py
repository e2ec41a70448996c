"""What patients ask about their data, the copies they get, closed accounts, and who gets data abroad."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from clinic.models.patients import Patient
from clinic.models.practitioners import Practitioner
from config.base import Fact, Record, ScopedQuerySet, Stateful, both_or_neither

if TYPE_CHECKING:
    from clinic.models.people import User


class PrivacyRequestQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        if not user.has_perm("clinic.view_privacyrequest"):
            return self.filter(patient__user=user)
        if user.has_perm("clinic.view_every_patient"):
            return self
        mine = Q(patient__in=Patient.objects.readable_by(user)) | Q(doctor__user=user)
        return self.filter(mine, is_clinical=True)

    def waiting(self) -> Self:
        """Those without an answer, the first to be due first."""
        return self.filter(status__in=PrivacyRequest.WAITING).order_by("asked_on", "pk")


class PrivacyRequest(Stateful):
    """A patient asks for a copy of their file, or that something in it be corrected (APP 12 and 13).

    The practice answers within about 30 days. What is asked and answered stands in ``RequestText``: of a
    clinical correction only doctors and auditors read it.
    """

    PATIENT = "patient_id"

    class Kind(models.TextChoices):
        ACCESS = "access", "Copy of the file"
        CORRECTION = "correction"

    class Status(models.TextChoices):
        OPEN = "open"
        PREPARING = "preparing", "Copy is being made"
        GIVEN = "given", "Copy given"
        CORRECTED = "corrected"
        ATTACHED = "attached", "Not changed, the patient’s words attached"
        REFUSED = "refused"
        WITHDRAWN = "withdrawn"

    ENDS = (Status.CORRECTED, Status.ATTACHED, Status.REFUSED, Status.WITHDRAWN)
    WAITING = (Status.OPEN, Status.PREPARING)
    MOVES = {
        Status.OPEN: frozenset({Status.PREPARING, *ENDS}),
        Status.PREPARING: frozenset({Status.OPEN, Status.GIVEN}),
        Status.GIVEN: frozenset(),
        **dict.fromkeys(ENDS, frozenset()),
    }
    CLOSED = (Status.GIVEN, ENDS)
    DAYS = 30

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="privacy_requests")
    kind = models.CharField(max_length=20, choices=Kind)
    is_clinical = models.BooleanField("about health", default=False)
    asked_on = models.DateField("asked on")
    status = models.CharField(max_length=20, choices=Status, default=Status.OPEN, editable=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, editable=False, related_name="+")
    doctor = models.ForeignKey(
        Practitioner,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name="answered for by",
    )
    identity_how = models.CharField("identity checked by", max_length=200, blank=True, editable=False)
    identified_at = models.DateTimeField("identity checked", null=True, editable=False)
    identified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    answered_at = models.DateTimeField("answered", null=True, editable=False)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = PrivacyRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_on", "-pk"]
        verbose_name = "request about one’s data"
        verbose_name_plural = "requests about one’s data"
        permissions = [
            ("answer_privacyrequest", "Can answer what patients ask about their data, health left out"),
            ("answer_clinical_privacyrequest", "Can answer what is to be corrected in a clinical record"),
        ]
        constraints = [
            both_or_neither("identified_at", "identified_by"),
            both_or_neither("answered_at", "answered_by"),
            models.CheckConstraint(
                condition=~Q(status="given") | Q(identified_at__isnull=False),
                name="%(app_label)s_%(class)s_given_to_who_is_known",
                violation_error_message="Check who asks before a copy is given.",
            ),
            models.UniqueConstraint(
                fields=["patient"],
                condition=Q(kind="access", status__in=["open", "preparing"]),
                name="%(app_label)s_%(class)s_one_copy_at_a_time",
                violation_error_message="A copy is asked for already, and on its way.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.patient}"

    @property
    def due_on(self) -> datetime.date | None:
        """The day by which to answer; none once that is done."""
        return self.asked_on + datetime.timedelta(days=self.DAYS) if self.status in self.WAITING else None


class RequestTextQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        if user.has_perm("clinic.view_every_clinical_record"):
            return self
        own = Q(request__patient__user=user)
        readable = Q(request__patient__in=Patient.objects.readable_by(user))
        if user.has_perm("clinic.view_clinical_record"):
            return self.filter(own | readable | Q(request__doctor__user=user), request__is_clinical=True)
        if user.has_perm("clinic.view_privacyrequest"):
            return self.filter(Q(request__is_clinical=False) | readable)
        return self.filter(own)


class RequestText(Fact):
    """What a patient asked, or was answered, word by word. Words with which we disagree stay in the file."""

    PATIENT = "request__patient_id"

    class Kind(models.TextChoices):
        ASKED = "asked"
        ANSWER = "answer"

    request = models.ForeignKey(PrivacyRequest, models.PROTECT, related_name="texts")
    kind = models.CharField(max_length=20, choices=Kind)
    text = models.TextField(max_length=4000)

    objects = RequestTextQuerySet.as_manager()

    class Meta:
        ordering = ["recorded_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(text=""),
                name="%(app_label)s_%(class)s_says_something",
                violation_error_message="Write what it is about.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.request}"


class RecordCopyQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(request__patient__user=user)


class RecordCopy(Fact):
    """A copy of a patient's whole file, for that patient alone and for a few days."""

    PATIENT = "request__patient_id"
    DAYS = 7

    request = models.OneToOneField(PrivacyRequest, models.PROTECT, related_name="copy")
    file = models.FileField(upload_to="copies/%Y/%m/")
    sha256 = models.CharField("fingerprint", max_length=64)
    expires_at = models.DateTimeField()

    objects = RecordCopyQuerySet.as_manager()

    class Meta:
        ordering = ["-recorded_at", "-pk"]
        verbose_name_plural = "record copies"

    def __str__(self) -> str:
        return f"Copy of the file, {self.request.patient}"


class ClosureQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("clinic.view_closure") else self.filter(patient__user=user)


class Closure(Record):
    """A patient closed their account. The record is kept, and who it is of can ask to open it again."""

    PATIENT = "patient_id"

    patient = models.ForeignKey(Patient, models.PROTECT, editable=False, related_name="closures")
    reopened_at = models.DateTimeField("opened again", null=True, editable=False)
    reopened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    identity_how = models.CharField("identity checked by", max_length=200, blank=True, editable=False)

    objects = ClosureQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = "closed account"
        permissions = [("reopen_closure", "Can open the account of a patient again who closed it")]
        constraints = [
            both_or_neither("reopened_at", "reopened_by"),
            models.CheckConstraint(
                condition=Q(reopened_at=None) | ~Q(identity_how=""),
                name="%(app_label)s_%(class)s_reopened_for_who_is_known",
                violation_error_message="Write how you made sure who asks.",
            ),
            models.UniqueConstraint(
                fields=["patient"], condition=Q(reopened_at=None), name="%(app_label)s_%(class)s_once"
            ),
        ]

    def __str__(self) -> str:
        return f"Account of {self.patient}, closed by them"


class RecipientQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self  # it says nothing of anybody

    def current(self, today: datetime.date) -> Self:
        return self.filter(Q(until_on=None) | Q(until_on__gte=today), since_on__lte=today)


class Recipient(Record):
    """Somebody outside Australia who gets personal information from us (APP 8); patients read the list."""

    name = models.CharField(max_length=120)
    country = models.CharField(max_length=120)
    purpose = models.CharField("what for", max_length=300)
    information = models.CharField("what information", max_length=300)
    safeguards = models.CharField(
        max_length=300, blank=True, help_text="What keeps it safe there: a contract, encryption, a law."
    )
    since_on = models.DateField("since")
    until_on = models.DateField("until", null=True, blank=True)
    key = models.SlugField(max_length=40, blank=True, editable=False)

    objects = RecipientQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = "recipient overseas"
        verbose_name_plural = "recipients overseas"
        constraints = [
            models.CheckConstraint(
                condition=Q(until_on=None) | Q(until_on__gte=F("since_on")),
                name="%(app_label)s_%(class)s_ends_after_it_starts",
                violation_error_message="It cannot end before it starts.",
            ),
            models.UniqueConstraint(
                fields=["key"], condition=~Q(key=""), name="%(app_label)s_%(class)s_shipped_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.country}"
