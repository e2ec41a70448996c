"""Pages and snippets as they are written, and what their buttons ask."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.text import slugify
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from clinic import advertising, picturing, publishing
from clinic.forms.blocks import BlocksField, RichTextField
from clinic.models import Media, MenuItem, Page, Snippet
from config import uploads


class WrittenForm(forms.ModelForm):
    """Kept if nobody else changed it; if somebody did, what was typed stays on the page."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = publishing.mark(self.instance)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        is_there = not self.instance._state.adding
        if is_there and self.data.get(self.add_prefix("seen")) != publishing.mark(self.instance):
            raise forms.ValidationError(str(publishing.ChangedMeanwhile()))
        return cleaned

    def said(self) -> dict[str, Any]:
        """What the revision is to say."""
        return {name: self.cleaned_data[name] for name in self.instance.CONTENT}

    def _post_clean(self) -> None:
        """Leave the record as it was read: the rule compares it with what the page showed."""


class PageForm(WrittenForm):
    body = BlocksField(label="Blocks")

    class Meta:
        model = Page
        fields = ["title", "slug", "lead", "search_title", "description", "body", "is_for", "parent"]
        widgets = {
            "lead": UnfoldAdminTextareaWidget({"rows": 2}),
            "description": UnfoldAdminTextareaWidget({"rows": 2}),
        }

    def clean_slug(self) -> str:
        slug = str(self.cleaned_data["slug"])
        if not slug and self.instance._state.adding and self.data.get(self.add_prefix("title")):
            return slugify(self.data[self.add_prefix("title")])[:80].strip("-")
        return slug

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        page, is_new = self.instance, self.instance._state.adding
        parent = cleaned.get("parent") if is_new else page.parent
        is_for = cleaned.get("is_for") if is_new else page.is_for
        slug = cleaned.get("slug")
        if slug is None:
            return cleaned
        if parent and is_for and parent.is_for != is_for:
            self.add_error("parent", "Choose a page for the same readers.")
        if not slug and parent:
            self.add_error("slug", "Only the start page has an empty address.")
        twins = Page.objects.filter(parent=parent, slug=slug, is_for=is_for).exclude(pk=page.pk)
        if twins.exists():
            self.add_error("slug", "Another page has this address. Choose another last part.")
        return cleaned


class SnippetForm(WrittenForm):
    html = RichTextField(label="Text")

    class Meta:
        model = Snippet
        fields = ["name", "html"]

    def clean_name(self) -> str:
        name = " ".join(str(self.cleaned_data["name"]).split())
        if Snippet.objects.filter(name=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("There is a snippet of this name already.")
        return name


class MediaForm(forms.ModelForm):
    """A picture is sent once; its words can be changed. It is decoded before the transaction begins."""

    sizes: ClassVar[list[dict[str, Any]]] = []
    why_not: ClassVar[str] = ""

    file = forms.FileField(
        label="Picture",
        required=False,
        widget=UnfoldAdminFileFieldWidget({"accept": "image/jpeg,image/png,image/webp"}),
        help_text="JPEG, PNG or WebP, up to 10 MB. Place, camera and whatever else hides in it are removed.",
    )

    class Meta:
        model = Media
        fields = ["name", "alt", "credit"]
        widgets = {"alt": UnfoldAdminTextareaWidget({"rows": 2})}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        words = {name: str(cleaned.get(name) or "") for name in ("name", "alt", "credit")}
        try:
            picturing.check_words(**words)
        except advertising.Advertises as no:
            raise forms.ValidationError(str(no)) from no
        if self.instance._state.adding and not self.errors:
            self._read_file(cleaned.get("file"))
        return cleaned

    def _read_file(self, file: Any) -> None:
        if why_not := self.why_not or self._speaks_against(file):
            self.add_error("file", why_not)

    @staticmethod
    def _speaks_against(file: Any) -> str:
        if file is None:
            return "Choose a picture."
        found = advertising.found_in({"Name of the file": file.name})
        if found:
            return str(advertising.Advertises(found))
        return uploads.TOO_LARGE if file.size > uploads.LARGEST else ""  # then it is not even read


class MenuItemForm(forms.ModelForm):
    class Meta:
        model = MenuItem
        fields = ["place", "label", "page", "link", "is_shown"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        try:
            advertising.check({name.capitalize(): str(cleaned.get(name) or "") for name in ("label", "link")})
        except advertising.Advertises as no:
            raise forms.ValidationError(str(no)) from no
        page, place = cleaned.get("page"), cleaned.get("place")
        if page and place and (page.is_for == Page.Readers.PORTAL) != (place == MenuItem.Place.PORTAL):
            self.add_error("page", "This menu is for other readers than the page.")
        return cleaned


def moment(label: str) -> forms.DateTimeField:
    """A day and a time in the browser's own field."""
    widget = UnfoldAdminTextInputWidget({"type": "datetime-local"})
    return forms.DateTimeField(
        label=label, required=False, widget=widget, help_text="By the practice’s clock."
    )


class ScheduleForm(BaseDialogForm):
    """When a page goes live and is taken off; what is left empty does not happen."""

    at = moment("Goes live")
    until = moment("Is taken off")


class ExemptionForm(BaseDialogForm):
    reason = forms.CharField(
        label="Why may these words stand there?", max_length=1000, widget=UnfoldAdminTextareaWidget
    )


class ArrangeForm(forms.Form):
    """What a drag sends, also as a form without JavaScript: which record, and where to."""

    order = forms.JSONField(widget=UnfoldAdminTextInputWidget)


class PlaceForm(forms.Form):
    place = forms.ChoiceField(choices=MenuItem.Place, widget=UnfoldAdminSelectWidget)
