"""What patients are asked to agree to, in which words they did, and when."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import display
from unfold.forms import BaseDialogForm

from clinic import consenting, phrasing, reckoning
from clinic.forms.consents import ConsentDraftForm
from clinic.models import Consent, ConsentDraft, ConsentText
from clinic.models.consents import fill
from config.admin import FactAdmin, RecordAdmin, step
from config.base import SignedInRequest


@admin.register(Consent)
class ConsentAdmin(FactAdmin):
    list_display = ["patient", "kind", "answer", "version", "recorded_at"]
    list_select_related = ["patient__user"]
    list_filter = [("kind", ChoicesDropdownFilter), ("recorded_at", RangeDateTimeFilter)]
    search_fields = ["patient__user__given_name", "patient__user__family_name"]
    fields = [
        "patient",
        "kind",
        "answer",
        "why",
        "version",
        "show_words",
        "text_sha256",
        "recorded_at",
        "recorded_by",
    ]
    readonly_fields = fields

    @display(description="In these words")
    def show_words(self, consent: Consent) -> str:
        return consent.words or "Earlier words, of which only the fingerprint was kept."


@admin.register(ConsentDraft)
class ConsentDraftAdmin(RecordAdmin):
    """One row a kind of text; none is added or taken away by hand. Publishing makes a version of it."""

    form = ConsentDraftForm
    change_form_template = "admin/consents/edit.html"
    fields = ["body", "seen"]
    list_display = ["kind", "show_state", "show_version"]
    actions_detail = ["publish"]

    @method_decorator(transaction.atomic)
    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        draft: Any = self.get_object(request, object_id) if object_id else None
        told: dict[str, Any] = {}
        if draft:
            if request.method == "POST":  # two people who save at once are told of each other
                ConsentDraft.objects.visible_to(request.user).select_for_update().get(pk=draft.pk)
            versions = [*ConsentText.objects.visible_to(request.user).of(draft.kind)]
            names = consenting.told(draft.kind, policy=reckoning.policy_now())
            told = {
                "row": draft,
                "names": names,
                "preview": fill(draft.body, names),
                "versions": versions,
                "lines": phrasing.compare(versions[0].body, draft.body) if versions else [],
                "is_published": bool(versions) and versions[0].body == draft.body,
            }
        return super().changeform_view(request, object_id, form_url, {**told, **(extra_context or {})})

    def save_model(self, request, obj, form, change):
        phrasing.rewrite(obj, body=form.cleaned_data["body"], saw=form.cleaned_data["seen"], by=request.user)

    def get_queryset(self, request):
        """With the version in force, so that a list asks no more for many than for one."""
        return phrasing.beside_live(super().get_queryset(request))

    @display(description="State", label={"published": "success", "changed": "warning"})
    def show_state(self, draft: Any) -> tuple[str, str]:
        is_same = draft.body == draft.live_body
        return ("published", "Published") if is_same else ("changed", "Changes not published")

    @display(description="Version in force")
    def show_version(self, draft: Any) -> str:
        return str(draft.live_version or "–")

    @step(
        "Publish",
        may="publish",
        text="What was saved last is published, so save first what you just typed. Patients who agreed to"
        " other words are asked again.",
        icon="publish",
    )
    def publish(self, request: SignedInRequest, draft: ConsentDraft, form: BaseDialogForm) -> str:
        return f"Published as version {phrasing.publish(draft, by=request.user).version}."

    def has_publish_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm("clinic.publish_consenttext")

    def has_add_permission(self, request):
        return False


@admin.register(ConsentText)
class ConsentTextAdmin(FactAdmin):
    """The versions that patients were asked, each as it was, beside the one before it."""

    list_display = ["__str__", "recorded_at", "recorded_by"]
    list_select_related = ["recorded_by"]
    list_filter = [("kind", ChoicesDropdownFilter)]
    fields = [("kind", "version"), ("recorded_at", "recorded_by"), "sha256", "show_lines"]
    readonly_fields = ["show_lines"]

    @display(description="Text")
    def show_lines(self, text: ConsentText) -> SafeString:
        before = phrasing.before(text)
        lines = phrasing.compare(before.body if before else text.body, text.body)
        return render_to_string("admin/consents/lines.html", {"lines": lines, "before": before})
