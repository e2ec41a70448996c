"""What a doctor fills in during a consultation."""

from __future__ import annotations

from typing import Any, cast

from django import forms

from clinic.forms.desk import DeskForm
from clinic.forms.profile import PhoneField
from clinic.models import NoteTemplate, Segment, State
from clinic.noting import PARTS


def _date() -> forms.DateInput:
    return forms.DateInput({"type": "date"}, format="%Y-%m-%d")


class SegmentForm(DeskForm):
    modality = forms.ChoiceField(choices=Segment.Modality)


class ConfirmationForm(DeskForm):
    """What the patient says at the start: who they are, where they are, whom to call."""

    said = forms.BooleanField(label="They told their name, date of birth and address", required=False)
    state = forms.ChoiceField(label="Where is the patient now?", choices=[("", "Choose"), *State.choices])
    where = forms.CharField(
        label="Address there",
        max_length=150,
        required=False,
        help_text="What an ambulance would need. Leave it empty if they are at home.",
    )
    emergency_name = forms.CharField(label="Emergency contact", max_length=100, required=False)
    emergency_phone = PhoneField(label="Their telephone", required=False)
    present = forms.CharField(label="Who else is there", max_length=100, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        patient = self.encounter.patient
        self.initial.setdefault("state", self.encounter.location_state)
        self.initial.setdefault("emergency_name", patient.emergency_name)
        self.initial.setdefault("emergency_phone", patient.emergency_phone)


class PractisingForm(DeskForm):
    """Where the doctor is and practises today."""

    state = forms.ChoiceField(
        label="Where you are and practise today",
        choices=[("", "Choose"), *State.choices],
        error_messages={"required": "Choose the state in which you are and practise today."},
    )


class IdentityForm(DeskForm):
    DOCUMENTS = ["Driver licence", "Passport", "Proof of age card", "Medicare card", "ImmiCard"]

    document = forms.ChoiceField(label="Document sighted", choices=[(name, name) for name in DOCUMENTS])
    issuer = forms.CharField(label="Issued by", max_length=40, required=False)
    ending = forms.CharField(
        label="Last three characters", max_length=3, required=False, help_text="Never the whole number."
    )
    expires_on = forms.DateField(label="Valid until", widget=_date(), required=False)


class NoteForm(DeskForm):
    presenting = forms.CharField(
        label=PARTS["presenting"], widget=forms.Textarea({"rows": 4}), required=False
    )
    examination = forms.CharField(
        label=PARTS["examination"], widget=forms.Textarea({"rows": 2}), required=False
    )
    assessment = forms.CharField(
        label=PARTS["assessment"], widget=forms.Textarea({"rows": 3}), required=False
    )
    plan = forms.CharField(label=PARTS["plan"], widget=forms.Textarea({"rows": 3}), required=False)
    goals = forms.CharField(label=PARTS["goals"], widget=forms.Textarea({"rows": 2}), required=False)
    exit_strategy = forms.CharField(
        label=PARTS["exit_strategy"], widget=forms.Textarea({"rows": 2}), required=False
    )
    review_on = forms.DateField(label="Review on", widget=_date(), required=False)
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.fields:
            self.initial.setdefault(name, getattr(self.encounter.note, name))


class TemplateForm(DeskForm):
    template = forms.ModelChoiceField(queryset=NoteTemplate.objects.none(), empty_label="Choose a template")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = cast(forms.ModelChoiceField, self.fields["template"])
        choice.queryset = NoteTemplate.objects.visible_to(self.user).offered()


class AddendumForm(DeskForm):
    text = forms.CharField(label="What you add or correct", widget=forms.Textarea({"rows": 3}))
    reason = forms.CharField(label="Why", max_length=200)


class RevealForm(DeskForm):
    why = forms.CharField(label="What do you need them for?", max_length=300)


class ConfirmForm(DeskForm):
    """Nothing to fill in."""
