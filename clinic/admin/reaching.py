"""On a patient's page: which letters they get, and whether letters reach them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.http import Http404
from unfold.decorators import display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldBooleanWidget

from clinic.models import Patient
from config.admin import PossibleButtons, step
from messaging import choosing, delivering
from messaging.kinds import OPTIONAL

if TYPE_CHECKING:
    from config.base import SignedInRequest


class LettersDialog(BaseDialogForm):
    """A box for each group of letters that a patient can do without, as it is now."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        wanted = choosing.wanted_by(_seen(self.request, self.object_id).user)
        for group in OPTIONAL:
            self.fields[group] = forms.BooleanField(
                label=group.label, required=False, initial=group in wanted, widget=UnfoldBooleanWidget
            )

    @property
    def wanted(self) -> list[str]:
        return [str(group) for group in OPTIONAL if self.cleaned_data[group]]


def _seen(request: SignedInRequest, pk: Any) -> Patient:
    """The patient, if the person may see them."""
    found = Patient.objects.visible_to(request.user).select_related("user").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


class LettersPanel(PossibleButtons):
    """What the admin of patients has of it: a warning, a tab, and two buttons."""

    change_form_outer_before_template = "admin/letters/reach.html"

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        if obj is not None:
            context["letters_against"] = delivering.against(obj.user.email)
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def possible(self, record: Patient) -> set[str]:
        buttons = super().possible(record)
        return buttons if delivering.against(record.user.email) else buttons - {"clear_address"}

    @display(description="Letters they get")
    def show_letters(self, patient: Patient) -> str:
        wanted = choosing.wanted_by(patient.user)
        chosen = [group.label for group in OPTIONAL if group in wanted]
        return "; ".join(["What they must know", *chosen]) + "."

    @step(
        "Choose letters",
        may="choose_letters",
        form=LettersDialog,
        icon="mark_email_read",
        text="As the patient asks for it. What they must know always comes: their account, their appointments"
        " and what they pay for them.",
    )
    def choose_letters(self, request, patient: Patient, form: LettersDialog) -> str:
        choosing.choose(patient.user, wanted=form.wanted, by=request.user, why="The patient asked for it.")
        return f"Noted. {patient} can change it on their own page, under “Your letters”."

    @step(
        "Write to this address again",
        may="clear_address",
        icon="forward_to_inbox",
        text="Only after you asked the patient: the address is right, and they want our letters.",
    )
    def clear_address(self, request, patient: Patient, form: BaseDialogForm) -> str:
        delivering.clear(patient.user.email, by=request.user)
        return f"Letters go to {patient.user.email} again."

    def has_choose_letters_permission(self, request, object_id=None) -> bool:
        return cast(bool, request.user.has_perm("clinic.change_patient"))

    def has_clear_address_permission(self, request, object_id=None) -> bool:
        return cast(bool, request.user.has_perm("clinic.change_patient"))
