"""Writing a notice to patients, and stopping one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextareaWidget

from clinic import broadcasting
from clinic.models import Broadcast
from config.base import Refused


class BroadcastForm(forms.ModelForm):
    class Meta:
        model = Broadcast
        fields = ("subject", "text", "state", "practitioner", "visited_since", "is_marketing")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if {"subject", "text"} <= cleaned.keys():
            try:
                broadcasting.check_words(subject=cleaned["subject"], text=cleaned["text"])
            except Refused as no:
                raise ValidationError(str(no)) from no
        return cleaned


class StopForm(BaseDialogForm):
    why = forms.CharField(
        label="Why it is stopped",
        max_length=300,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )
