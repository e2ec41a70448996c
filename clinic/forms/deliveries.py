"""What is filled in about an original on its way to a pharmacy."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextInputWidget,
)

from clinic.models import Original, Pharmacy


class PharmacyForm(BaseDialogForm):
    pharmacy: forms.ModelChoiceField[Pharmacy] = forms.ModelChoiceField(
        queryset=None,
        widget=UnfoldAdminSelectWidget,
        help_text="Those in the state for which it was written. More can be added under Pharmacies.",
        error_messages={"invalid_choice": "Choose a pharmacy in the state for which it was written."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        originals = Original.objects.visible_to(self.request.user).filter(pk=self.object_id)
        state, chosen = originals.values_list("prescription__dispense_state", "pharmacy").first() or (
            "",
            None,
        )
        offered = Pharmacy.objects.visible_to(self.request.user).offered()
        self.fields["pharmacy"].queryset = offered.filter(state=state)
        self.fields["pharmacy"].initial = chosen  # by the patient, before


class SendForm(PharmacyForm):
    way = forms.ChoiceField(label="How", choices=Original.Way, widget=UnfoldAdminSelectWidget)
    tracking = forms.CharField(
        label="Tracking number", max_length=60, required=False, widget=UnfoldAdminTextInputWidget
    )


class CallForm(BaseDialogForm):
    caller = forms.CharField(label="Who rang", max_length=80, widget=UnfoldAdminTextInputWidget)
    text = forms.CharField(label="What they said", max_length=300, widget=UnfoldAdminTextInputWidget)
    dispensed_on = forms.DateField(label="Dispensed on", required=False, widget=UnfoldAdminSingleDateWidget)
