"""What the pages of a call send."""

from django import forms

from messaging.forms.rooms import HIGHEST
from messaging.models import Modality


class PageIdForm(forms.Form):
    """Which open page of theirs speaks."""

    page_id = forms.UUIDField()


class JoinForm(PageIdForm):
    modality = forms.ChoiceField(choices=Modality)


class BeatForm(JoinForm):
    is_connected = forms.BooleanField(required=False)


class SignalForm(PageIdForm):
    to_page = forms.UUIDField()


class FetchForm(PageIdForm):
    after = forms.IntegerField(min_value=0, max_value=HIGHEST)
