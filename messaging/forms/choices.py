"""Which letters somebody wants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from messaging import choosing
from messaging.kinds import Group

if TYPE_CHECKING:
    from clinic.models import User

HELP = {
    Group.REMINDERS: "Some hours before an appointment. Without them, keep a note of the time yourself.",
    Group.MESSAGES: "When a message has been unread for ten minutes. It does not say who wrote, or what.",
    Group.PAPERS: "When something new is on your pages. It stays there, whether we write to you or not.",
}


class ChoicesForm(forms.Form):
    """One box for each group of letters that ``user`` may do without."""

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(data)
        wanted = choosing.wanted_by(user)
        for group in choosing.offered_to(user):
            self.fields[group] = forms.BooleanField(
                label=group.label, required=False, initial=group in wanted, help_text=HELP[group]
            )

    @property
    def wanted(self) -> list[str]:
        return [str(name) for name, is_wanted in self.cleaned_data.items() if is_wanted]
