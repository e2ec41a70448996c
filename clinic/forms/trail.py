"""What the auditor's desk asks for."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.utils import timezone

from clinic import sampling
from clinic.forms.periods import PeriodForm


class SampleForm(PeriodForm):
    """How many scripts of which days, and by which seed they are drawn."""

    number = forms.IntegerField(label="How many", min_value=1, max_value=sampling.MOST)
    seed = forms.CharField(label="Seed", max_length=60)

    def __init__(self, asked: Any) -> None:
        super().__init__(asked or {})
        self.is_bound = asked is not None
        if self.is_bound:
            self.data = {**self.data, **{name: asked.get(name, "") for name in ("number", "seed")}}
        else:
            self.initial = {**self.data, "number": 20}

    def wanted(self) -> dict[str, Any]:
        """What ``sampling.draw`` asks for; days are those of the practice's clock."""
        zone, midnight = timezone.get_current_timezone(), datetime.time()
        first, last = self.cleaned_data["first"], self.cleaned_data["last"] + datetime.timedelta(days=1)
        return {
            "number": self.cleaned_data["number"],
            "seed": self.cleaned_data["seed"],
            "first": datetime.datetime.combine(first, midnight, tzinfo=zone),
            "last": datetime.datetime.combine(last, midnight, tzinfo=zone),
        }


class ViewForm(forms.Form):
    """A choice of events under a name."""

    name = forms.CharField(label="Name", max_length=80)
    query = forms.CharField(max_length=1000, required=False, widget=forms.HiddenInput)
    is_shared = forms.BooleanField(label="For everybody who reads the trail", required=False)


class PackForm(forms.Form):
    """Why events are taken along."""

    why = forms.CharField(
        label="What for",
        max_length=300,
        widget=forms.Textarea({"rows": 3}),
        help_text="It stands in the trail. Name the request or the case, and no patient.",
    )
