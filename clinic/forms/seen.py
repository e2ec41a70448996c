"""What a page showed of fees, terms or sums, which it sends along with the yes to them."""

from __future__ import annotations

from typing import Any

from django import forms


class SeenField(forms.CharField):
    """What the page showed; a page that is shown again sends along what it shows then.

    The form says itself when it is missing: nobody sees a hidden field, so no sentence can stand beside it.
    """

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False)

    def bound_data(self, data: Any, initial: Any) -> Any:
        return initial


class SeenForm(forms.Form):
    """A yes that counts only for what the page showed: ``read``, which its view fills in as ``initial``."""

    unseen = ""
    """What to do where a form came without it: that of an old page, or of no page at all."""

    read = SeenField()

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        if not answers.get("read"):
            raise forms.ValidationError(self.unseen)
        return answers
