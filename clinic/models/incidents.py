"""Incidents with personal information: what happened, who is affected, what was decided, who was told."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from clinic.models.patients import Patient
from config.base import Fact, ScopedQuerySet, Stateful, both_or_neither
from messaging.models import Letter

if TYPE_CHECKING:
    from clinic.models.people import User


class IncidentQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("clinic.view_incident") else self.none()

    def running(self) -> Self:
        """Those whose clock runs, the first to be due first."""
        return self.filter(status__in=Incident.RUNNING).order_by("aware_on", "pk")


class Incident(Stateful):
    """Something that may have shown, changed or lost personal information (Privacy Act 1988, Part IIIC).

    From the day of awareness the practice has 30 days to assess whether people must be told (s 26WH).
    """

    class Status(models.TextChoices):
        SUSPECTED = "suspected"
        ASSESSING = "assessing", "Being assessed"
        ELIGIBLE = "eligible", "To be notified"
        NOT_ELIGIBLE = "not_eligible", "Not to be notified"
        NOTIFIED = "notified"
        CLOSED = "closed"

    MOVES = {
        Status.SUSPECTED: frozenset({Status.ASSESSING}),
        Status.ASSESSING: frozenset({Status.ELIGIBLE, Status.NOT_ELIGIBLE}),
        Status.ELIGIBLE: frozenset({Status.NOTIFIED}),
        Status.NOT_ELIGIBLE: frozenset({Status.ASSESSING, Status.CLOSED}),
        Status.NOTIFIED: frozenset({Status.CLOSED}),
        Status.CLOSED: frozenset(),
    }
    CLOSED = (Status.CLOSED, ())
    RUNNING = (Status.SUSPECTED, Status.ASSESSING)
    DAYS = 30
    """Within which it is assessed; day 0 is the day of awareness."""

    name = models.CharField("in short", max_length=120, help_text="Name nobody here: it stands in lists.")
    aware_on = models.DateField("we know since")
    what_happened = models.TextField(help_text="When, how, and how it was noticed.")
    information = models.TextField(
        "kinds of information",
        blank=True,
        help_text="Such as names, addresses, appointments, notes, prescriptions. Nobody’s own words.",
    )
    containment = models.TextField("what was done to contain it", blank=True)
    advice = models.TextField(
        "what people should do",
        blank=True,
        help_text="The steps that we recommend to those who are affected.",
    )
    statement = models.TextField(
        "statement to the OAIC",
        blank=True,
        help_text="“Draft the statement” fills this in from the practice and from above. Edit it.",
    )
    notice = models.TextField(
        "what the people read",
        blank=True,
        help_text="On their own page, once somebody else approved it. The letter says only that it is there.",
    )
    status = models.CharField(max_length=20, choices=Status, default=Status.SUSPECTED, editable=False)
    reasons = models.TextField("reasons for the decision", blank=True, editable=False)
    decided_at = models.DateTimeField("decided", null=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    approved_at = models.DateTimeField("notice approved", null=True, editable=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    lodged_on = models.DateField("lodged with the OAIC on", null=True, editable=False)
    oaic_reference = models.CharField("reference of the OAIC", max_length=60, blank=True, editable=False)
    reminded_day = models.PositiveSmallIntegerField("managers reminded for day", default=0, editable=False)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        ordering = ["-aware_on", "-pk"]
        permissions = [("approve_incident", "Can approve what people read about an incident")]
        constraints = [
            both_or_neither("decided_at", "decided_by"),
            both_or_neither("approved_at", "approved_by"),
            models.CheckConstraint(
                condition=Q(status__in=["suspected", "assessing"])
                | (Q(decided_by__isnull=False) & ~Q(reasons="")),
                name="%(app_label)s_%(class)s_decided_with_reasons",
                violation_error_message="Write the reasons for the decision.",
            ),
            models.CheckConstraint(
                condition=~Q(status="notified") | Q(lodged_on__isnull=False),
                name="%(app_label)s_%(class)s_notified_once_lodged",
                violation_error_message="Write on which day the OAIC was told.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def due_on(self) -> datetime.date | None:
        """The last day to decide; none once that is done."""
        return self.aware_on + datetime.timedelta(days=self.DAYS) if self.status in self.RUNNING else None


class IncidentSearchQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("clinic.view_incident") else self.none()


class IncidentSearch(Fact):
    """One question to the audit trail: whose records did this person, session or address touch, and when."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="searches")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="who"
    )
    session = models.CharField(max_length=16, blank=True)
    address = models.GenericIPAddressField("from where", null=True)
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    record_type = models.CharField("kind of record", max_length=60, blank=True)
    found = models.PositiveIntegerField("people found")

    objects = IncidentSearchQuerySet.as_manager()

    class Meta:
        ordering = ["-recorded_at", "-pk"]
        verbose_name = "search for people affected"
        verbose_name_plural = "searches for people affected"

    def __str__(self) -> str:
        return f"{self.incident}: {self.found} people"


class AffectedPersonQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("clinic.view_incident") else self.none()


class AffectedPerson(Fact):
    """A patient whom one search found, and what it found of them then."""

    PATIENT = "patient_id"
    IS_PART = True

    search = models.ForeignKey(IncidentSearch, models.PROTECT, related_name="people")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    events = models.PositiveIntegerField("times")
    first_at = models.DateTimeField("first")
    last_at = models.DateTimeField("last")

    objects = AffectedPersonQuerySet.as_manager()

    class Meta:
        ordering = ["search", "patient"]
        verbose_name = "person affected"
        verbose_name_plural = "people affected"
        constraints = [
            models.UniqueConstraint(fields=["search", "patient"], name="%(app_label)s_%(class)s_once")
        ]

    def __str__(self) -> str:
        return str(self.patient)


class IncidentNoticeQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("clinic.view_incident") else self.filter(patient__user=user)


class IncidentNotice(Fact):
    """One patient was told of one incident: never a second time."""

    PATIENT = "patient_id"

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="notices")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    letter = models.OneToOneField(Letter, models.PROTECT, related_name="+")

    objects = IncidentNoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-recorded_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "patient"],
                name="%(app_label)s_%(class)s_once",
                violation_error_message="The patient was told already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.incident}, to {self.patient}"
