"""What patients tell about themselves."""

from __future__ import annotations

from typing import Any, cast

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from clinic import identifiers
from clinic.forms.identifiers import CardEndField
from clinic.models import Patient, State

ZONES = (
    "Australia/Sydney",
    "Australia/Melbourne",
    "Australia/Brisbane",
    "Australia/Adelaide",
    "Australia/Darwin",
    "Australia/Perth",
    "Australia/Hobart",
    "Australia/Broken_Hill",
    "Australia/Eucla",
    "Australia/Lord_Howe",
    "Pacific/Norfolk",
    "Indian/Christmas",
    "Indian/Cocos",
)
IDENTITY = ("given_name", "family_name", "date_of_birth")
OLDEST = 120  # years


class PhoneField(forms.CharField):
    """A telephone number as people write it, kept as it is dialled in Australia."""

    widget = forms.TextInput(attrs={"type": "tel", "inputmode": "tel"})

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        if not text:
            return ""
        try:
            number = phonenumbers.parse(text, "AU")
        except phonenumbers.NumberParseException as error:
            raise ValidationError("Please enter a telephone number, such as 0412 345 678.") from error
        if not phonenumbers.is_valid_number(number):
            raise ValidationError(
                "This is not a telephone number that can be called. Please check the digits."
            )
        at_home = number.country_code == 61
        style = (
            phonenumbers.PhoneNumberFormat.NATIONAL
            if at_home
            else phonenumbers.PhoneNumberFormat.INTERNATIONAL
        )
        return phonenumbers.format_number(number, style)


class ProfileForm(forms.Form):
    """Who the patient is and how to reach them; what a script needs is marked as such."""

    given_name = forms.CharField(label="Given names", max_length=100, required=False)
    family_name = forms.CharField(label="Family name", max_length=100)
    date_of_birth = forms.DateField(
        label="Date of birth", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    phone = PhoneField(label="Telephone")
    street = forms.CharField(label="Street address", max_length=150)
    suburb = forms.CharField(label="Suburb or town", max_length=80)
    state = forms.ChoiceField(label="State", choices=[("", "Choose"), *State.choices])
    postcode = forms.RegexField(
        r"^\d{4}$",
        label="Postcode",
        error_messages={"invalid": "A postcode has four digits."},
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    time_zone = forms.ChoiceField(
        label="Time zone", help_text="Times on these pages and in letters are by this clock."
    )
    medicare_number = forms.CharField(
        label="Medicare number", required=False, max_length=20, help_text="The ten digits on your card."
    )
    medicare_irn = forms.CharField(
        label="Your number on the card", required=False, max_length=1, help_text="The digit beside your name."
    )
    medicare_until_on = CardEndField(label="Card valid to", help_text="As printed: 09/2028.")
    emergency_name = forms.CharField(label="Emergency contact", max_length=100)
    emergency_phone = PhoneField(label="Their telephone")
    gp_name = forms.CharField(label="Your usual GP", max_length=150, required=False)

    SECTIONS = (
        ("About you", ("given_name", "family_name", "date_of_birth", "phone", "time_zone")),
        ("Where you live", ("street", "suburb", "state", "postcode")),
        ("In an emergency", ("emergency_name", "emergency_phone")),
        ("Your other care", ("medicare_number", "medicare_irn", "medicare_until_on", "gp_name")),
    )
    AUTOCOMPLETE = {
        "given_name": "given-name",
        "family_name": "family-name",
        "date_of_birth": "bday",
        "phone": "tel",
        "street": "street-address",
        "suburb": "address-level2",
        "state": "address-level1",
        "postcode": "postal-code",
    }

    def __init__(self, patient: Patient, data: Any = None) -> None:
        user = patient.user
        zones = [*ZONES, *([user.time_zone] if user.time_zone not in ZONES else [])]
        initial = {name: getattr(user if hasattr(user, name) else patient, name) for name in self.base_fields}
        super().__init__(data, initial=initial)
        cast(forms.ChoiceField, self.fields["time_zone"]).choices = [
            (zone, zone.replace("/", " – ").replace("_", " ")) for zone in zones
        ]
        for field in self.fields.values():
            field.error_messages["required"] = "Please fill this in."
        for name, hint in self.AUTOCOMPLETE.items():
            self.fields[name].widget.attrs["autocomplete"] = hint
        if patient.identified_at:
            for name in IDENTITY:
                self.fields[name].disabled = True

    def sections(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [(title, [self[name] for name in names]) for title, names in self.SECTIONS]

    def clean_date_of_birth(self):
        born = self.cleaned_data["date_of_birth"]
        today = timezone.localdate()
        if born and not today.replace(year=today.year - OLDEST, day=1) < born <= today:
            raise ValidationError("Please enter the day you were born.")
        return born

    def clean_medicare_number(self) -> str:
        return self._identifier("medicare_number", identifiers.MEDICARE)

    def clean_medicare_irn(self) -> str:
        return self._identifier("medicare_irn", identifiers.IRN)

    def _identifier(self, name: str, kind: identifiers.Kind) -> str:
        value = kind.parse(self.cleaned_data[name])
        finding = kind.check(value) if value else identifiers.FINE
        if finding.severity == identifiers.Severity.ERROR:
            raise ValidationError(finding.sentence)
        return value
