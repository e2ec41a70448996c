"""Fields for numbers that others give: an error refuses, a doubt asks for a second look."""

from __future__ import annotations

import calendar
import datetime
import re
from typing import Any, ClassVar

from django import forms
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from clinic import spelling
from clinic.forms.public import PublicWords
from clinic.identifiers import KINDS, Severity
from clinic.models import Practitioner


class IdentifierField(forms.CharField):
    """One number, typed with or without spaces."""

    def __init__(self, kind: str, *, required: bool = False, **options: Any) -> None:
        super().__init__(
            required=required,
            max_length=40,
            widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
            **options,
        )
        self.kind = KINDS[kind]

    def clean(self, value: Any) -> str:
        number = self.kind.parse(super().clean(value))
        finding = self.kind.check(number)
        if number and finding.severity == Severity.ERROR:
            raise forms.ValidationError(finding.sentence)
        return number


class CardEndField(forms.CharField):
    """How long a Medicare card is valid, as printed: a month, until its last day, or a single day."""

    MONTH = re.compile(r"(\d{1,2})/(\d{4})")

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=20, **options)

    def prepare_value(self, value: Any) -> Any:
        return spelling.card_end(value) if isinstance(value, datetime.date) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)

    def clean(self, value: Any) -> Any:
        text = super().clean(value).replace(" ", "")
        if not text:
            return None
        try:
            if found := self.MONTH.fullmatch(text):
                month, year = map(int, found.groups())
                return datetime.date(year, month, calendar.monthrange(year, month)[1])
            return datetime.datetime.strptime(text, "%d/%m/%Y").date()  # noqa: DTZ007  it is a date alone
        except ValueError:
            raise forms.ValidationError("Write month and year as on the card: 09/2028.") from None


class ChecksIdentifiers(forms.Form):
    """Asks for a second look at doubtful numbers; ``why`` then says that somebody took it."""

    acknowledged = forms.BooleanField(
        label="I compared these numbers with the card or letter",
        help_text="Needed only when a number looks unusual.",
        required=False,
        widget=UnfoldBooleanWidget,
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        self.doubts = {
            name: field.kind.check(data[name]).sentence
            for name, field in self.fields.items()
            if isinstance(field, IdentifierField) and data.get(name) and name in self.changed_data
        }
        self.doubts = {name: sentence for name, sentence in self.doubts.items() if sentence}
        if not data.get("acknowledged"):
            for name, sentence in self.doubts.items():
                self.add_error(name, f"{sentence} If it is right, tick the box below the numbers.")
        return data

    @property
    def why(self) -> str:
        """What the history says about numbers that were kept in spite of a doubt."""
        return " ".join(["Compared with card or letter:", *self.doubts.values()]) if self.doubts else ""


class PractitionerForm(ChecksIdentifiers, PublicWords):
    """A practitioner's details with their numbers."""

    PUBLIC = ("title", "qualifications", "speciality", "about")

    ahpra_number = IdentifierField("ahpra", label="Ahpra number", required=True)
    prescriber_number = IdentifierField("prescriber")
    provider_number = IdentifierField("provider")
    hpii = IdentifierField("hpii", label="HPI-I")

    class Meta:
        model = Practitioner
        fields: ClassVar[list[str]] = [
            "user",
            "ahpra_number",
            "prescriber_number",
            "provider_number",
            "provider_postcode",
            "hpii",
        ]


class PatientNumbersForm(ChecksIdentifiers, BaseDialogForm):
    """A patient's numbers, typed from the card; what is left empty stays as it is."""

    medicare_number = IdentifierField("medicare", label="Medicare number")
    medicare_irn = IdentifierField("irn", label="Reference number in front of the name (IRN)")
    medicare_until_on = CardEndField(
        label="Card valid to", help_text="As printed: 09/2028.", widget=UnfoldAdminTextInputWidget
    )
    ihi = IdentifierField("ihi", label="IHI")
    field_order = [
        "_form_submitted",
        "medicare_number",
        "medicare_irn",
        "medicare_until_on",
        "ihi",
        "acknowledged",
    ]

    def numbers(self) -> dict[str, Any]:
        """What was typed. Eleven digits of a card are its number and the reference number behind it."""
        card, irn = self.cleaned_data["medicare_number"], self.cleaned_data["medicare_irn"]
        typed = {
            "medicare_number": card[:10],
            "medicare_irn": irn or card[10:],
            "medicare_until_on": self.cleaned_data["medicare_until_on"],
            "ihi": self.cleaned_data["ihi"],
        }
        return {name: number for name, number in typed.items() if number}
