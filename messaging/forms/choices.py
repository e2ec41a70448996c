"""Which letters somebody wants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError

from messaging import choosing
from messaging.kinds import Group
from messaging.models import Mobile

if TYPE_CHECKING:
    from clinic.models import User

HELP = {
    Group.REMINDERS: "Some hours before an appointment. Without them, keep a note of the time yourself.",
    Group.MESSAGES: "When a message has been unread for ten minutes. It does not say who wrote, or what.",
    Group.PAPERS: "When something new is on your pages. It stays there, whether we write to you or not.",
    Group.NOTICES: "Opening hours, a new telephone number, a doctor who is away. Never about your health.",
}


class ChoicesForm(forms.Form):
    """One box for each group of letters that ``user`` may do without."""

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(data)
        wanted = choosing.wanted_by(user)
        for group in choosing.offered_to(user):
            self.fields[group] = forms.BooleanField(
                label=group.label, required=False, initial=group in wanted, help_text=HELP[group]
            )

    @property
    def wanted(self) -> list[str]:
        return [str(name) for name, is_wanted in self.cleaned_data.items() if is_wanted]


class TextsForm(forms.Form):
    """Whether ``user`` wants SMS, too, and where."""

    by_sms = forms.BooleanField(
        label="Send me an SMS as well",
        required=False,
        help_text="When an appointment is near, a time you hold or wait for is about to go, or a message is"
        " waiting. Answer STOP to an SMS to end them.",
    )
    mobile = forms.CharField(
        label="Mobile number",
        required=False,
        max_length=20,
        help_text="An Australian one, such as 0412 345 678.",
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )

    def __init__(self, user: User, data: Any = None) -> None:
        known = Mobile.objects.filter(person=user).first()
        first = {"by_sms": known.is_on, "mobile": _as_dialled(known.number)} if known else {}
        super().__init__(data, initial=first)

    def clean_mobile(self) -> str:
        text = self.cleaned_data["mobile"].strip()
        if not self.cleaned_data.get("by_sms"):
            return ""
        if number := _as_sent(text):
            return number
        raise ValidationError("Please enter an Australian mobile number, such as 0412 345 678.")


def _as_sent(text: str) -> str:
    """Write a mobile number as providers want it; empty when it is none of an Australian."""
    try:
        number = phonenumbers.parse(text, "AU")
    except phonenumbers.NumberParseException:
        return ""
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return written if phonenumbers.is_valid_number(number) and written.startswith("+614") else ""


def _as_dialled(number: str) -> str:
    style = phonenumbers.PhoneNumberFormat.NATIONAL
    return phonenumbers.format_number(phonenumbers.parse(number, "AU"), style)
