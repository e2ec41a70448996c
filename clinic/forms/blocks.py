"""The blocks of a page, each a form of its own: what an editor fills in, and what may be kept of it."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.db import models
from django_prose_editor.fields import ProseEditorFormField
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from clinic import offering
from clinic.blocks import KINDS
from clinic.forms.questionnaires import UNKEPT, RowsField
from clinic.models import Media, Page, QuestionnaireDraft, Snippet

MOST = 100
"""Blocks of one page."""
EXTENSIONS = {
    "Bold": True,
    "Italic": True,
    "BulletList": True,
    "OrderedList": True,
    "ListItem": True,
    "HardBreak": True,
    "Heading": {"levels": [3, 4]},
    "Link": {"protocols": ["http", "https", "mailto", "tel"], "enableTarget": False},
}
"""What can be written in a rich text; everything else is cleaned away when it is sent."""
OWN = re.compile(r"^(/(?![/\\])|#|mailto:|tel:|https://)")
HREF = re.compile(r'href="([^"]*)"')


class RichTextField(ProseEditorFormField):
    """Text with emphasis, lists, small headings and links; whatever else is sent is cleaned away."""

    def __init__(self, **kwargs: Any) -> None:
        widget = UnfoldAdminTextareaWidget({"data-prose": "", "rows": 5})
        super().__init__(extensions=EXTENSIONS, sanitize=True, max_length=10_000, widget=widget, **kwargs)
        self.widget = widget  # plain: our editor turns it into one when its block is put in

    def clean(self, value: Any) -> str:
        html = str(super().clean(value))
        for address in HREF.findall(html):
            if not OWN.match(address):
                raise forms.ValidationError("Links begin with /, https://, mailto: or tel:.")
        return html


def words(label: str, most: int, *, required: bool = False, note: str = "") -> forms.CharField:
    return forms.CharField(
        label=label, max_length=most, required=required, help_text=note, widget=UnfoldAdminTextInputWidget
    )


def several_lines(label: str, most: int, *, required: bool = True) -> forms.CharField:
    widget = UnfoldAdminTextareaWidget({"rows": 3})
    return forms.CharField(label=label, max_length=most, required=required, widget=widget)


def choice(label: str, **choices: str) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=[*choices.items()], widget=UnfoldAdminSelectWidget)


def tick(label: str) -> forms.BooleanField:
    return forms.BooleanField(label=label, required=False, initial=True, widget=UnfoldBooleanWidget)


class RowField(forms.ModelChoiceField):
    """One record; asked anew for each form, so that new ones can be chosen."""

    def __init__(self, model: type[models.Model], **kwargs: Any) -> None:
        rows = model._default_manager.all()
        super().__init__(rows, widget=UnfoldAdminSelectWidget, **kwargs)


class HeadingForm(forms.Form):
    text = words("Heading", 120, required=True)
    level = choice("Size", **{"2": "Large", "3": "Small"})


class TextForm(forms.Form):
    html = RichTextField(label="Text")


class ImageForm(forms.Form):
    picture = RowField(Media, label="Picture")
    caption = words("Below it", 200)
    width = choice("Width", normal="As wide as the text", wide="As wide as the page")


class CalloutForm(forms.Form):
    tone = choice("Kind", info="Information", good="Good news", warn="Take care")
    title = words("Title", 120)
    html = RichTextField(label="Text")


class StepForm(forms.Form):
    title = words("Step", 80, required=True)
    text = several_lines("What happens", 400)


class FaqForm(forms.Form):
    question = words("Question", 200, required=True)
    answer = RichTextField(label="Answer")


class PeopleForm(forms.Form):
    heading = words("Heading", 120)
    doctors = forms.MultipleChoiceField(
        label="Who",
        required=False,
        choices=lambda: [(str(one.pk), str(one)) for one in offering.doctors()],
        widget=forms.CheckboxSelectMultiple,
        help_text="Nobody ticked: everybody who takes bookings.",
    )


class FeesForm(forms.Form):
    heading = words("Heading", 120)
    note = words("Below the table", 300)


class HoursForm(forms.Form):
    heading = words("Heading", 120)
    note = words("Below the hours", 300)


class ContactForm(forms.Form):
    heading = words("Heading", 120)
    phone = tick("Telephone")
    email = tick("E-mail")
    address = tick("Street address")


class ButtonForm(forms.Form):
    label = words("Words on it", 60, required=True)
    page = RowField(Page, label="Leads to the page", required=False)
    link = words("Or to the address", 200, note="Of this site, such as /accounts/signup/.")
    look = choice("Look", main="Filled", plain="Outlined")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        link = cleaned.get("link") or ""
        if bool(cleaned.get("page")) == bool(link):
            raise forms.ValidationError("Choose a page, or write an address: one of the two.")
        if link and not OWN.match(link):
            raise forms.ValidationError("The address begins with /, https://, mailto: or tel:.")
        return cleaned


class QuestionsForm(forms.Form):
    heading = words("Heading", 120)
    questionnaire = forms.ChoiceField(
        label="Questionnaire",
        choices=lambda: [(one.key, one.title) for one in QuestionnaireDraft.objects.all()],
        widget=UnfoldAdminSelectWidget,
    )
    note = words("Below the questions", 300)


class SnippetForm(forms.Form):
    snippet = RowField(Snippet, label="Snippet")


FORMS: dict[str, type[forms.Form]] = {
    "heading": HeadingForm,
    "text": TextForm,
    "image": ImageForm,
    "callout": CalloutForm,
    "step": StepForm,
    "faq": FaqForm,
    "people": PeopleForm,
    "fees": FeesForm,
    "hours": HoursForm,
    "contact": ContactForm,
    "button": ButtonForm,
    "questions": QuestionsForm,
    "snippet": SnippetForm,
}


def check(block: Any) -> tuple[dict[str, Any] | None, list[str]]:
    """The block as it can be kept, or what is wrong with it."""
    if not isinstance(block, dict) or block.get("type") not in FORMS:
        return None, ["It did not arrive whole. Please save again."]
    value = block.get("value")
    form = FORMS[block["type"]](value if isinstance(value, dict) else {})
    if not form.is_valid():
        return None, [
            f"{form.fields[name].label}: {why}" if name in form.fields else str(why)
            for name, errors in form.errors.items()
            for why in errors
        ]
    plain = {name: _plain(one) for name, one in form.cleaned_data.items()}
    return {"id": _key(block.get("id")), "type": block["type"], "value": plain}, []


def _plain(value: Any) -> Any:
    if value is None:
        return ""
    return str(value.pk) if isinstance(value, models.Model) else value


def _key(given: Any) -> str:
    try:
        return str(UUID(str(given)))
    except ValueError:
        return str(uuid4())


class BlocksField(RowsField):
    """All blocks of a page. What is wrong is told by the number and the kind of its block."""

    default_error_messages = {"invalid": "The blocks did not arrive whole. Please save again."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False, widget=UnfoldAdminTextareaWidget({"data-blocks": ""}), initial=list, **kwargs
        )

    def clean(self, value: Any) -> list[dict[str, Any]]:
        rows = super().clean(value) or []
        if not isinstance(rows, list) or UNKEPT.search(str(value)):
            raise forms.ValidationError(self.error_messages["invalid"])
        if len(rows) > MOST:
            raise forms.ValidationError(f"A page has at most {MOST} blocks.")
        kept, wrong, seen = [], [], set()
        for number, row in enumerate(rows, 1):
            block, errors = check(row)
            label = (
                KINDS[row["type"]].label if isinstance(row, dict) and row.get("type") in KINDS else "unknown"
            )
            wrong += [f"Block {number}, {label.lower()}. {why}" for why in errors]
            if block:
                if block["id"] in seen:  # two blocks of one key could not be told apart when compared
                    block["id"] = str(uuid4())
                seen.add(block["id"])
                kept.append(block)
        if wrong:
            raise forms.ValidationError(wrong)
        return kept
