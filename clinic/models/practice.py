"""The practice itself: what it is called, where it is, and the numbers its rules use."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Self, cast

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from clinic.identifiers import Wellformed
from clinic.models.people import known_zone
from config.base import Record, ScopedQuerySet
from messaging import clocks

if TYPE_CHECKING:
    from clinic.models.people import User


MOST_REMINDERS = 5
REMINDER_AT_MOST = 14 * 24  # hours


def a_day_and_an_hour() -> list[int]:
    return [24, 1]


def _limit(label: str, value: int, *, least: int = 1) -> models.PositiveSmallIntegerField:
    return models.PositiveSmallIntegerField(label, default=value, validators=[MinValueValidator(least)])


class PracticeQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("clinic.view_practice") else self.none()

    def current(self) -> Practice:
        """The one row there is; made with its defaults when the clinic is new."""
        return cast("Practice | None", self.first()) or Practice()


class Practice(Record):
    """The settings of the practice: one row."""

    only = models.BooleanField(default=True, editable=False)
    name = models.CharField(max_length=100, default="ProMedicine")
    legal_name = models.CharField(max_length=150, blank=True)
    abn = models.CharField("ABN", max_length=11, blank=True, validators=[Wellformed("abn")])
    street = models.CharField(max_length=150, blank=True)
    suburb = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=3, blank=True)
    postcode = models.CharField(max_length=4, blank=True)
    phone = models.CharField(max_length=20, blank=True)
    email = models.EmailField("e-mail address", blank=True)
    time_zone = models.CharField(max_length=50, default="Australia/Sydney", validators=[known_zone])
    hold_minutes = models.PositiveSmallIntegerField(
        "minutes a time is held for payment", default=15, validators=[MinValueValidator(5)]
    )
    offer_minutes = models.PositiveSmallIntegerField(
        "minutes a freed time is kept for one who waits",
        default=30,
        validators=[MinValueValidator(5)],
        help_text="Never shorter than a time is held for payment. At night the clock stands still.",
    )
    follow_up_hours = models.PositiveSmallIntegerField(
        "hours a follow-up that the practice books is held for payment",
        default=72,
        validators=[MinValueValidator(1)],
        help_text="The patient gets a letter, and is not at the screen: give them time to read it.",
    )
    follow_up_weeks = models.PositiveSmallIntegerField(
        "weeks until a follow-up, where the doctor wrote no date",
        default=4,
        validators=[MinValueValidator(1), MaxValueValidator(26)],
    )
    warn_minutes = models.PositiveSmallIntegerField(
        "minutes before a hold ends that the patient is reminded to pay", default=5
    )
    patient_late_minutes = models.PositiveSmallIntegerField(
        "minutes after the start before a patient may be marked as not attending", default=10
    )
    doctor_late_minutes = models.PositiveSmallIntegerField(
        "minutes a patient waits before they may leave and get the whole fee back", default=15
    )
    quiet_from = models.PositiveSmallIntegerField(
        "hour from which letters wait for the morning",
        default=21,
        validators=[MaxValueValidator(23)],
        help_text="By the reader’s own clock: 21 is nine in the evening. What cannot wait comes at once.",
    )
    quiet_until = models.PositiveSmallIntegerField(
        "hour from which they come again",
        default=7,
        validators=[MaxValueValidator(23)],
        help_text="The same hour twice, and no letter waits.",
    )
    notices_a_minute = models.PositiveSmallIntegerField(
        "letters of a notice to patients that go out in a minute",
        default=60,
        validators=[MinValueValidator(1)],
        help_text="Slow enough that it can be stopped, and that no provider takes it for spam.",
    )
    pages_by_two = models.BooleanField(
        "a second person publishes pages",
        default=False,
        help_text="Who wrote a page or a snippet does not publish it: somebody else reads it first.",
    )
    anchor_address = models.EmailField(
        "e-mail address that keeps the daily anchor of the audit trail",
        blank=True,
        help_text="Of somebody outside the practice, such as an accountant: with what they keep, it shows if"
        " the trail was cut off or written anew.",
    )
    horizon_weeks = models.PositiveSmallIntegerField("weeks ahead that can be booked", default=8)
    reminder_hours = ArrayField(
        models.PositiveSmallIntegerField(
            validators=[MinValueValidator(1), MaxValueValidator(REMINDER_AT_MOST)]
        ),
        verbose_name="hours before a visit when patients are reminded",
        help_text="With commas between them, such as 24, 1. Leave it empty, and nobody is reminded.",
        default=a_day_and_an_hour,
        blank=True,
        size=MOST_REMINDERS,
    )

    # The practice's own limits on prescriptions. "Excessive quantities" are poor practice (Ahpra, 9 July
    # 2025), and no law says how much that is.
    registration_days = _limit("days after which a doctor's registration is to be verified again", 366)
    youngest_age = _limit("age from which patients are prescribed for", 18)
    shortest_minutes = _limit("minutes of talk below which a doctor is asked to think again", 5)
    most_repeats_s8 = _limit("most repeats of a Schedule 8 script", 5, least=0)
    most_repeats = _limit("most repeats of any other script", 11, least=0)
    most_packs = _limit("most packs on one script, repeats included", 60)
    most_grams_a_month = _limit("most grams of dried herb in 30 days", 60)
    most_thc_swallowed = _limit("mg of THC a day by mouth, above which a reason is asked", 60)
    most_thc_inhaled = _limit("mg of THC a day inhaled, above which a reason is asked", 300)
    most_scripts_a_day = _limit("scripts of one doctor in a day, above which they are asked to think", 60)
    expiring_days = _limit("days before an approval ends that it is shown as ending", 30)
    screening_days = _limit("days for which a patient's answers about risks count", 180)
    spoken_months = _limit("months after which a repeat needs another talk, not only a chat", 6)
    room_days = _limit("days after a visit during which its conversation can be written in", 7)
    rule_months = _limit("months after which the rules of a state are to be checked again", 12)

    objects = PracticeQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "practice"
        constraints = [
            models.CheckConstraint(condition=Q(only=True), name="%(app_label)s_%(class)s_only"),
            # A guardian's consent and a specialist's note would have to be on record for each of them.
            models.CheckConstraint(
                condition=Q(youngest_age__gte=18),
                name="%(app_label)s_%(class)s_adults_only",
                violation_error_message="Nobody under 18 is prescribed for here: a guardian’s consent and a"
                " specialist’s note cannot be recorded. Write 18 or more.",
            ),
            models.CheckConstraint(
                condition=Q(offer_minutes__gte=F("hold_minutes")),
                name="%(app_label)s_%(class)s_offers_last",
                violation_error_message="Keep a freed time at least as long as one held for payment.",
            ),
            models.CheckConstraint(
                condition=Q(follow_up_hours__gte=F("hold_minutes") / 60.0),
                name="%(app_label)s_%(class)s_follow_ups_last",
                violation_error_message="Hold a follow-up at least as long as any other time.",
            ),
            models.CheckConstraint(
                condition=Q(quiet_from__lte=23, quiet_until__lte=23),
                name="%(app_label)s_%(class)s_quiet_hours",
                violation_error_message="An hour of the day is a number from 0 to 23.",
            ),
            models.UniqueConstraint(
                fields=["only"],
                name="%(app_label)s_%(class)s_once",
                violation_error_message="There is one practice. Change its settings instead.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def today(self) -> datetime.date:
        """The date by the practice's clock."""
        return clocks.local(timezone.now(), zone=self.time_zone).date()

    @property
    def quiet_hours(self) -> tuple[int, int]:
        return self.quiet_from, self.quiet_until

    @property
    def address(self) -> str:
        return f"{self.street}, {self.suburb} {self.state} {self.postcode}".strip(" ,")
