"""When a practitioner is there: kinds of appointment, weekly hours, and what is different on single dates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, DateTimeRangeField, RangeBoundary, RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Func, Q

from clinic.models.people import known_zone
from clinic.models.places import State
from clinic.models.practitioners import Practitioner
from config.base import Record, ScopedQuerySet, both_or_neither

if TYPE_CHECKING:
    from datetime import date

    from clinic.models.people import User

SHORTEST, LONGEST, LONGEST_BUFFER = 5, 480, 120  # minutes
TAKES_TIME = "An appointment takes at least five minutes."
BUFFER = "A buffer takes at most two hours."
OVERLAPS = "The practitioner already has hours then. Change those, or choose others."


class Dates(Func):
    """The dates from one column to another, both included, as PostgreSQL compares them."""

    function = "DATERANGE"
    output_field = DateRangeField()

    def __init__(self, first: str, last: str) -> None:
        self.columns = (first, last)
        super().__init__(F(first), F(last), RangeBoundary(inclusive_upper=True))

    def deconstruct(self):
        return "clinic.models.rosters.Dates", self.columns, {}


class WallTimes(Func):
    """The stretch of a day between two columns of wall times, as PostgreSQL compares it."""

    # PostgreSQL has no ranges of times, only of timestamps; any date will do.
    template = "TSRANGE(DATE '2000-01-01' + (%(expressions)s)::time)"
    arg_joiner = ")::time, DATE '2000-01-01' + ("
    output_field = DateTimeRangeField()

    def __init__(self, starts: str, ends: str) -> None:
        self.columns = (starts, ends)
        super().__init__(F(starts), F(ends))

    def deconstruct(self):
        return "clinic.models.rosters.WallTimes", self.columns, {}


def buffer_minutes(help_text: str) -> models.PositiveSmallIntegerField:
    return models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(LONGEST_BUFFER, BUFFER)], help_text=help_text
    )


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
    minutes = models.PositiveSmallIntegerField(
        validators=[
            MinValueValidator(SHORTEST, TAKES_TIME),
            MaxValueValidator(LONGEST, "An appointment takes at most eight hours."),
        ]
    )
    buffer_before = buffer_minutes(
        "Minutes kept free before, from the end of the doctor’s earlier appointment."
    )
    buffer_after = buffer_minutes("Minutes kept free after, until the doctor’s next appointment.")
    modality = models.CharField(max_length=20, choices=Modality, default=Modality.VIDEO)
    new_fee = models.CharField("fee for a first visit", max_length=60, default="consultation.new")
    returning_fee = models.CharField("fee for a later visit", max_length=60, default="consultation.returning")
    # The key of a questionnaire; its version in force is asked before such an appointment.
    asks = models.CharField("questions before it", max_length=40, default="before_visit")
    is_offered = models.BooleanField(default=True)

    objects = AppointmentTypeQuerySet.as_manager()

    class Meta:
        ordering = ["minutes", "name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(minutes__gte=SHORTEST),
                name="%(app_label)s_%(class)s_takes_time",
                violation_error_message=TAKES_TIME,
            ),
            models.CheckConstraint(
                condition=Q(buffer_before__lte=LONGEST_BUFFER, buffer_after__lte=LONGEST_BUFFER),
                name="%(app_label)s_%(class)s_buffers_are_short",
                violation_error_message=BUFFER,
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RosterQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        if user.has_perm("clinic.view_every_roster"):
            return self
        return self.filter(practitioner__user=user)

    def in_force(self) -> Self:
        return self.filter(withdrawn_at=None)


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
    withdrawn_at = models.DateTimeField(null=True, editable=False)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

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
            ExclusionConstraint(
                name="%(app_label)s_%(class)s_one_at_a_time",
                expressions=[
                    ("practitioner", RangeOperators.EQUAL),
                    ("weekday", RangeOperators.EQUAL),
                    ("time_zone", RangeOperators.EQUAL),
                    (WallTimes("starts", "ends"), RangeOperators.OVERLAPS),
                    (Dates("from_on", "until_on"), RangeOperators.OVERLAPS),
                ],
                condition=Q(withdrawn_at__isnull=True),
                violation_error_message=OVERLAPS,
            ),
            both_or_neither("withdrawn_at", "withdrawn_by"),
        ]

    def __str__(self) -> str:
        return f"{self.practitioner}, {self.get_weekday_display()} {self.starts:%H:%M}–{self.ends:%H:%M}"


class RosterExceptionQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        """Those of others are not everybody's business; public holidays are."""
        if user.has_perm("clinic.view_every_roster"):
            return self
        return self.filter(Q(practitioner__user=user) | Q(practitioner=None))

    def in_force(self) -> Self:
        return self.filter(withdrawn_at=None)

    def touching(self, first: date, last: date) -> Self:
        """Those that have something to say of the dates from ``first`` to ``last``."""
        return self.filter(from_on__lte=last, until_on__gte=first)


