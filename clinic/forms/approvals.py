"""Approvals of the TGA, as doctors and managers type them."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.utils import timezone
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminSingleDateWidget, UnfoldAdminTextareaWidget

from catalog.models import DoseForm
from clinic import authorising
from clinic.models import Approval, Practitioner
from config.base import Refused

PERIODS_SHOWN = 6


CHOOSE = ("", "Choose")
"""Nothing is chosen beforehand: what nobody read from the letter must not look as if somebody had."""
CATEGORIES = [CHOOSE, *((number, f"Category {number}") for number in range(1, 6))]


class AuthorityForm(forms.ModelForm):
    """An approval names category and dose form as products do, or it would fit none."""

    tga_category = forms.TypedChoiceField(
        label="TGA category",
        coerce=int,
        choices=CATEGORIES,
        widget=UnfoldAdminSelectWidget,
    )
    dose_form = forms.ChoiceField(choices=[CHOOSE, *DoseForm.choices], widget=UnfoldAdminSelectWidget)


class WithdrawDialog(BaseDialogForm):
    """From when, and why."""

    on = forms.DateField(label="From", widget=UnfoldAdminSingleDateWidget, initial=timezone.localdate)
    kind = forms.ChoiceField(
        label="What happened?", choices=Approval.Withdrawal, widget=UnfoldAdminSelectWidget
    )
    why = forms.CharField(
        label="Why?", widget=UnfoldAdminTextareaWidget, max_length=300, help_text="Kept in the history."
    )


class LetterForm(forms.Form):
    """The TGA's letter."""

    letter = forms.FileField(
        label="Letter of the TGA", help_text=f"PDF, PNG or JPEG, up to {authorising.MEGABYTES} MB."
    )

    def clean_letter(self) -> bytes:
        data: bytes = self.cleaned_data["letter"].read(authorising.LARGEST + 1)
        try:
            authorising.kind_of(data)
        except Refused as no:
            raise forms.ValidationError(str(no)) from None
        return data


class PeriodForm(forms.Form):
    """Of whom, and of which half-year, the figures are."""

    practitioner: forms.ModelChoiceField[Practitioner] = forms.ModelChoiceField(
        label="Doctor", queryset=None, empty_label=None
    )
    until = forms.TypedChoiceField(
        label="Half-year", coerce=datetime.date.fromisoformat, empty_value=None, required=False
    )

    def __init__(self, data: Any, *, doctors: Any, today: datetime.date) -> None:
        super().__init__(data, label_suffix="")
        self.periods = authorising.periods(today, count=PERIODS_SHOWN)
        self.fields["practitioner"].queryset = doctors  # type: ignore[attr-defined]
        self.fields["until"].choices = [  # type: ignore[attr-defined]
            (one.until_on.isoformat(), f"{one.from_on:%-d %b %Y} to {one.until_on:%-d %b %Y}")
            for one in self.periods
        ]

    @property
    def period(self) -> authorising.Period:
        return authorising.half_year(self.cleaned_data["until"])
