"""What people send to a room."""

from django import forms

from messaging import chatting
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


class PageForm(forms.Form):
    after = forms.IntegerField(min_value=0, max_value=HIGHEST, required=False)
    before = forms.IntegerField(min_value=1, max_value=HIGHEST, required=False)


class ReadForm(forms.Form):
    sequence = forms.IntegerField(min_value=0, max_value=HIGHEST)
