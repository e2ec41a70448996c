"""The times patients can book."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import Count, Exists, F, Func, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from clinic.models.practitioners import Practitioner
from clinic.models.rosters import AppointmentType, Roster, RosterException
from config.base import Record, ScopedQuerySet, both_or_neither
from messaging import clocks

if TYPE_CHECKING:
    from datetime import datetime

    from clinic.models.patients import Patient
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


class Buffered(Func):
    """The range between two columns of instants with the minutes before and after that are kept free."""

    function = "TSRANGE"
    output_field = DateTimeRangeField()

    def __init__(self, *columns: str) -> None:
        self.columns = columns
        starts, before, ends, after = map(F, columns)
        super().__init__(_shifted(starts, "-", before), _shifted(ends, "+", after))

    def deconstruct(self):
        return "clinic.models.availability.Buffered", self.columns, {}


def _shifted(at: F, sign: str, minutes: F) -> Func:
    # An index takes no sum of an instant and an interval, which may depend on the session's zone:
    # PostgreSQL counts in UTC by its wall clock, which never jumps.
    return Func(
        at,
        minutes,
        template="TIMEZONE('UTC', %(expressions)s)",
        arg_joiner=f") {sign} MAKE_INTERVAL(mins => ",
        output_field=models.DateTimeField(),
    )


class SlotQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        """Free times are offered to everybody who is signed in."""
        return self

    def offered(self, now: datetime) -> Self:
        """Those ahead that the hours hold and nobody has withdrawn, taken or not."""
        return self.filter(starts_at__gt=now, withdrawn_at__isnull=True, outside_at__isnull=True)

    def claimed(self) -> Self:
        """Those that somebody has."""
        return self.filter(Exists(_claims()))

    def free(self, now: datetime) -> Self:
        """Those that can be booked: still ahead, offered, nobody's, and of a doctor who takes patients."""
        return self.offered(now).for_patients().filter(~Exists(_claims()))

    def for_patients(self) -> Self:
        """Those of a kind that is offered, and of a doctor who takes patients now."""
        doctors = Practitioner.objects.seeing_patients().filter(pk=OuterRef("practitioner"))
        return self.filter(Exists(doctors), appointment_type__is_offered=True)

    def with_is_taken(self) -> Self:
        """Tell of each as ``is_taken`` whether somebody has it, never who."""
        return self.annotate(is_taken=Exists(_claims()))

    def wanted_by(self, patient: Patient) -> Self:
        """Tell of each what ``patient`` has besides: ``is_elsewhere`` then, and ``holds`` of any time."""
        theirs = _appointments().filter(patient=patient).order_by()
        then = theirs.filter(
            status__in=LIVE, starts_at__lt=OuterRef("ends_at"), ends_at__gt=OuterRef("starts_at")
        )
        held = theirs.filter(status="held").values("patient").annotate(number=Count("pk")).values("number")
        return self.with_is_taken().annotate(is_elsewhere=Exists(then), holds=Coalesce(Subquery(held), 0))


def _claims() -> models.QuerySet:
    """The appointment that has the outer query's slot, if one has."""
    return _appointments().filter(slot=OuterRef("pk"), status__in=LIVE).order_by()


def _appointments() -> models.QuerySet:
    """Those of everybody; they stand above the times they are at."""
    return Slot._meta.get_field("appointments").related_model._default_manager.all()


class Slot(Record):
    """A stretch of a practitioner's time that one patient can book."""

    practitioner = models.ForeignKey(Practitioner, models.PROTECT, related_name="slots")
    appointment_type = models.ForeignKey(AppointmentType, models.PROTECT, related_name="slots")
    # The hours that offer this time: none for an extra time, and once the hours have changed.
    roster = models.ForeignKey(Roster, models.PROTECT, null=True, editable=False, related_name="slots")
    exception = models.ForeignKey(
        RosterException, models.PROTECT, null=True, editable=False, related_name="slots"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    # Minutes that keep the practitioner's other times away; as its kind said when it was offered.
    buffer_before = models.PositiveSmallIntegerField(default=0, editable=False)
    buffer_after = models.PositiveSmallIntegerField(default=0, editable=False)
    # Since when a claimed time lies outside the practitioner's hours. Once free, nobody gets it again.
    outside_at = models.DateTimeField(null=True, editable=False)
    # Who said that the appointment takes place all the same.
    kept_at = models.DateTimeField(null=True, editable=False)
    kept_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
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
                    (
                        Buffered("starts_at", "buffer_before", "ends_at", "buffer_after"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(withdrawn_at__isnull=True),
                violation_error_message="The practitioner already has a time here.",
            ),
            models.CheckConstraint(
                condition=Q(roster__isnull=True) | Q(exception__isnull=True),
                name="%(app_label)s_%(class)s_comes_of_one",
            ),
            models.CheckConstraint(
                condition=Q(kept_at__isnull=True) | Q(outside_at__isnull=False),
                name="%(app_label)s_%(class)s_kept_when_outside",
            ),
            both_or_neither("kept_at", "kept_by"),
            both_or_neither("withdrawn_at", "withdrawn_by"),
        ]
        indexes = [models.Index(fields=["starts_at", "practitioner"], name="clinic_slot_search")]

    def __str__(self) -> str:
        zone = self.practitioner.time_zone
        at = clocks.briefly(self.starts_at, zone=zone)
        return f"{self.practitioner}, {at} {clocks.zone_name(self.starts_at, zone=zone)}"

    @property
    def is_offered(self) -> bool:
        """Whether the hours hold it and nobody has withdrawn it; taken or not."""
        return self.withdrawn_at is None and self.outside_at is None
