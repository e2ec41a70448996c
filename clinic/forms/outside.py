"""What becomes of appointments outside their doctor's hours."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from clinic import following, offering
from clinic.forms.dates import day_field
from clinic.models import Appointment, Practitioner, Slot

REASON = {"required": "Please say why: it stays with the appointment."}


def reason(label: str = "Why?") -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=200,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text="Nothing about anybody’s health.",
        error_messages=REASON,
    )


class WhoseForm(forms.Form):
    """Whose appointments to look at."""

    practitioner = forms.ModelChoiceField(
        Practitioner.objects.none(),
        required=False,
        label="Doctor",
        empty_label="All doctors",
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, data: Any, *, practitioners: QuerySet[Practitioner]) -> None:
        super().__init__(data)
        cast(forms.ModelChoiceField, self.fields["practitioner"]).queryset = practitioners


class DecisionForm(forms.Form):
    """The same decision on many appointments."""

    chosen = forms.ModelMultipleChoiceField(
        Appointment.objects.none(),
        error_messages={
            "required": "Tick the appointments first.",
            "invalid_choice": "Somebody has dealt with one of these appointments. Please choose again.",
        },
    )
    decision = forms.ChoiceField(choices=[("keep", "Keep"), ("cancel", "Cancel")])
    why = reason()
    is_sure = forms.BooleanField(required=False)

    def __init__(self, data: Any = None, *, open_cases: QuerySet[Appointment]) -> None:
        super().__init__(data)
        cast(forms.ModelMultipleChoiceField, self.fields["chosen"]).queryset = open_cases


class ElsewhereForm(forms.Form):
    """With whom and on which day to look for another time."""

    doctor = forms.ModelChoiceField(
        Practitioner.objects.none(), required=False, empty_label="Any doctor", widget=UnfoldAdminSelectWidget
    )
    day = day_field(required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        cast(forms.ModelChoiceField, self.fields["doctor"]).queryset = offering.doctors()


class FollowUpForm(ElsewhereForm):
    """In how many weeks, with whom and on which day to look for the next visit."""

    weeks = forms.TypedChoiceField(
        choices=following.in_words(), coerce=int, required=False, widget=UnfoldAdminSelectWidget
    )


class MoveForm(forms.Form):
    """Another time for one appointment."""

    to = forms.ModelChoiceField(
        Slot.objects.none(),
        error_messages={
            "required": "Choose one of the times.",
            "invalid_choice": "This time is no longer offered. Please choose another.",
        },
    )
    why = reason()

    def __init__(self, data: Any = None, *, times: QuerySet[Slot]) -> None:
        super().__init__(data)
        cast(forms.ModelChoiceField, self.fields["to"]).queryset = times
