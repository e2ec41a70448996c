"""What people send to a room."""

from django import forms

from messaging import chatting
from messaging.models import Room
from messaging.models.rooms import LONGEST

HIGHEST = 2**31 - 1
"""The largest number a sequence can have."""


class MessageForm(forms.Form):
    text = forms.CharField(
        max_length=LONGEST,
        error_messages={
            "required": str(chatting.NothingSaid()),
            "max_length": str(chatting.TooLong()),
        },
    )
    client_id = forms.UUIDField(error_messages={"invalid": "Please reload the page and send it again."})


class QuestionForm(MessageForm):
    topic = forms.ChoiceField(
        label="What is it about?",
        choices=Room.Topic.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what it is about.", "invalid_choice": "Choose what it is about."},
    )


class PageForm(forms.Form):
    after = forms.IntegerField(min_value=0, max_value=HIGHEST, required=False)
    before = forms.IntegerField(min_value=1, max_value=HIGHEST, required=False)


class ReadForm(forms.Form):
    sequence = forms.IntegerField(min_value=0, max_value=HIGHEST)
