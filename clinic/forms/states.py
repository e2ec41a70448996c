"""The rules of a state, as managers type them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextareaWidget,
)

from catalog.models import DoseForm
from clinic.forms.rosters import SeesOverlaps
from clinic.models import StateRule

NEW, CORRECTION = "new", "correction"
HOW = [
    (NEW, "The state changed its rules: these begin on the date below, and the old ones end the day before"),
    (CORRECTION, "We had written it down wrongly: these stand in their place from the start"),
]
LOCAL = [(None, "Not known (counts as yes)"), (True, "Yes"), (False, "No")]
TOLD = {"true": True, "True": True, "false": False, "False": False}


class StateRuleForm(SeesOverlaps):
    """Facts of one state; changing them says whether the state changed, or only what we knew of it."""

    is_local_only = forms.TypedChoiceField(
        label="Prescriber must be and practise there",
        choices=LOCAL,
        coerce=TOLD.get,
        empty_value=None,
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="Schedule 8. The prescriber confirms it in each consultation.",
    )
    blocked_forms = forms.MultipleChoiceField(
        label="Dose forms not allowed",
        choices=DoseForm,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="Schedule 8.",
    )
    how = forms.ChoiceField(
        label="What happened?", choices=HOW, required=False, widget=UnfoldAdminRadioSelectWidget
    )
    starts_on = forms.DateField(label="New rules from", required=False, widget=UnfoldAdminSingleDateWidget)
    why = forms.CharField(
        label="Why, and where it stands",
        max_length=300,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text="Kept in the history.",
    )

    class Meta:
        model = StateRule
        fields = "__all__"

    def clean_checked_on(self) -> Any:
        day = self.cleaned_data["checked_on"]
        if day and day > timezone.localdate():
            raise forms.ValidationError("Nobody can have checked it on a day that is still to come.")
        return day

    def clean(self) -> dict[str, Any]:
        super().clean()
        if self.instance.pk and not self.instance._state.adding:
            if not self.cleaned_data.get("how"):
                self.add_error("how", "Say whether the state changed its rules, or we had them wrong.")
            elif self.cleaned_data["how"] == NEW and not self.cleaned_data.get("starts_on"):
                self.add_error("starts_on", "Say from which date the new rules count.")
        return self.cleaned_data
