"""What people say about a product."""

from __future__ import annotations

from django import forms
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextareaWidget


class SettleDialog(BaseDialogForm):
    """How somebody knows that a strength is right."""

    why = forms.CharField(
        label="How do you know?", max_length=250, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )
