"""allauth's forms in our words."""

from typing import Any

from allauth.account import forms as allauth_forms
from django import forms

from clinic import accounts, consenting

LABELS = {
    "login": "E-mail address",
    "email": "E-mail address",
    "password": "Password",
    "password1": "New password",
    "password2": "The same password again",
    "oldpassword": "Password now",
}


class OurWords:
    """Labels that stay visible, in place of placeholders that vanish."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():  # type: ignore[attr-defined]  # a mixin of forms
            field.widget.attrs.pop("placeholder", None)
            field.label = LABELS.get(name, field.label)
            if field.error_messages.get("required") == forms.Field.default_error_messages["required"]:
                field.error_messages["required"] = "Please fill this in."
            if name == "password1":
                least = 14 if getattr(getattr(self, "user", None), "is_staff", False) else 10
                field.help_text = f"At least {least} characters. A few words in a row are easy to remember."


class SignInForm(OurWords, allauth_forms.LoginForm):
    """E-mail address and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = ""  # the page has its own link to the reset

    def login(self, request, redirect_url=None):
        response = super().login(request, redirect_url)
        accounts.limit_idle(request)
        return response


class SignUpForm(OurWords, allauth_forms.SignupForm):
    """What a patient tells to get an account."""

    field_order = ["given_name", "family_name", "email", "password1", "accepts"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].label = "Choose a password"
        self.fields["email"].help_text = "We send letters about your visits to this address."

    def notice(self) -> str:
        """How we collect and use what they tell: they agree to it by signing up."""
        return consenting.text("privacy")


class ResetForm(OurWords, allauth_forms.ResetPasswordForm):
    """Whose password is forgotten."""


class NewPasswordForm(OurWords, allauth_forms.ResetPasswordKeyForm):
    """A new password after following the link in a letter."""


class ChangePasswordForm(OurWords, allauth_forms.ChangePasswordForm):
    """A new password in place of one that is known."""


class NewAddressForm(OurWords, allauth_forms.AddEmailForm):
    """A new address, to be confirmed from its mailbox."""


class AgainForm(OurWords, allauth_forms.ReauthenticateForm):
    """The password once more, before a change of the account."""
