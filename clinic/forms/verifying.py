"""What somebody who holds a paper fills in."""

from django import forms


class BirthForm(forms.Form):
    born_on = forms.DateField(
        label="Patient’s date of birth",
        help_text="As it stands on the paper.",
        widget=forms.DateInput({"type": "date", "autocomplete": "off"}, format="%Y-%m-%d"),
        error_messages={"required": "Type the date of birth.", "invalid": "This is not a date."},
    )
