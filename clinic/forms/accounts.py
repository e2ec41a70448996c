"""What a person types to sign up."""

from django import forms


class SignUpForm(forms.Form):
    """Asked beside e-mail address and password."""

    def signup(self, request, user) -> None:
        """Called by allauth."""
