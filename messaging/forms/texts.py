"""The text of a letter, as managers write it."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from config.base import Refused
from messaging import lettering
from messaging.models import LetterTemplate
from messaging.models.texts import BODY_MAX, SUBJECT_MAX


class LetterTemplateForm(forms.ModelForm):
    """What was typed stays on the page, whatever speaks against it."""

    subject = forms.CharField(
        required=False, max_length=SUBJECT_MAX, widget=UnfoldAdminTextInputWidget({"data-letter": "subject"})
    )
    body = forms.CharField(
        label="Text",
        required=False,
        max_length=BODY_MAX,
        strip=False,
        widget=UnfoldAdminTextareaWidget({"rows": 16, "data-letter": "body"}),
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = LetterTemplate
        fields = ["subject", "body"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = lettering.mark(self.instance)
        for name in ("subject", "body"):  # a browser would cut off what is longer without a word
            if name in self.fields:
                self.fields[name].widget.attrs.pop("maxlength", None)

    def text(self) -> lettering.Text:
        cleaned = self.cleaned_data
        return lettering.Text(cleaned.get("subject", "").strip(), _lines(cleaned.get("body", "")))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.data.get(self.add_prefix("seen")) != lettering.mark(self.instance):
            raise forms.ValidationError(str(lettering.ChangedMeanwhile()))
        if not self.errors:
            try:
                lettering.check(self.instance.template, self.text())
            except Refused as no:
                raise forms.ValidationError(str(no)) from no
        return cleaned

    def _post_clean(self) -> None:
        """Leave the record as it was read: the rule compares it with what the page showed."""


def _lines(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").split("\n")).strip()
