"""What is filled in about an incident: the entry itself, whom to look for, and what was decided."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.apps import apps
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from clinic import assessing
from clinic.forms.dates import day_field
from clinic.models import Incident, User
from config.base import Refused

KINDS_OF = ("clinic", "messaging", "billing")


class IncidentForm(forms.ModelForm):
    class Meta:
        model = Incident
        fields = (
            "name",
            "aware_on",
            "what_happened",
            "information",
            "containment",
            "advice",
            "notice",
            "statement",
        )

    def clean_aware_on(self) -> datetime.date:
        day: datetime.date = self.cleaned_data["aware_on"]
        try:
            assessing.check_day(day)
        except Refused as no:
            raise forms.ValidationError(str(no)) from no
        return day


class DecisionForm(BaseDialogForm):
    reasons = forms.CharField(
        label="Reasons",
        max_length=4000,
        widget=UnfoldAdminTextareaWidget,
        help_text="Why serious harm is likely or not, and what was done. Your name stands beside them.",
    )


class LodgeForm(BaseDialogForm):
    lodged_on = day_field(label="Lodged with the OAIC on", widget=UnfoldAdminSingleDateWidget)
    reference = forms.CharField(
        label="Reference of the OAIC", max_length=60, required=False, widget=UnfoldAdminTextInputWidget
    )


def kinds_of_record() -> list[tuple[str, str]]:
    """The kinds of record that the trail tells of with a patient, in words."""
    models = [model for label in KINDS_OF for model in apps.get_app_config(label).get_models()]
    told = [(m._meta.label_lower, str(m._meta.verbose_name).capitalize()) for m in models]
    return sorted((one for one in told if "historical" not in one[0]), key=lambda one: one[1])


class SearchForm(BaseDialogForm):
    """Whom to look for in the trail. Every line narrows it; one of the first four is needed."""

    person = forms.CharField(
        label="Who (e-mail address)", max_length=254, required=False, widget=UnfoldAdminTextInputWidget
    )
    session = forms.RegexField(
        r"^[0-9a-f]{16}$",
        label="Session",
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="As the audit trail writes it: sixteen letters and digits.",
        error_messages={"invalid": "A session is sixteen letters and digits, as the audit trail writes it."},
    )
    address = forms.GenericIPAddressField(
        label="From where (IP address)", required=False, widget=UnfoldAdminTextInputWidget
    )
    first = day_field(label="From", required=False, widget=UnfoldAdminSingleDateWidget)
    last = day_field(label="To, that day included", required=False, widget=UnfoldAdminSingleDateWidget)
    record_type = forms.ChoiceField(
        label="Kind of record", required=False, widget=UnfoldAdminSelectWidget, choices=list
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["record_type"].choices = [("", "All"), *kinds_of_record()]

    def clean_person(self) -> User | None:
        email = self.cleaned_data["person"]
        if not email:
            return None
        found: User | None = User.objects.visible_to(self.request.user).filter(email__iexact=email).first()
        if found is None:
            raise forms.ValidationError("Nobody has this e-mail address. Look for it under Accounts.")
        return found
