"""What a doctor fills in to write again what was written before."""

from __future__ import annotations

from django import forms
from django.shortcuts import get_object_or_404

from clinic.forms.desk import DeskForm
from clinic.models import Favourite, Prescription, PrescriptionLine


class EarlierForm(DeskForm):
    """Some prescription of the patient who is being seen, whoever wrote it."""

    prescription = forms.UUIDField(widget=forms.HiddenInput)

    def found(self) -> Prescription:
        visible = Prescription.objects.visible_to(self.user).filter(patient=self.encounter.patient_id)
        return get_object_or_404(visible, pk=self.cleaned_data["prescription"])


class ReplaceForm(EarlierForm):
    why = forms.CharField(label="Why?", max_length=300)


class KeepForm(DeskForm):
    """A line of some prescription of the patient, to be kept as a favourite."""

    line = forms.UUIDField(widget=forms.HiddenInput)

    def found(self) -> PrescriptionLine:
        visible = PrescriptionLine.objects.visible_to(self.user).filter(
            prescription__patient=self.encounter.patient_id
        )
        return get_object_or_404(visible.select_related("product"), pk=self.cleaned_data["line"])


class FavouriteForm(DeskForm):
    favourite = forms.UUIDField(widget=forms.HiddenInput)

    def found(self) -> Favourite:
        visible = Favourite.objects.visible_to(self.user).kept().select_related("product")
        return get_object_or_404(visible, pk=self.cleaned_data["favourite"])
