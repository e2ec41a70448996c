"""What patients and staff fill in about data: asking, answering, closing, and who gets data abroad."""

from __future__ import annotations

import datetime
from typing import Any

from allauth.core import ratelimit
from django import forms
from django.http import HttpRequest
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from clinic.forms.dates import day_field
from clinic.models import Practice, Practitioner, PrivacyRequest, Recipient

LONGEST = 4000


class PasswordForm(forms.Form):
    """Asks for the password again: whoever found the phone unlocked must not get the whole file."""

    password = forms.CharField(
        label="Your password",
        max_length=200,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not ratelimit.consume(self.request, action="reauthenticate", user=self.request.user):
            raise forms.ValidationError("That was too often. Please wait a few minutes and try again.")
        if not self.request.user.check_password(password):
            raise forms.ValidationError("This is not your password.")
        return password


class CloseForm(PasswordForm):
    cancels = forms.BooleanField(label="Cancel my appointments with it", required=False)
    understood = forms.BooleanField(
        label="I know that my record is kept", error_messages={"required": "Please tick that you know it."}
    )
    field_order = ["understood", "cancels", "password"]


class CorrectionForm(forms.Form):
    about = forms.ChoiceField(
        label="What is it about?",
        choices=[("health", "What stands in my health record"), ("details", "My details or my account")],
        widget=forms.RadioSelect,
    )
    text = forms.CharField(
        label="What is wrong, and what would be right?",
        max_length=LONGEST,
        widget=forms.Textarea({"rows": 6}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)


class RequestForm(forms.ModelForm):
    """What the desk enters when a patient asks by telephone, letter or in person."""

    asked_on = day_field(label="Asked on", widget=UnfoldAdminSingleDateWidget)
    text = forms.CharField(
        label="In the patient’s words",
        max_length=LONGEST,
        required=False,
        widget=UnfoldAdminTextareaWidget,
        help_text="Needed for a correction. Words about health are read by doctors only, once saved.",
    )

    class Meta:
        model = PrivacyRequest
        fields = ("patient", "kind", "is_clinical", "asked_on", "text")

    def clean_asked_on(self) -> datetime.date:
        day: datetime.date = self.cleaned_data["asked_on"]
        if day > Practice.objects.current().today():
            raise forms.ValidationError(
                "Write the day on which the patient asked; it cannot be in the future."
            )
        return day

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        is_correction = cleaned.get("kind") == PrivacyRequest.Kind.CORRECTION
        if is_correction and not (cleaned.get("text") or "").strip():
            self.add_error("text", "Write what is to be corrected.")
        if cleaned.get("is_clinical") and not is_correction:
            self.add_error("is_clinical", "A copy is of the whole file. Tick this for a correction only.")
        return cleaned


class AnswerForm(BaseDialogForm):
    text = forms.CharField(
        label="What the patient reads", max_length=LONGEST, widget=UnfoldAdminTextareaWidget
    )


class IdentityForm(BaseDialogForm):
    how = forms.CharField(
        label="How you made sure who asks",
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text="Such as: rang the number we had, compared name, date of birth and address.",
    )


class DoctorForm(BaseDialogForm):
    doctor: forms.ModelChoiceField[Practitioner] = forms.ModelChoiceField(
        queryset=None, widget=UnfoldAdminSelectWidget
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = Practitioner.objects.visible_to(self.request.user).filter(user__is_active=True)
        self.fields["doctor"].queryset = offered.select_related("user")


class DestroyedForm(BaseDialogForm):
    destroyed_on = day_field(label="Destroyed on", widget=UnfoldAdminSingleDateWidget)


class RecipientForm(forms.ModelForm):
    since_on = day_field(label="Since", widget=UnfoldAdminSingleDateWidget)
    until_on = day_field(label="Until", required=False, widget=UnfoldAdminSingleDateWidget)

    class Meta:
        model = Recipient
        fields = ("name", "country", "purpose", "information", "safeguards", "since_on", "until_on")
