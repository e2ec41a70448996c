"""A text that patients agree to, as managers write it."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget

from clinic import phrasing
from clinic.models import ConsentDraft
from clinic.models.consents import BODY_MAX
from config.base import Refused


class ConsentDraftForm(forms.ModelForm):
    """What was typed stays on the page, whatever speaks against it."""

    body = forms.CharField(
        label="Text",
        max_length=BODY_MAX,
        strip=False,
        widget=UnfoldAdminTextareaWidget({"rows": 18}),
        help_text="An empty line begins a new paragraph.",
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = ConsentDraft
        fields = ["body"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = phrasing.mark(self.instance)
        if "body" in self.fields:  # a browser would cut off what is longer without a word
            self.fields["body"].widget.attrs.pop("maxlength", None)

    def clean_body(self) -> str:
        lines = self.cleaned_data["body"].replace("\r\n", "\n").split("\n")
        return "\n".join(line.rstrip() for line in lines).strip()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.data.get(self.add_prefix("seen")) != phrasing.mark(self.instance):
            raise forms.ValidationError(str(phrasing.ChangedMeanwhile()))
        if "body" in cleaned:
            try:
                phrasing.check(self.instance.kind, cleaned["body"])
            except Refused as no:
                raise forms.ValidationError(str(no)) from no
        return cleaned

    def _post_clean(self) -> None:
        """Leave the record as it was read: the rule compares it with what the page showed."""