class RosterException(Record):
    """What is different from the weekly hours on some dates, in wall time of who is concerned."""

    class Kind(models.TextChoices):
        LEAVE = "leave"
        HOLIDAY = "holiday", "Public holiday"
        EXTRA = "extra", "Extra session"
        CHANGED = "changed", "Other hours than usual"

    OPENS = (Kind.EXTRA, Kind.CHANGED)
    """Those that say when the practitioner is there; the others say when not."""

    kind = models.CharField(max_length=20, choices=Kind)
    practitioner = models.ForeignKey(
        Practitioner, models.PROTECT, null=True, blank=True, related_name="exceptions"
    )
    state = models.CharField(max_length=3, choices=State, blank=True)
    from_on = models.DateField("first date")
    until_on = models.DateField("last date")
    starts = models.TimeField("from", null=True, blank=True)
    ends = models.TimeField("until", null=True, blank=True)
    # Empty where several practitioners are concerned: each goes by their own clock.
    time_zone = models.CharField(max_length=50, blank=True, validators=[known_zone])
    appointment_type = models.ForeignKey(
        AppointmentType, models.PROTECT, null=True, blank=True, related_name="exceptions"
    )
    name = models.CharField(
        "what for", max_length=80, blank=True, help_text="Staff read this. Nothing about anybody’s health."
    )
    withdrawn_at = models.DateTimeField(null=True, editable=False)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = RosterExceptionQuerySet.as_manager()

    class Meta:
        verbose_name = "exception to the hours"
        verbose_name_plural = "exceptions to the hours"
        ordering = ["from_on", "starts", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until_on__gte=F("from_on")),
                name="%(app_label)s_%(class)s_dates_in_order",
                violation_error_message="The last date must not lie before the first.",
            ),
            models.CheckConstraint(
                condition=Q(starts__isnull=True, ends__isnull=True)
                | Q(starts__isnull=False, ends__isnull=False, ends__gt=F("starts")),
                name="%(app_label)s_%(class)s_ends_after_it_starts",
                violation_error_message="The hours must end after they begin."
                " For whole days leave both empty.",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["extra", "changed"])
                | Q(starts__isnull=False, practitioner__isnull=False, appointment_type__isnull=False),
                name="%(app_label)s_%(class)s_says_its_hours",
                violation_error_message="Say whose hours these are, from when until when, and for which kind"
                " of appointment.",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["leave", "holiday"]) | Q(appointment_type__isnull=True),
                name="%(app_label)s_%(class)s_closes_for_all_kinds",
                violation_error_message="Leave and holidays are for every kind of appointment."
                " Leave it empty.",
            ),
            models.CheckConstraint(
                condition=~Q(kind="leave") | Q(practitioner__isnull=False),
                name="%(app_label)s_%(class)s_leave_is_somebodys",
                violation_error_message="Say whose leave this is.",
            ),
            models.CheckConstraint(
                condition=Q(state="") | Q(kind="holiday", practitioner__isnull=True),
                name="%(app_label)s_%(class)s_state_or_person",
                violation_error_message="A state is for public holidays,"
                " and not together with a practitioner.",
            ),
            models.CheckConstraint(
                condition=Q(practitioner__isnull=True, time_zone="")
                | (Q(practitioner__isnull=False) & ~Q(time_zone="")),
                name="%(app_label)s_%(class)s_by_somebodys_clock",
            ),
            models.UniqueConstraint(
                fields=["state", "from_on", "name"],
                condition=Q(kind="holiday", practitioner__isnull=True, withdrawn_at__isnull=True),
                name="%(app_label)s_%(class)s_holiday_once",
                violation_error_message="This public holiday is there already.",
            ),
            ExclusionConstraint(
                name="%(app_label)s_%(class)s_one_at_a_time",
                expressions=[
                    ("practitioner", RangeOperators.EQUAL),
                    ("time_zone", RangeOperators.EQUAL),
                    (WallTimes("starts", "ends"), RangeOperators.OVERLAPS),
                    (Dates("from_on", "until_on"), RangeOperators.OVERLAPS),
                ],
                condition=Q(kind__in=["extra", "changed"], withdrawn_at__isnull=True),
                violation_error_message=OVERLAPS,
            ),
            both_or_neither("withdrawn_at", "withdrawn_by"),
        ]

    def __str__(self) -> str:
        whose = self.practitioner or self.get_state_display() or "Everybody"
        return f"{self.name or self.get_kind_display()}, {whose}, {self.dates}"

    @property
    def dates(self) -> str:
        first, last = f"{self.from_on:%-d %b %Y}", f"{self.until_on:%-d %b %Y}"
        return first if first == last else f"{first} to {last}"
