"""The start of every form on the consultation page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

if TYPE_CHECKING:
    from clinic.models import Encounter, User


class DeskForm(forms.Form):
    """A form of one consultation; several stand on one page, so each has ids of its own."""

    def __init__(self, *args: Any, encounter: Encounter, user: User, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", f"{type(self).__name__.removesuffix('Form').lower()}-%s")
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.encounter, self.user = encounter, user
