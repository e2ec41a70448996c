"""What people send to a room."""

from django import forms

from messaging import appearing, chatting
from messaging.models import Room, Withdrawal
from messaging.models.rooms import LONGEST

HIGHEST = 2**31 - 1
"""The largest number a sequence can have."""


class WordsForm(forms.Form):
    text = forms.CharField(
        max_length=LONGEST,
        error_messages={
            "required": str(chatting.NothingSaid()),
            "max_length": str(chatting.TooLong()),
        },
    )
    client_id = forms.UUIDField(error_messages={"invalid": "Please reload the page and send it again."})


class MessageForm(WordsForm):
    answers = forms.IntegerField(
        min_value=1,
        max_value=HIGHEST,
        required=False,
        error_messages={
            name: str(chatting.NothingToAnswer()) for name in ("invalid", "min_value", "max_value")
        },
    )


class SendForm(MessageForm):
    """A message as a form with files sends it: with files, it needs no words. Who calls sees to that."""

    text = forms.CharField(
        max_length=LONGEST, required=False, error_messages={"max_length": str(chatting.TooLong())}
    )


class DraftForm(forms.Form):
    text = forms.CharField(
        max_length=LONGEST,
        required=False,
        strip=False,
        error_messages={"max_length": str(chatting.TooLong())},
    )


class PresenceForm(forms.Form):
    state = forms.ChoiceField(choices=[(state, state) for state in appearing.STATES])
    asks = forms.BooleanField(required=False)


class WithdrawalForm(forms.Form):
    reason = forms.ChoiceField(
        label="Why?",
        choices=Withdrawal.Reason.choices,
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose why you withdraw the message."),
    )


class QuestionForm(WordsForm):
    topic = forms.ChoiceField(
        label="What is it about?",
        choices=Room.Topic.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what it is about.", "invalid_choice": "Choose what it is about."},
    )


class PageForm(forms.Form):
    """Which part of a conversation is asked for."""

    after = forms.IntegerField(min_value=0, max_value=HIGHEST, required=False)
    before = forms.IntegerField(min_value=1, max_value=HIGHEST, required=False)
    around = forms.IntegerField(min_value=1, max_value=HIGHEST, required=False)


class PlaceForm(PageForm):
    """Where a conversation is opened as a page, and which message one answers there."""

    day = forms.DateField(required=False, input_formats=["%Y-%m-%d"])
    answers = forms.IntegerField(min_value=1, max_value=HIGHEST, required=False)


class ReadForm(forms.Form):
    sequence = forms.IntegerField(min_value=0, max_value=HIGHEST)
