"""A new version of what cancelling costs, as managers type it."""

from __future__ import annotations

import datetime

from django import forms

from clinic.models import CancellationPolicy, Practice


class CancellationPolicyForm(forms.ModelForm):
    class Meta:
        model = CancellationPolicy
        fields = ("effective_from", "free_hours", "keep_percent", "missed_percent")

    def clean_effective_from(self) -> datetime.date:
        """Nobody booked on terms that were not written down yet."""
        day = self.cleaned_data["effective_from"]
        if day < Practice.objects.current().today():
            raise forms.ValidationError(
                "Choose today or a later date. Earlier bookings keep their own terms."
            )
        return day
