"""Forms of what the public reads on pages without being a page: names, and what doctors say of themselves."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from clinic import advertising


class PublicWords(forms.ModelForm):
    """Refuses words of the advertising guard in the fields that the public reads."""

    PUBLIC: ClassVar[tuple[str, ...]]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in {*self.PUBLIC} & {*self.fields}:
            if found := advertising.found_in({str(self.fields[name].label): str(cleaned.get(name) or "")}):
                self.add_error(name, str(advertising.Advertises(found)))
        return cleaned


class PracticeForm(PublicWords):
    PUBLIC = ("name",)
