"""What is asked before a record is opened outside one's care, and when that is reviewed."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from clinic.breaking import Whom


class OpenForm(forms.Form):
    """Whom one means, unless a link said so, and why. Nothing here tells whether there is such a patient."""

    given_name = forms.CharField(label="Given name", max_length=150, widget=UnfoldAdminTextInputWidget)
    family_name = forms.CharField(label="Family name", max_length=150, widget=UnfoldAdminTextInputWidget)
    date_of_birth = forms.DateField(
        label="Date of birth",
        widget=UnfoldAdminTextInputWidget(attrs={"type": "date", "autocomplete": "off"}),
    )
    why = forms.CharField(
        label="Why do you need this record?",
        max_length=300,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="A few words that a manager understands. Leave out what the patient suffers from.",
    )

    def __init__(self, *args: Any, key: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.key = key
        if key:
            for name in ("given_name", "family_name", "date_of_birth"):
                del self.fields[name]

    def whom(self) -> Whom:
        said = {name: self.cleaned_data[name] for name in self.fields if name != "why"}
        return Whom(key=self.key, **said)


class ReviewForm(BaseDialogForm):
    note = forms.CharField(
        label="What did you find?",
        max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Whom you asked, and whether the reason holds. Nothing about anybody’s health.",
    )
