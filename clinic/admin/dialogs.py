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
from clinic.models import Appointment

if TYPE_CHECKING:
    from django.http import HttpRequest


class CancelForm(Reason):
    """Whose decision it is, and whether the patient is let off; above them, what either costs."""

    form_before_template = "admin/appointments/at_stake.html"

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

    def get_before_template_context(
        self, request: HttpRequest, object_id: int | str | None = None
    ) -> dict[str, Any]:
        appointment, now = _seen(request, object_id), timezone.now()
        ours, theirs = (
            reckoning.if_cancelled(appointment, side=side, now=now)
            for side in (Appointment.Side.PRACTICE, Appointment.Side.PATIENT)
        )
        return {"ours": ours, "theirs": theirs}


def _seen(request: HttpRequest, key: int | str | None) -> Appointment:
    """The appointment of a dialog, for those alone who may see it."""
    try:
        return Appointment.objects.visible_to(request.user).get(pk=UUID(str(key)))  # type: ignore[arg-type]
    except (ValueError, Appointment.DoesNotExist):
        raise Http404 from None
