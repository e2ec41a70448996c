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
        queryset=None, widget=UnfoldAdminSelectWidget
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = Pharmacy.objects.visible_to(self.request.user).offered()
        self.fields["pharmacy"].queryset = offered
        self.fields["pharmacy"].initial = self._chosen()

    def _chosen(self) -> Any:
        """What the patient chose before, if anything."""
        originals = Original.objects.visible_to(self.request.user)
        return originals.filter(pk=self.object_id).values_list("pharmacy", flat=True).first()


class SendForm(PharmacyForm):
    way = forms.ChoiceField(label="How", choices=Original.Way, widget=UnfoldAdminSelectWidget)
    tracking = forms.CharField(
        label="Tracking number", max_length=60, required=False, widget=UnfoldAdminTextInputWidget
    )


class CallForm(BaseDialogForm):
    caller = forms.CharField(label="Who rang", max_length=80, widget=UnfoldAdminTextInputWidget)
    text = forms.CharField(label="What they said", max_length=300, widget=UnfoldAdminTextInputWidget)
    dispensed_on = forms.DateField(label="Dispensed on", required=False, widget=UnfoldAdminSingleDateWidget)
