"""Snippets: words for several pages, written and published like them; and words that may stand after all."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.decorators import method_decorator
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.forms import BaseDialogForm

from clinic import exempting, publishing, revising
from clinic.admin.dialogs import Reason
from clinic.admin.revisions import RevisionsAdmin, state
from clinic.forms.pages import ExemptionForm, SnippetForm
from clinic.models import Exemption, Snippet
from config.admin import PossibleButtons, RecordAdmin, step
from config.base import SignedInRequest


@admin.register(Snippet)
class SnippetAdmin(RevisionsAdmin, PossibleButtons, RecordAdmin):
    form = SnippetForm
    change_form_template = "admin/pages/snippet.html"
    when_empty = "Write words that stand on several pages once, and choose them there as a block."
    fields = ["name", "html", "seen"]
    list_display = ["name", "show_state", "published_at", "published_by"]
    list_select_related = ["published_by"]
    search_fields = ["name", "html"]
    actions_detail = ["publish", "unpublish", "ask_exemption"]

    def possible(self, record: Snippet) -> set[str]:
        written = {"publish"} if publishing.is_changed(record) else set()
        return written | ({"unpublish"} if record.live_version else set()) | {"ask_exemption"}

    @method_decorator(transaction.atomic)
    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        snippet: Any = self.get_object(request, object_id) if object_id else None
        told: dict[str, Any] = {"prose": static("django_prose_editor/editor.js")}
        if snippet:
            told |= {"record": snippet, "revisions": revising.revisions(snippet), "state": state(snippet)}
            told["found"] = publishing.found_in(snippet)
        return super().changeform_view(request, object_id, form_url, {**told, **(extra_context or {})})

    def save_model(self, request, obj, form, change):
        if change:
            publishing.rewrite(obj, form.said(), saw=form.cleaned_data["seen"], by=request.user)
        else:
            obj.name, obj.html = form.cleaned_data["name"], form.cleaned_data["html"]
            publishing.begin(obj, by=request.user)
        if found := publishing.found_in(obj):
            words = ", ".join(sorted({f"“{one.words}”" for one in found}))
            messages.warning(request, f"Kept. It cannot be published with {words}.")

    @step("Publish", may="publish", text="What was saved last is read at once on every page.", icon="publish")
    def publish(self, request: SignedInRequest, snippet: Snippet, form: BaseDialogForm) -> str:
        publishing.publish(snippet, by=request.user)
        return "Published on every page that has it."

    @step("Take off", may="publish", text="No page shows it any more.", icon="visibility_off")
    def unpublish(self, request: SignedInRequest, snippet: Snippet, form: BaseDialogForm) -> str:
        publishing.unpublish(snippet, by=request.user)
        return "It was taken off."

    @step(
        "Ask to let words stand",
        may="decide",
        form=ExemptionForm,
        text="For the words of the advertising guard in what was saved last. Another manager decides.",
        icon="gavel",
    )
    def ask_exemption(self, request: SignedInRequest, snippet: Snippet, form: ExemptionForm) -> str:
        one, why = publishing.newest(snippet), form.cleaned_data["reason"]
        exempting.ask(snippet, one, publishing.found_in(one), reason=why, by=request.user)
        return "Another manager is asked to decide."

    def has_publish_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm("clinic.publish_page")

    def has_decide_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm(exempting.MAY)


@admin.register(Exemption)
class ExemptionAdmin(PossibleButtons, RecordAdmin):
    """Asked for at a page; decided here by somebody else."""

    when_empty = "Asked for at a page or snippet in which the advertising guard found words."
    list_display = ["__str__", "show_status", "asked_by", "asked_at", "decided_by"]
    list_select_related = ["page", "snippet", "asked_by", "decided_by"]
    list_filter = ["status"]
    fields = [
        ("show_status", "page", "snippet"),
        "show_words",
        "reason",
        ("asked_by", "asked_at"),
        ("decided_by", "decided_at"),
    ]
    readonly_fields = [
        "show_status", "page", "snippet", "show_words", "reason", "asked_by", "asked_at", "decided_by",
        "decided_at",
    ]  # fmt: skip
    actions_detail = ["allow", "decline"]

    def possible(self, record: Exemption) -> set[str]:
        buttons = {"asked": {"allow", "decline"}, "allowed": {"decline"}}
        return buttons.get(record.status, set())

    @display(
        description="Status",
        ordering="status",
        label={"asked": "warning", "allowed": "success", "refused": "danger"},
    )
    def show_status(self, exemption: Exemption) -> tuple[str, str]:
        return exemption.status, exemption.get_status_display()

    @display(description="Words, and where they stand")
    def show_words(self, exemption: Exemption) -> SafeString:
        return format_html_join("", "<p>“{}” – {}</p>", exemption.words)

    @step("Allow", may="decide", icon="check", text="This one version may be published with these words.")
    def allow(self, request: SignedInRequest, exemption: Exemption, form: BaseDialogForm) -> str:
        exempting.allow(exemption, by=request.user)
        return "This version may be published with these words."

    @step("Decline", may="decide", form=Reason, icon="block", text="The words stay out.")
    def decline(self, request: SignedInRequest, exemption: Exemption, form: Reason) -> str:
        exempting.decline(exemption, why=form.cleaned_data["why"], by=request.user)
        return "The words stay out."

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_decide_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm(exempting.MAY)
