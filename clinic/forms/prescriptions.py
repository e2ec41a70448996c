"""What a doctor fills in for a prescription."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.shortcuts import get_object_or_404

from catalog import listing
from catalog.models import DoseForm, Product
from catalog.models.products import Schedule
from clinic.forms.approvals import CATEGORIES, CHOOSE
from clinic.forms.desk import DeskForm
from clinic.models import Approval, MonitoringCheck, Prescription, PrescriptionLine, State

REASON = "reason-"
CONSIDERED = "Considered."
LONGEST_REASON = 500


class LineForm(DeskForm):
    product: forms.ModelChoiceField[Product] = forms.ModelChoiceField(
        label="Medicine",
        queryset=None,
        widget=forms.HiddenInput,
        error_messages={
            "required": "Find a medicine and choose it.",
            "invalid_choice": "This medicine cannot be prescribed. Choose another.",
        },
    )
    quantity = forms.IntegerField(label="Packs", min_value=1, max_value=60, initial=1)
    repeats = forms.IntegerField(min_value=0, max_value=11, initial=0)
    interval_days = forms.IntegerField(
        label="Days between repeats", min_value=1, max_value=365, required=False
    )
    directions = forms.CharField(max_length=300, widget=forms.Textarea({"rows": 2}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["product"].queryset = listing.prescribable(self.user)  # type: ignore[attr-defined]


class NarrowForm(forms.Form):
    """What narrows the medicines to choose from; each field is a fact of the product."""

    prefix = "narrow"
    tga_category = forms.TypedChoiceField(
        label="Category", choices=[("", "Any"), *((n, n) for n in range(1, 6))], coerce=int, required=False
    )
    schedule = forms.ChoiceField(choices=[("", "Any"), *Schedule.choices], required=False)
    dose_form = forms.ChoiceField(label="Form", choices=[("", "Any"), *DoseForm.choices], required=False)

    @property
    def wanted(self) -> dict[str, Any]:
        """The facts that were asked for, of a form that is valid."""
        return {name: value for name, value in self.cleaned_data.items() if value}


class OfDraftForm(DeskForm):
    """A form about one prescription of the consultation."""

    prescription = forms.UUIDField(widget=forms.HiddenInput)

    def found(self) -> Prescription:
        visible = Prescription.objects.visible_to(self.user).filter(encounter=self.encounter)
        return get_object_or_404(visible, pk=self.cleaned_data["prescription"])


class RemoveForm(DeskForm):
    line = forms.UUIDField(widget=forms.HiddenInput)

    def found(self) -> PrescriptionLine:
        visible = PrescriptionLine.objects.visible_to(self.user).written()
        return get_object_or_404(
            visible, pk=self.cleaned_data["line"], prescription__encounter=self.encounter
        )


class DestinationForm(OfDraftForm):
    state = forms.ChoiceField(label="Dispensed in", choices=[("", "Choose"), *State.choices])
    authority = forms.CharField(label="State authority number", max_length=60, required=False)
    indication = forms.CharField(max_length=200, required=False)


class IssueForm(OfDraftForm):
    read = forms.CharField(
        label="The form",
        max_length=64,
        widget=forms.HiddenInput,
        error_messages={"required": "was not sent along. Reload the page, read it again, then sign."},
    )
    code = forms.CharField(
        label="Code of your authenticator app",
        max_length=12,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )

    @property
    def reasons(self) -> dict[str, str]:
        """Answers to checks that may be answered, by the check's name.

        One tick answers all the warnings that were shown, and no other.
        """
        told = {
            name.removeprefix(REASON): _legible(self.data[name])
            for name in self.data
            if name.startswith(REASON)
        }
        if self.data.get("considered"):
            words = _legible(self.data.get("considered-note", "")) or CONSIDERED
            told = dict.fromkeys(cast(QueryDict, self.data).getlist("warned"), words) | told
        return told


def _legible(words: str) -> str:
    """What was typed, as it can be stored and printed: without NUL, on one line, not too long."""
    return " ".join(str(words).replace("\x00", "").split())[:LONGEST_REASON]


class MonitoringForm(DeskForm):
    state = forms.ChoiceField(label="State", choices=[("", "Choose"), *State.choices])
    result = forms.ChoiceField(choices=MonitoringCheck.Result)
    reference = forms.CharField(max_length=60, required=False)


class ScreeningForm(DeskForm):
    depends_on_drugs = forms.BooleanField(
        label="The patient depends on drugs, or is treated for it", required=False
    )
    is_relative = forms.BooleanField(label="The patient is my relative or close friend", required=False)


class ApprovalForm(DeskForm, forms.ModelForm):
    tga_category = forms.TypedChoiceField(label="TGA category", coerce=int, choices=CATEGORIES)
    dose_form = forms.ChoiceField(choices=[CHOOSE, *DoseForm.choices])

    class Meta:
        model = Approval
        fields = ["pathway", "reference", "tga_category", "dose_form", "indication", "from_on", "until_on"]
        widgets = {
            "from_on": forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
            "until_on": forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        }
