"""What a doctor fills in during a consultation."""

from __future__ import annotations

from typing import Any

from django import forms

from clinic.forms.desk import DeskForm
from clinic.models import Segment, State


class SegmentForm(DeskForm):
    modality = forms.ChoiceField(choices=Segment.Modality)


class LocationForm(DeskForm):
    state = forms.ChoiceField(label="Where is the patient now?", choices=[("", "Choose"), *State.choices])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("state", self.encounter.location_state)


class IdentityForm(DeskForm):
    DOCUMENTS = ["Driver licence", "Passport", "Proof of age card", "Medicare card", "ImmiCard"]

    document = forms.ChoiceField(label="Document sighted", choices=[(name, name) for name in DOCUMENTS])
    issuer = forms.CharField(label="Issued by", max_length=40, required=False)
    ending = forms.CharField(
        label="Last three characters", max_length=3, required=False, help_text="Never the whole number."
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        parts = [cleaned.get("document", ""), cleaned.get("issuer", "")]
        if ending := cleaned.get("ending"):
            parts.append(f"ending {ending}")
        return cleaned | {"sighted": ", ".join(part for part in parts if part)}


class NoteForm(DeskForm):
    presenting = forms.CharField(label="History", widget=forms.Textarea({"rows": 4}), required=False)
    examination = forms.CharField(widget=forms.Textarea({"rows": 2}), required=False)
    assessment = forms.CharField(widget=forms.Textarea({"rows": 3}), required=False)
    plan = forms.CharField(label="Plan and goals", widget=forms.Textarea({"rows": 3}), required=False)
    review_on = forms.DateField(
        label="Review on", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.fields:
            self.initial.setdefault(name, getattr(self.encounter.note, name))


class ConfirmForm(DeskForm):
    """Nothing to fill in."""
