"""Hours, exceptions to them and single times, as managers type them."""

from __future__ import annotations

import re
from copy import copy
from datetime import date
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from billing.models import Fee
from billing.templatetags.money import dollars
from clinic import rostering
from clinic.forms.profile import ZONES
from clinic.forms.public import PublicWords
from clinic.models import Practice, Questionnaire, RosterException, State
from config.base import Refused, uuid7


class SeesOverlaps(forms.ModelForm):
    """Asks the database's own checks for overlaps before saving, when a form can still say so."""

    # Columns nobody types, which these checks look at; Django would leave the checks out for them.
    CHECKED: frozenset[str] = frozenset()

    def _get_validation_exclusions(self) -> set[str]:
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]  # the stubs lack it
        filled = {name for name in self.CHECKED if name not in self.fields}
        return excluded - filled if not self.errors else excluded


class RosterForm(SeesOverlaps):
    """Hours on one weekday, by the clock of where the practitioner is."""

    CHECKED = frozenset({"practitioner", "withdrawn_at"})

    time_zone = forms.ChoiceField(
        choices=[("", "The practitioner’s own"), *((zone, zone.replace("_", " ")) for zone in ZONES)],
        required=False,
        widget=UnfoldAdminSelectWidget,
    )

    def clean(self) -> dict[str, Any]:
        super().clean()
        cleaned = self.cleaned_data
        practitioner = cleaned.get("practitioner") or getattr(self.instance, "practitioner", None)
        if not cleaned.get("time_zone") and practitioner:
            cleaned["time_zone"] = practitioner.time_zone
        return cleaned


class AppointmentTypeForm(PublicWords):
    """A kind of appointment; its fees are those of the fee schedule, since nobody can book one without."""

    PUBLIC = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        day = Practice.objects.current().today()
        priced = {
            fee.code: f"{fee.description}, {dollars(fee.amount)} ({fee.code})" for fee in Fee.objects.on(day)
        }
        for name in ("new_fee", "returning_fee"):
            chosen = getattr(self.instance, name)
            label = cast("str", self._meta.model._meta.get_field(name).verbose_name)
            self.fields[name] = forms.ChoiceField(
                choices=sorted(({chosen: f"{chosen}: no price today"} | priced).items()),
                initial=chosen,
                label=label.capitalize(),
                help_text="From the fee schedule, as of today.",
                widget=UnfoldAdminSelectWidget,
            )
        self.fields["asks"] = forms.ChoiceField(
            choices=[
                (one.key, one.title)
                for one in Questionnaire.objects.order_by("key", "-version").distinct("key")
            ],
            initial=self.instance.asks,
            label="Questions before it",
            help_text="Asked as they were last published.",
            widget=UnfoldAdminSelectWidget,
        )


class SlotForm(SeesOverlaps):
    """An extra time; how long it takes, its kind says."""

    CHECKED = frozenset({"ends_at", "buffer_before", "buffer_after", "withdrawn_at"})

    class Meta:
        help_texts = {"starts_at": "By the practice’s clock. Patients see it by their own."}

    def clean(self) -> dict[str, Any]:
        super().clean()
        cleaned = self.cleaned_data
        kind, starts_at = cleaned.get("appointment_type"), cleaned.get("starts_at")
        if kind and starts_at:
            self.instance.buffer_before, self.instance.buffer_after = kind.buffer_before, kind.buffer_after
            try:
                self.instance.ends_at = rostering.planned_end(starts_at, kind=kind)
            except rostering.TimePassed as no:
                self.add_error("starts_at", str(no))
        return cleaned


class DatesField(forms.CharField):
    """Dates as people list them: one in each line, or with commas between."""

    def clean(self, value: Any) -> list[date]:
        text = super().clean(value)
        found: list[date] = []
        for typed in filter(None, (part.strip() for part in re.split(r"[\n,;]", text))):
            try:
                found.append(forms.DateField().clean(typed))
            except ValidationError:
                raise ValidationError(f"“{typed}” is not a date. Write it such as 24/12/2026.") from None
        return sorted(set(found))


class ExceptionForm(SeesOverlaps):
    """What is different on one date, on several in a row, or on any dates at once."""

    CHECKED = frozenset({"practitioner", "time_zone", "withdrawn_at"})

    class Meta:
        model = RosterException
        fields = ["kind", "practitioner", "state", "from_on", "until_on", "starts", "ends"]
        fields += ["appointment_type", "name"]
        labels = {"practitioner": "Practitioner", "appointment_type": "Kind of appointment"}
        help_texts = {
            "kind": "Leave closes everything. A public holiday closes the weekly hours only."
            " Other hours take the place of the weekly ones on these dates; an extra session adds to them.",
            "practitioner": "Empty for a public holiday of everybody or of a state.",
            "state": "For public holidays: those who work there. Empty for everybody.",
            "until_on": "Empty for one date.",
            "starts": "By the practitioner’s clock. Empty for whole days.",
            "appointment_type": "For an extra session or other hours.",
        }

    other_dates = DatesField(
        label="More dates",
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="The same on other dates: one in each line, such as 24/12/2026.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "until_on" in self.fields:  # a person who may only look has no fields
            self.fields["until_on"].required = False

    def clean(self) -> dict[str, Any]:
        super().clean()
        cleaned = self.cleaned_data
        if "until_on" in cleaned and not cleaned["until_on"]:
            cleaned["until_on"] = cleaned.get("from_on")
        if "practitioner" in self.fields:
            practitioner = cleaned.get("practitioner")
            self.instance.time_zone = practitioner.time_zone if practitioner else ""
        for name in ("until_on", "other_dates"):
            self._refuse_past(name)
        return cleaned

    def _refuse_past(self, name: str) -> None:
        typed = self.cleaned_data.get(name) or []
        for day in typed if isinstance(typed, list) else [typed]:
            try:
                rostering.refuse_past(day, zone=self.instance.time_zone)
            except Refused as no:
                self.add_error(name, str(no))
                return

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # the stubs lack it
        self.exceptions = [self.instance]
        if self.errors:
            return
        for day in self.cleaned_data.get("other_dates") or []:
            if not self.instance.from_on <= day <= self.instance.until_on:
                self.exceptions.append(self._on(day))

    def _on(self, day: date) -> RosterException:
        """The same on another date."""
        other = copy(self.instance)
        other.pk, other.from_on, other.until_on = uuid7(), day, day
        try:
            other.full_clean(exclude=self._get_validation_exclusions(), validate_unique=False)
        except ValidationError as no:
            self.add_error("other_dates", f"{day:%d/%m/%Y}: {' '.join(no.messages)}")
        return other


YEARS_AHEAD = 2


class HolidaysDialog(BaseDialogForm):
    """Of which states the public holidays are wanted, and of which year."""

    states = forms.MultipleChoiceField(
        choices=State.choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        error_messages={"required": "Tick the states in which your doctors work."},
    )
    year = forms.TypedChoiceField(coerce=int, widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        this_year = timezone.localdate().year
        years = range(this_year, this_year + 1 + YEARS_AHEAD)
        cast(forms.ChoiceField, self.fields["year"]).choices = [(year, str(year)) for year in years]
