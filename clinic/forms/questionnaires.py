"""A questionnaire as staff build it: its title, and its questions as their editor sends them."""

from __future__ import annotations

import json
import re
from typing import Any

from django import forms
from django.forms.fields import InvalidJSONInput
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from clinic import questioning
from clinic.models import QuestionnaireDraft

UNKEPT = re.compile(r"(?<!\\)\\u0000|[\ud800-\udfff]")
"""What PostgreSQL keeps in no text: the null sign, and halves of signs."""
MOST = 100
"""Questions of one questionnaire."""


class RowsField(forms.JSONField):
    """What the editor sends; brackets without end are a mistake like any other."""

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except RecursionError as error:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from error

    def bound_data(self, data: Any, initial: Any) -> Any:
        try:
            rows = super().bound_data(data, initial)
        except RecursionError:
            return InvalidJSONInput(data)
        # What no page can show either is shown as it was sent.
        return InvalidJSONInput(data) if UNKEPT.search(json.dumps(rows, ensure_ascii=False)) else rows


class QuestionnaireForm(forms.ModelForm):
    """What was typed is kept on the page, whatever speaks against it."""

    title = forms.CharField(
        max_length=100,
        widget=UnfoldAdminTextInputWidget,
        help_text="Patients read it above the questions.",
    )
    questions = RowsField(
        required=False,
        initial=list,
        widget=UnfoldAdminTextareaWidget({"data-questions": ""}),
        error_messages={"invalid": "The questions did not arrive whole. Please save again."},
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = QuestionnaireDraft
        fields = ["title", "questions"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = questioning.mark(self.instance)

    def clean_title(self) -> str:
        title = " ".join(self.cleaned_data["title"].split())
        if self.instance._state.adding and questioning.is_taken(title):
            raise forms.ValidationError(str(questioning.NameTaken()))
        return title

    def clean_questions(self) -> list[dict[str, Any]]:
        rows = self.cleaned_data["questions"] or []
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise forms.ValidationError("The questions did not arrive whole. Please save again.")
        if len(rows) > MOST:
            raise forms.ValidationError(f"A questionnaire has at most {MOST} questions.")
        if UNKEPT.search(json.dumps(rows, ensure_ascii=False)):
            raise forms.ValidationError("There is a sign in the questions that cannot be kept.")
        return questioning.named(rows)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        is_there = not self.instance._state.adding
        if is_there and self.data.get(self.add_prefix("seen")) != questioning.mark(self.instance):
            raise forms.ValidationError(str(questioning.ChangedMeanwhile()))
        return cleaned

    def _post_clean(self) -> None:
        """Leave the record as it was read: the rule compares it with what the page showed."""


class TakeUpForm(BaseDialogForm):
    """Whether what is not published may go for an older version."""

    is_sure = forms.BooleanField(
        label="Replace what is not published yet",
        required=False,
        widget=UnfoldBooleanWidget,
        help_text="It stays in the history of the questionnaire.",
    )
