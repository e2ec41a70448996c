"""What staff write down about a patient's health and care, from any page that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.http import Http404

from clinic import consenting
from clinic.forms.profile import PhoneField
from clinic.models import Alert, Allergy, Condition, Consent, NoneKnown, OtherMedicine

if TYPE_CHECKING:
    from clinic.models import Patient, User

FACTS: dict[str, type[Any]] = {
    "allergy": Allergy,
    "condition": Condition,
    "medicine": OtherMedicine,
    "alert": Alert,
}


class CareForm(forms.Form):
    """A form about one patient; several stand on one page, so each has ids of its own."""

    def __init__(self, *args: Any, patient: Patient, user: User, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", f"care-{type(self).__name__.removesuffix('Form').lower()}-%s")
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.patient, self.user = patient, user


def _choice(label: str, choices: Any, empty: str) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=[("", empty), *choices], required=False)


class AllergyForm(CareForm):
    substance = forms.CharField(label="Allergy to", max_length=200)
    reaction = forms.CharField(max_length=200, required=False)
    severity = _choice("Severity", Allergy.Severity.choices, "Not known")


class ConditionForm(CareForm):
    name = forms.CharField(label="Condition", max_length=200)
    since = forms.CharField(max_length=40, required=False)
    risk = _choice("Counts as", Condition.Risk.choices, "None of these")
    code = forms.CharField(label="SNOMED CT-AU code", max_length=30, required=False)


class MedicineForm(CareForm):
    name = forms.CharField(label="Name of the medicine", max_length=200)
    dose = forms.CharField(max_length=200, required=False)
    risk = _choice("Counts as", OtherMedicine.Risk.choices, "None of these")


class AlertForm(CareForm):
    text = forms.CharField(label="What everybody should see first", max_length=300)


class EndForm(CareForm):
    kind = forms.ChoiceField(choices=[(kind, kind) for kind in FACTS], widget=forms.HiddenInput)
    fact = forms.UUIDField(widget=forms.HiddenInput)
    why = forms.CharField(label="Why?", max_length=200)

    def found(self) -> Any:
        """The fact that is ended; of this patient, or not found."""
        model = FACTS[self.cleaned_data["kind"]]
        rows = model.objects.visible_to(self.user).filter(patient=self.patient, pk=self.cleaned_data["fact"])
        if (fact := rows.first()) is None:
            raise Http404
        return fact


class NoneForm(CareForm):
    kind = forms.ChoiceField(choices=NoneKnown.Kind)


class GpForm(CareForm):
    gp_name = forms.CharField(label="Name", max_length=150, required=False)
    gp_practice = forms.CharField(label="Practice", max_length=150, required=False)
    gp_address = forms.CharField(label="Address", max_length=200, required=False)
    gp_phone = PhoneField(label="Telephone", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.fields:
            self.initial.setdefault(name, getattr(self.patient, name))


class AnswerForm(CareForm):
    KINDS = (*consenting.CLASSES.values(), Consent.Kind.SHARE_GP)

    kind = forms.ChoiceField(choices=[(kind, kind.label) for kind in KINDS])
    answer = forms.ChoiceField(choices=Consent.Answer)
    why = forms.CharField(label="In the patient's words", max_length=300, required=False)
