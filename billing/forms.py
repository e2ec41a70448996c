"""What billing's pages ask for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from billing.periods import EARLIEST, LATEST, Period, usual


class DayForm(forms.Form):
    """Which day of the practice's money is looked at."""

    day = forms.DateField(validators=[MinValueValidator(EARLIEST), MaxValueValidator(LATEST)])


class PeriodForm(forms.Form):
    """From which day to which; what is left out is taken from ``usual_name`` of the usual periods."""

    first = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}))

    usual_name = "This financial year"

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        standard = usual()[self.usual_name]
        first, last = given.get("first") or standard.first, given.get("last") or standard.last
        if self.errors:
            return given
        if not all(EARLIEST <= day <= LATEST for day in (first, last)):
            raise forms.ValidationError(f"Please choose days of the years {EARLIEST:%Y} to {LATEST:%Y}.")
        if last < first:
            raise forms.ValidationError("Please choose a last day that is not before the first.")
        return {"period": Period(first, last, standard.zone)}

    @property
    def period(self) -> Period:
        """What was asked for, or where that makes no sense, the usual."""
        return self.cleaned_data["period"] if self.is_valid() else usual()[self.usual_name]

    @property
    def complaint(self) -> str:
        """What is wrong with what was asked for, in a sentence."""
        if self.is_valid():
            return ""
        return " ".join(str(one) for one in self.non_field_errors()) or "Please write both days as dates."
