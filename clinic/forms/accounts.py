"""What a person types to sign up, and to show a second factor."""

from typing import Any

from django import forms
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget

from clinic import accounts
from config.base import Refused


class SignUpForm(forms.Form):
    """Asked beside e-mail address and password."""

    given_name = forms.CharField(
        label="Given names",
        max_length=100,
        required=False,
        help_text="As on your Medicare card. Leave empty if you have one name only.",
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    family_name = forms.CharField(
        label="Family name", max_length=100, widget=forms.TextInput(attrs={"autocomplete": "family-name"})
    )
    accepts = forms.BooleanField(
        label="I have read how the practice collects and uses my information.",
        error_messages={"required": "Please read the notice and tick the box."},
    )

    def signup(self, request, user) -> None:
        """Called by allauth after the account is there; nothing is left to do."""


class CodeForm(forms.Form):
    """The second factor: a code of the app, or where allowed a recovery code."""

    recovery = True
    code = forms.CharField(
        label="Code",
        max_length=16,
        help_text="Six digits from your authenticator app, or one of your recovery codes.",
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_code(self) -> str:
        self.device = _device_that_made(self.cleaned_data["code"], user=self.user, recovery=self.recovery)
        return self.cleaned_data["code"]


class SigningDialog(BaseDialogForm):
    """For an admin's step that needs the app itself, now: subclass it."""

    code = forms.CharField(
        label="Code",
        max_length=16,
        help_text="Six digits from your authenticator app, to sign.",
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def clean_code(self) -> str:
        _device_that_made(self.cleaned_data["code"], user=self.request.user, recovery=False)
        return self.cleaned_data["code"]


def _device_that_made(code: str, *, user: Any, recovery: bool) -> Any:
    try:
        return accounts.verify_code(user, code, recovery=recovery)
    except Refused as no:
        raise forms.ValidationError(str(no)) from None


class EnrolForm(forms.Form):
    """The first code of an app that is being set up."""

    code = forms.CharField(
        label="Code that the app shows",
        max_length=16,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def __init__(self, *args: Any, device: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.device = device

    def clean_code(self) -> str:
        code = self.cleaned_data["code"].replace(" ", "")
        if not self.device.verify_token(code):
            raise forms.ValidationError(str(accounts.WrongCode()))
        return code
