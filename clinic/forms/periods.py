"""From which day to which."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.utils import timezone

LONGEST = datetime.timedelta(days=366)


class PeriodForm(forms.Form):
    """Two days of a register, the last month unless said."""

    first = forms.DateField(label="From", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    last = forms.DateField(label="to", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, asked: Any) -> None:
        today = timezone.localdate()
        likely = {"first": today - datetime.timedelta(days=30), "last": today}
        told = {name: asked.get(name) or day for name, day in likely.items()}
        super().__init__(told, label_suffix="")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and not first <= last <= first + LONGEST:
            raise forms.ValidationError("Choose two days in order, at most a year apart.")
        return cleaned
