"""What a patient asks the waiting list for."""

from __future__ import annotations

import datetime
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError

from clinic import offering
from clinic.forms.dates import day_field
from clinic.models import Practitioner, Roster, WaitlistEntry
from clinic.waitlisting import Wish

WAITS = datetime.timedelta(weeks=4)
"""How long somebody waits who does not say until when."""
DATE = {"type": "date"}


class WaitForm(forms.Form):
    """Which times would suit; what is left out, any."""

    until_on = day_field(label="Until", widget=forms.DateInput(DATE, format="%Y-%m-%d"))
    from_on = day_field(label="Not before", widget=forms.DateInput(DATE, format="%Y-%m-%d"))
    practitioners = forms.ModelMultipleChoiceField(
        Practitioner.objects.none(),
        label="With",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Tick nobody, and any doctor will do.",
        error_messages={
            "invalid_choice": "This doctor does not take bookings now. Please choose another.",
            "invalid_pk_value": "This doctor does not take bookings now. Please choose another.",
        },
    )
    weekdays = forms.TypedMultipleChoiceField(
        label="On",
        coerce=int,
        choices=Roster.Weekday.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Tick no day, and any day will do.",
    )
    parts = forms.MultipleChoiceField(
        label="At",
        choices=WaitlistEntry.Part.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="By your own clock. Tick nothing, and any time of the day will do.",
    )
    field_order = ("from_on", "until_on", "practitioners", "weekdays", "parts")

    def __init__(self, data: Any = None, *, today: datetime.date, initial: Any = None) -> None:
        super().__init__(data, initial={"from_on": today, "until_on": today + WAITS, **(initial or {})})
        cast(forms.ModelMultipleChoiceField, self.fields["practitioners"]).queryset = offering.doctors()
        for name in ("from_on", "until_on"):
            self.fields[name].error_messages["required"] = "Please choose a date."

    def clean(self) -> None:
        first, last = (self.cleaned_data.get(name) for name in ("from_on", "until_on"))
        if first and last and last < first:
            self.add_error("until_on", ValidationError("This date lies before the first one."))

    @property
    def wish(self) -> Wish:
        return Wish(**self.cleaned_data)
