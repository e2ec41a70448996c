"""What the buttons of the appointments' screens ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.http import Http404
from django.utils import timezone
from unfold.widgets import UnfoldBooleanWidget

from clinic import reckoning
from clinic.admin.availability import Reason
from clinic.forms.seen import SeenField
from clinic.models import Appointment

if TYPE_CHECKING:
    from django.http import HttpRequest


WHOSE = {"ours": Appointment.Side.PRACTICE, "theirs": Appointment.Side.PATIENT}
"""Of both decisions the dialog shows what becomes of the money."""


class CancelForm(Reason):
    """Whose decision it is, and whether the patient is let off; above them, what either costs.

    Both sums come along with the answer, and ``read`` is the one of the two that the answer is about.
    """

    form_before_template = "admin/appointments/at_stake.html"

    ours = SeenField()
    theirs = SeenField()
    for_patient = forms.BooleanField(
        label="The patient asked for it",
        required=False,
        widget=UnfoldBooleanWidget,
        help_text="What they agreed to at booking then says what is kept.",
    )
    is_waived = forms.BooleanField(
        label="Waive the cancellation fee",
        required=False,
        widget=UnfoldBooleanWidget,
        help_text="Because of illness or an emergency.",
    )
    has_failed = forms.BooleanField(
        label="The technology failed",
        required=False,
        widget=UnfoldBooleanWidget,
        help_text="The whole fee goes back, whoever asked.",
    )
    field_order = ["_form_submitted", "for_patient", "is_waived", "has_failed", "why"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        appointment, now = _seen(self.request, self.object_id), timezone.now()
        self.at_stake = {
            name: reckoning.if_cancelled(appointment, side=side, now=now) for name, side in WHOSE.items()
        }
        self.initial |= {name: reckoning.shown(what) for name, what in self.at_stake.items()}

    def get_before_template_context(
        self, request: HttpRequest, object_id: int | str | None = None
    ) -> dict[str, Any]:
        return self.at_stake

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        is_let_off = answers.get("is_waived") or answers.get("has_failed")
        answers["read"] = answers.get("theirs" if answers.get("for_patient") and not is_let_off else "ours")
        if not answers["read"]:
            raise forms.ValidationError(
                "Please look at the sums shown here, and press the button again:"
                " we could not tell which sums you saw."
            )
        return answers


def _seen(request: HttpRequest, key: int | str | None) -> Appointment:
    """The appointment of a dialog, for those alone who may see it."""
    try:
        return Appointment.objects.visible_to(request.user).get(pk=UUID(str(key)))  # type: ignore[arg-type]
    except (ValueError, Appointment.DoesNotExist):
        raise Http404 from None
