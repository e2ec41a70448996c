"""When a practitioner is there, and the times patients can book."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Exists, F, Func, OuterRef, Q

from clinic.models.people import known_zone
from clinic.models.practitioners import Practitioner
from config.base import Record, ScopedQuerySet, both_or_neither
from messaging import clocks

if TYPE_CHECKING:
    from datetime import datetime

    from clinic.models.people import User

# Statuses of an appointment. Those that bring a patient into a doctor's care:
BOOKED = ["confirmed", "arrived", "in_consultation", "completed", "no_show"]
# Those that keep a time from others: a hold does so too.
LIVE = ["held", *BOOKED]


class Instants(Func):
    """The half-open range between two columns of instants, as PostgreSQL compares it."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()

    def __init__(self, starts: str, ends: str) -> None:
        self.columns = (starts, ends)
        super().__init__(F(starts), F(ends), RangeBoundary())

    def deconstruct(self):
        return "clinic.models.availability.Instants", self.columns, {}


class AppointmentTypeQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self


class AppointmentType(Record):
    """A kind of appointment: how long, how, and by which fees it is charged."""

    class Modality(models.TextChoices):
        VOICE = "voice", "Telephone"
        VIDEO = "video", "Video call"
        IN_PERSON = "in_person", "In person"

    name = models.CharField(max_length=80, unique=True)
    minutes = models.PositiveSmallIntegerField(validators=[MinValueValidator(5)])
    modality = models.CharField(max_length=20, choices=Modality, default=Modality.VIDEO)
    new_fee = models.CharField("fee for a first visit", max_length=60, default="consultation.new")
    returning_fee = models.CharField("fee for a later visit", max_length=60, default="consultation.returning")
    is_offered = models.BooleanField(default=True)

    objects = AppointmentTypeQuerySet.as_manager()

    class Meta:
        ordering = ["minutes", "name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(minutes__gte=5),
                name="%(app_label)s_%(class)s_takes_time",
                violation_error_message="An appointment takes at least five minutes.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class RosterQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        if user.has_perm("clinic.view_every_roster"):
            return self
        return self.filter(practitioner__user=user)


class Roster(Record):
    """A practitioner's hours on one weekday, in wall time of the practitioner's zone."""

    class Weekday(models.IntegerChoices):
        MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = range(7)

    practitioner = models.ForeignKey(Practitioner, models.PROTECT, related_name="rosters")
    appointment_type = models.ForeignKey(AppointmentType, models.PROTECT, related_name="rosters")
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    starts = models.TimeField("from", help_text="By the doctor’s clock.")
    ends = models.TimeField("until", help_text="By the doctor’s clock.")
    time_zone = models.CharField(max_length=50, validators=[known_zone])
    from_on = models.DateField("from date")
    until_on = models.DateField("until date", null=True, blank=True)

    objects = RosterQuerySet.as_manager()

    class Meta:
        ordering = ["practitioner", "weekday", "starts"]
        permissions = [("view_every_roster", "Can view every roster")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends__gt=F("starts")),
                name="%(app_label)s_%(class)s_ends_after_it_starts",
                violation_error_message="The hours must end after they begin.",
            ),
            models.CheckConstraint(
                condition=Q(until_on__isnull=True) | Q(until_on__gte=F("from_on")),
                name="%(app_label)s_%(class)s_dates_in_order",
                violation_error_message="The last date must not lie before the first.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.practitioner}, {self.get_weekday_display()} {self.starts:%H:%M}–{self.ends:%H:%M}"


class SlotQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        """Free times are offered to everybody who is signed in."""
        return self

    def free(self, now: datetime) -> Self:
        """Those that can be booked: still ahead, not withdrawn, and nobody's."""
        return self.filter(starts_at__gt=now, withdrawn_at__isnull=True).exclude(
            appointments__status__in=LIVE
        )

    def with_is_taken(self) -> Self:
        """Tell of each as ``is_taken`` whether somebody has it, never who."""
        taken = Slot.objects.filter(pk=OuterRef("pk"), appointments__status__in=LIVE)
        return self.annotate(is_taken=Exists(taken))


class Slot(Record):
    """A stretch of a practitioner's time that one patient can book."""

    practitioner = models.ForeignKey(Practitioner, models.PROTECT, related_name="slots")
    appointment_type = models.ForeignKey(AppointmentType, models.PROTECT, related_name="slots")
    # The hours that offer this time: none for an extra time, and once the hours have changed.
    roster = models.ForeignKey(Roster, models.PROTECT, null=True, editable=False, related_name="slots")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, editable=False)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = SlotQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="%(app_label)s_%(class)s_ends_after_it_starts"
            ),
            ExclusionConstraint(
                name="%(app_label)s_%(class)s_one_at_a_time",
                expressions=[
                    ("practitioner", RangeOperators.EQUAL),
                    (Instants("starts_at", "ends_at"), RangeOperators.OVERLAPS),
                ],
                condition=Q(withdrawn_at__isnull=True),
                violation_error_message="The practitioner already has a time here.",
            ),
            both_or_neither("withdrawn_at", "withdrawn_by"),
        ]
        indexes = [models.Index(fields=["starts_at", "practitioner"], name="clinic_slot_search")]

    def __str__(self) -> str:
        zone = self.practitioner.time_zone
        at = clocks.briefly(self.starts_at, zone=zone)
        return f"{self.practitioner}, {at} {clocks.zone_name(self.starts_at, zone=zone)}"
