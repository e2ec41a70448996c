"""Letters about consultations on the staff site, and the practice's texts for them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from unfold.decorators import display

from clinic import corresponding, documents
from clinic.admin.availability import Reason, by_our_clock
from clinic.models import ClinicalLetter, Encounter, LetterText
from config import printing
from config.admin import PossibleButtons, RecordAdmin, step
from config.base import SignedInRequest, record_viewed


class ChoiceForm(forms.Form):
    """The text with which a letter begins."""

    text: forms.ModelChoiceField[LetterText] = forms.ModelChoiceField(queryset=None)

    def __init__(self, *args: Any, texts: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].queryset = texts  # type: ignore[attr-defined]


@admin.register(LetterText)
class LetterTextAdmin(RecordAdmin):
    list_display = ["name", "kind", "title", "is_offered"]
    list_filter = ["kind", "is_offered"]
    search_fields = ["name", "title"]
    fields = [("kind", "name"), "title", "body", "is_offered"]


@admin.register(ClinicalLetter)
class ClinicalLetterAdmin(PossibleButtons, RecordAdmin):
    """A letter is begun from a consultation, written and looked at here, and signed."""

    when_empty = "Letters begin on the consultation page, with “Write a letter”."
    list_display = ["patient", "show_kind", "title", "practitioner", "show_status", "show_signed"]
    list_select_related = ["patient__user", "practitioner__user"]
    list_filter = ["status", "kind"]
    search_fields = ["title", "patient__user__given_name", "patient__user__family_name"]
    fields = [
        ("show_kind", "show_status"),
        ("patient", "practitioner"),
        "addressee",
        "title",
        "body",
        ("show_paper", "show_signed"),
    ]
    readonly_fields = ["show_kind", "show_status", "patient", "practitioner", "show_paper", "show_signed"]
    actions_detail = ["sign", "cancel"]

    def possible(self, record: ClinicalLetter) -> set[str]:
        buttons = {"draft": {"sign", "cancel"}, "signed": {"cancel"}}
        return buttons.get(record.status, set())

    @display(description="Kind", ordering="kind")
    def show_kind(self, letter: ClinicalLetter) -> str:
        return letter.get_kind_display()

    @display(
        description="Status",
        ordering="status",
        label={"draft": "warning", "signed": "success", "cancelled": "danger"},
    )
    def show_status(self, letter: ClinicalLetter) -> tuple[str, str]:
        return letter.status, letter.get_status_display()

    @display(description="Signed")
    def show_signed(self, letter: ClinicalLetter) -> str:
        return by_our_clock(letter.signed_at)

    @display(description="Paper")
    def show_paper(self, letter: ClinicalLetter) -> str:
        if letter.status == ClinicalLetter.Status.DRAFT:
            page = reverse("admin:clinic_clinicalletter_preview", args=[letter.pk])
            return format_html('<a class="underline" href="{}">Look at it as it is kept now</a>', page)
        if document := letter.documents.first():
            page = reverse("file", args=[document.pk])
            return format_html('<a class="underline" href="{}">Download</a>', page)
        return "It is being made."

    def get_urls(self):
        guard = self.admin_site.admin_view
        return [
            path("begin/<uuid:encounter>/", guard(self.begin), name="clinic_clinicalletter_begin"),
            path("<uuid:pk>/preview/", guard(self.preview), name="clinic_clinicalletter_preview"),
            *super().get_urls(),
        ]

    def begin(self, request: SignedInRequest, encounter: UUID) -> HttpResponse:
        """Choose the text with which a letter about a consultation begins."""
        if not request.user.has_perm("clinic.change_clinicalletter"):
            raise PermissionDenied
        visible = Encounter.objects.visible_to(request.user).select_related(
            "patient__user", "practitioner__user", "note"
        )
        found = get_object_or_404(visible, pk=encounter)
        texts = LetterText.objects.visible_to(request.user).offered()
        form = ChoiceForm(request.POST if request.method == "POST" else None, texts=texts)
        if form.is_valid():
            letter = corresponding.begin(found, text=form.cleaned_data["text"], by=request.user)
            return redirect("admin:clinic_clinicalletter_change", letter.pk)
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": f"A letter about {found.patient}",
            "opts": self.opts,
            "encounter": found,
            "texts": texts,
            "form": form,
            "letters": ClinicalLetter.objects.visible_to(request.user).filter(encounter=found),
        }
        status = HTTPStatus.BAD_REQUEST if form.is_bound else HTTPStatus.OK
        return TemplateResponse(request, "admin/letters/begin.html", context, status=status)

    def preview(self, request: SignedInRequest, pk: UUID) -> HttpResponse:
        """The letter as it would be printed; marked as a draft, and kept nowhere."""
        letter = cast(ClinicalLetter, self.get_visible_or_404(request, str(pk)))
        record_viewed.send(ClinicalLetter, record=letter, request=request, action="print")
        return printing.download(documents.preview(letter), file_name="draft.pdf")

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        is_theirs = obj is None or (obj.status == "draft" and obj.practitioner.user_id == request.user.pk)
        return is_theirs and super().has_change_permission(request, obj)

    @step(
        "Sign", may="sign", icon="draw", text="It is locked as it is kept now, and the patient can read it."
    )
    def sign(self, request, letter: ClinicalLetter, form) -> str:
        corresponding.sign(letter, by=request.user)
        return f"{letter} is signed. Its paper is ready in a moment."

    @step("Discard or make void", may="sign", form=Reason, icon="cancel")
    def cancel(self, request, letter: ClinicalLetter, form: Reason) -> str:
        corresponding.cancel(letter, why=form.cleaned_data["why"], by=request.user)
        return f"{letter} is void."

    def has_sign_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("clinic.change_clinicalletter")
