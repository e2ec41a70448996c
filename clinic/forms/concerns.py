"""What staff say of a call for help."""

from django import forms
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextareaWidget


class SeenToForm(BaseDialogForm):
    done = forms.CharField(
        label="What you did",
        max_length=1000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text="Whom you rang, and how they are. In danger: call 000 for them.",
        error_messages={"required": "Write what you did: whom you rang, and how they are."},
    )
