"""What a patient chooses and agrees to when booking."""

from __future__ import annotations

from typing import Any, cast

from django import forms

from clinic import following, offering
from clinic.forms.dates import day_field
from clinic.forms.seen import SeenForm
from clinic.models import AppointmentType, Practitioner


class WishForm(forms.Form):
    """Which appointment, with whom, on which day; what is left out is chosen for them."""

    kind = forms.ModelChoiceField(AppointmentType.objects.none(), required=False, label="Kind of appointment")
    doctor = forms.ModelChoiceField(
        Practitioner.objects.none(), required=False, label="Doctor", empty_label="Any doctor"
    )
    weeks = forms.TypedChoiceField(
        choices=[("", "As soon as possible"), *following.in_words()],
        coerce=int,
        empty_value=None,
        required=False,
        label="When",
        error_messages={"invalid_choice": "Choose in how many weeks."},
    )
    day = day_field(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind, doctor = (cast(forms.ModelChoiceField, self.fields[name]) for name in ("kind", "doctor"))
        kind.queryset, doctor.queryset = offering.kinds(), offering.doctors()
        kind.error_messages["invalid_choice"] = (
            "This kind of appointment is not offered. Please choose another."
        )
        doctor.error_messages["invalid_choice"] = (
            "This doctor does not take bookings now. Please choose another."
        )


class HoldForm(SeenForm):
    """The patient's yes, without which nothing is held, and which words they saw."""

    unseen = (
        "Please read on this page what you agree to, then tick the box and press the button again:"
        " we could not tell which words you saw."
    )

    agree = forms.BooleanField()

    def __init__(self, data: Any = None, *, points: int = 3, read: str = "") -> None:
        super().__init__(data, initial={"read": read})
        agreed, read = {1: ("this", "this point"), 2: ("both", "both points")}.get(
            points, ("all three", "the three points")
        )
        agree = self.fields["agree"]
        agree.label = f"I have read and agree to {agreed}"
        agree.error_messages["required"] = f"Please read {read} and tick the box to go on."


class TimeForm(HoldForm):
    """The patient's yes to one time, with the fee, the policy and the words that they saw."""

    unseen = (
        "Please read on this page what the visit costs and what cancelling costs, then tick the box and press"
        " the button again: we could not tell which fee and terms you saw."
    )


class CancelForm(SeenForm):
    """Why the patient cancels, if they want to say, and the sum that they saw."""

    unseen = (
        "Please read on this page what you get back, and press the button again:"
        " we could not tell which sum you saw."
    )

    why = forms.CharField(
        label="Would you like to tell us why?",
        help_text="The whole practice can read this. Please write nothing about your health here.",
        required=False,
        max_length=300,
    )
