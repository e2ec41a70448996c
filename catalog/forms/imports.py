"""What people say about an import: which list a file is, and what they decide."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.forms import ActionForm, BaseDialogForm
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextareaWidget,
)

from catalog import sheets
from config import acting
from config.base import Refused

LONGEST_REASON = 300
ON_THE_BAR = (
    "rounded-default border border-white/40 bg-white/20 px-2 py-1 text-white placeholder:text-white "
    "grow min-w-20"
)


class SendInForm(forms.Form):
    """A supplier's workbook, and whose it is."""

    supplier = forms.ChoiceField(label="Whose list is it?", widget=UnfoldAdminSelectWidget)
    file = forms.FileField(
        label="Workbook",
        widget=UnfoldAdminFileFieldWidget,
        allow_empty_file=True,  # the reading says what is wrong with it, and keeps it
        help_text="As the supplier sent it. Nothing changes in the catalogue until two people have agreed.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        named = {key: sheets.layout_of(key).supplier for key in sheets.known_suppliers()}
        field: Any = self.fields["supplier"]
        field.choices = sorted(named.items(), key=lambda choice: choice[1].casefold())

    def clean_file(self) -> Any:
        return without_action(self.cleaned_data["file"])


def without_action(file: Any) -> Any:
    """The file that was sent, if nothing in it would act where somebody opens it."""
    try:
        acting.refuse(file.read())
    except Refused as no:
        raise forms.ValidationError(str(no)) from None
    file.seek(0)
    return file


class WhyDialog(BaseDialogForm):
    """A reason, which whoever approves the list reads."""

    why = forms.CharField(
        label="Why?", max_length=LONGEST_REASON, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )


class DayDialog(BaseDialogForm):
    """The day from which prices hold."""

    day = forms.DateField(
        label="Prices hold from",
        required=False,
        widget=UnfoldAdminSingleDateWidget(attrs={"type": "date"}),
        help_text="Leave it empty for the day on which the list is applied.",
    )


class DecisionBar(ActionForm):
    """What is decided about the chosen lines, and why; one reason for all of them."""

    reason = forms.CharField(
        label="",
        required=False,  # the rule asks for it, with a better sentence
        max_length=LONGEST_REASON,
        widget=forms.TextInput(
            attrs={"placeholder": "Why? One reason for all", "aria-label": "Reason", "class": ON_THE_BAR}
        ),
    )
