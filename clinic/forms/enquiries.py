"""What is chosen about a question to the practice."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminSelectWidget

from messaging import chatting
from messaging.models import Message, Room


class SeenForm(BaseDialogForm):
    """Asks nothing; keeps up to which message the conversation went when the dialog was opened."""

    seen = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rooms = Room.objects.visible_to(self.request.user).filter(pk=self.object_id)
        self.fields["seen"].initial = Message.objects.filter(room__in=rooms).last_sequence()


class AssignForm(BaseDialogForm):
    to: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        queryset=None,
        label="Who answers?",
        required=False,
        empty_label="Nobody in particular",
        widget=UnfoldAdminSelectWidget,
        error_messages={"invalid_choice": "This person does not answer questions. Choose somebody else."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        team = {person.pk for team in chatting.TEAM for person in team()}
        self.fields["to"].initial = self.request.user.pk
        self.fields["to"].queryset = get_user_model()._default_manager.filter(pk__in=team)
