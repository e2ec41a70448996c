"""What each state and territory asks of a prescription, with the dates from which it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from catalog.models import DoseForm
from clinic.models.places import State
from clinic.models.rosters import Dates
from config.base import Record, ScopedQuerySet

if TYPE_CHECKING:
    import datetime

    from clinic.models.people import User

MONTHS_VALID_S8, MONTHS_VALID_OTHERWISE = 6, 12
"""The longest validity that any state allows; a row may say less, never more."""


class StateRuleQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("clinic.view_staterule") else self.none()

    def on(self, day: datetime.date) -> Self:
        """Those in force on ``day``: one of each state, or none where nobody knows."""
        return self.filter(from_on__lte=day).filter(Q(until_on=None) | Q(until_on__gte=day))

    def judged(self, checked_after: datetime.date) -> Self:
        """Carry along ``is_due``: nobody has read the source since ``checked_after``."""
        return self.annotate(is_due=Q(checked_on__lte=checked_after))


class StateRule(Record):
    """The rules of one state for Schedule 8 cannabis medicine and for validity, while they are in force.

    What is not known blocks: a state without a row in force, and a fact that is not known.
    """

    state = models.CharField(max_length=3, choices=State)
    from_on = models.DateField("from")
    until_on = models.DateField("until", null=True, blank=True)

    monitoring = models.CharField("monitoring system", max_length=40)
    is_monitoring_law = models.BooleanField(
        "the law asks to look there",
        default=False,
        help_text="Where only good practice asks for it, a doctor may go on with a written reason.",
    )
    blocked = models.CharField(
        max_length=200,
        blank=True,
        help_text="Why no Schedule 8 script of ours can be dispensed there, as the doctor is told."
        " Empty where it can.",
    )
    is_local_only = models.BooleanField(
        "prescriber must be and practise there",
        null=True,
        blank=True,
        help_text="Schedule 8. The prescriber confirms it in each consultation. Not known counts as yes.",
    )
    blocked_forms = ArrayField(
        models.CharField(max_length=20, choices=DoseForm),
        verbose_name="dose forms not allowed",
        default=list,
        blank=True,
    )
    authority = models.CharField(
        max_length=80,
        blank=True,
        help_text="What must be named on a Schedule 8 script. Empty where the state asks for none.",
    )
    months_without_authority = models.PositiveSmallIntegerField(
        "months of treatment before the authority is needed", default=0
    )
    dependence_permit = models.CharField(
        "authority for drug-dependent patients",
        max_length=80,
        help_text="What must be named on a Schedule 8 script for a patient who depends on drugs.",
    )
    handwriting = models.BooleanField(
        "particulars again by hand",
        default=False,
        help_text="The prescriber writes the particulars of a Schedule 8 medicine by hand as well.",
    )
    months_valid_s8 = models.PositiveSmallIntegerField(
        "months a Schedule 8 script is valid",
        default=MONTHS_VALID_S8,
        validators=[MinValueValidator(1), MaxValueValidator(MONTHS_VALID_S8)],
    )
    months_valid = models.PositiveSmallIntegerField(
        "months any other script is valid",
        default=MONTHS_VALID_OTHERWISE,
        validators=[MinValueValidator(1), MaxValueValidator(MONTHS_VALID_OTHERWISE)],
    )
    caution = models.CharField(
        max_length=200, blank=True, help_text="What a prescriber from another state should think of."
    )
    note = models.TextField(blank=True, help_text="What else is known. Doctors are not shown it.")

    source = models.CharField(max_length=200, help_text="Act, section, page and its date.")
    checked_on = models.DateField("last checked", help_text="When somebody last read the source.")

    is_due: bool  # after ``judged()`` only

    objects = StateRuleQuerySet.as_manager()

    class Meta:
        verbose_name = "rule of a state"
        verbose_name_plural = "rules of the states"
        ordering = ["state", "-from_on"]
        constraints = [
            ExclusionConstraint(
                expressions=[
                    ("state", RangeOperators.EQUAL),
                    (Dates("from_on", "until_on"), RangeOperators.OVERLAPS),
                ],
                name="%(app_label)s_%(class)s_one_at_a_time",
                violation_error_message="This state has rules for these dates already.",
            ),
            models.CheckConstraint(
                condition=Q(until_on=None) | Q(until_on__gte=F("from_on")),
                name="%(app_label)s_%(class)s_dates_in_order",
                violation_error_message="A rule must not end before it begins.",
            ),
            models.CheckConstraint(
                condition=Q(
                    months_valid_s8__range=(1, MONTHS_VALID_S8),
                    months_valid__range=(1, MONTHS_VALID_OTHERWISE),
                ),
                name="%(app_label)s_%(class)s_validity",
                violation_error_message="A script is valid for six months (Schedule 8) or twelve at most.",
            ),
            models.CheckConstraint(
                condition=~Q(monitoring="") & ~Q(source="") & ~Q(dependence_permit=""),
                name="%(app_label)s_%(class)s_says_what_it_must",
            ),
            models.CheckConstraint(
                condition=Q(months_without_authority=0) | ~Q(authority=""),
                name="%(app_label)s_%(class)s_months_of_an_authority",
                violation_error_message="Name the authority that is needed after these months.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} from {self.from_on:%-d %B %Y}"
