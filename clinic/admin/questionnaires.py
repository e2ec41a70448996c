"""What patients are asked: built by managers, published as versions that stay as they were."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.forms import BaseDialogForm

from clinic import questioning
from clinic.forms.intake import IntakeForm
from clinic.forms.questionnaires import QuestionnaireForm, TakeUpForm
from clinic.models import FlagSeverity, QuestionKind, Questionnaire, QuestionnaireDraft
from clinic.models.questions import CHOSEN, COUNTED, WRITTEN, read_questions
from config.admin import FactAdmin, RecordAdmin, step
from config.base import SignedInRequest

COLOURS = {"published": "success", "changed": "warning", "begun": "default"}


@admin.register(QuestionnaireDraft)
class QuestionnaireDraftAdmin(RecordAdmin):
    """The editor of what will be asked; publishing makes a version of it."""

    form = QuestionnaireForm
    change_form_template = "admin/questions/edit.html"
    when_empty = "Build one, publish it, and name it at the kinds of appointment before which it is asked."
    fields = ["title", "questions", "seen"]
    list_display = ["title", "show_state", "show_count", "show_version"]
    search_fields = ["title"]
    actions_detail = ["publish"]

    def get_queryset(self, request):
        """With the version in force, so that a list asks no more for many than for one."""
        versions = Questionnaire.objects.visible_to(request.user)
        last = versions.filter(key=OuterRef("key")).order_by("-version")
        parts = {
            f"live_{name}": Subquery(last.values(name)[:1]) for name in ("version", "title", "questions")
        }
        return super().get_queryset(request).annotate(**parts)

    def get_urls(self):
        view = self.admin_site.admin_view(self.preview)
        return [path("preview/", view, name="clinic_questionnairedraft_preview"), *super().get_urls()]

    @method_decorator(require_POST)
    def preview(self, request: SignedInRequest) -> HttpResponse:
        """Show the questions that were sent as a patient would see them; nothing is saved."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            rows = json.loads(request.POST.get("questions", ""))
            asked = read_questions(questioning.named(rows))
        except (ValueError, TypeError, AttributeError, RecursionError):
            return render(request, "admin/questions/preview.html", {"why": "There is nothing to show yet."})
        except ValidationError as no:
            return render(request, "admin/questions/preview.html", {"why": " ".join(no.messages)})
        labels = {question.key: question.label for question in asked}
        context = {
            "form": IntakeForm(asked, said={}),
            "title": request.POST.get("title", ""),
            "labels": labels,
        }
        return render(request, "admin/questions/preview.html", context)

    @method_decorator(transaction.atomic)
    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        draft = self.get_object(request, object_id) if object_id else None
        if draft and request.method == "POST":  # two people who save at once are told of each other
            QuestionnaireDraft.objects.visible_to(request.user).select_for_update().get(pk=draft.pk)
        versions = Questionnaire.objects.visible_to(request.user).filter(key=draft.key if draft else "")
        told = {
            "editor": {
                "kinds": dict(QuestionKind.choices),
                "severities": dict(FlagSeverity.choices),
                "chosen": sorted(CHOSEN),
                "counted": sorted(COUNTED),
                "written": sorted(WRITTEN),
                "is_changed_here": self.has_change_permission(request, draft),
                "preview": reverse("admin:clinic_questionnairedraft_preview"),
            },
            "versions": versions.select_related("recorded_by").order_by("-version"),
            "differences": _differences(draft) if draft else [],
        }
        return super().changeform_view(request, object_id, form_url, {**told, **(extra_context or {})})

    def save_model(self, request, obj, form, change):
        written = {name: form.cleaned_data[name] for name in ("title", "questions")}
        if change:
            questioning.rewrite(obj, **written, saw=form.cleaned_data["seen"], by=request.user)
        else:
            questioning.begin(obj, **written, by=request.user)
        try:
            questioning.read(obj)
        except questioning.CannotBeAsked as no:
            messages.warning(request, f"Kept. To be published it needs a little more. {no}")

    @display(description="State", label=COLOURS)
    def show_state(self, draft: Any) -> tuple[str, str]:
        if draft.live_version is None:
            return "begun", "Never published"
        is_same = (draft.title, draft.questions) == (draft.live_title, draft.live_questions)
        return ("published", "Published") if is_same else ("changed", "Changes not published")

    @display(description="Questions")
    def show_count(self, draft: QuestionnaireDraft) -> int:
        return len(draft.questions)

    @display(description="Version in force")
    def show_version(self, draft: Any) -> str:
        return str(draft.live_version or "–")

    @step(
        "Publish",
        may="publish",
        text="What was saved last is published, so save first what you just typed. Who began goes on"
        " with the questions they saw.",
        icon="publish",
    )
    def publish(self, request: SignedInRequest, draft: QuestionnaireDraft, form: BaseDialogForm) -> str:
        version = questioning.publish(draft, by=request.user)
        return f"Published as version {version.version}."

    def has_publish_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm("clinic.publish_questionnaire")


def _differences(draft: Any) -> list[questioning.Difference]:
    if draft.live_version is None:
        return []
    found = questioning.differences(draft.live_questions, draft.questions)
    if draft.title != draft.live_title:
        found.insert(0, questioning.Difference("Title", f"{draft.live_title} → {draft.title}", []))
    return found


@admin.register(Questionnaire)
class QuestionnaireAdmin(FactAdmin):
    """The versions that patients were asked, each as it was."""

    list_display = ["__str__", "show_count", "recorded_at", "recorded_by"]
    list_select_related = ["recorded_by"]
    list_filter = ["key"]
    fields = [("title", "version"), ("recorded_at", "recorded_by"), "show_questions"]
    readonly_fields = ["show_questions"]
    actions_detail = ["take_up"]

    @display(description="Questions")
    def show_count(self, version: Questionnaire) -> int:
        return len(version.questions)

    @display(description="Questions")
    def show_questions(self, version: Questionnaire) -> SafeString:
        return render_to_string("admin/questions/version.html", {"asked": version.asked()})

    @step(
        "Go on from this version",
        may="take_up",
        form=TakeUpForm,
        text="What it asked is what you write on with. Nothing is published by this.",
        icon="history",
    )
    def take_up(self, request: SignedInRequest, version: Questionnaire, form: TakeUpForm) -> HttpResponse:
        is_sure = form.cleaned_data["is_sure"]
        draft = questioning.take_up(version, is_sure=is_sure, by=request.user)
        messages.success(request, f"You go on from version {version.version}. Publish it when it is ready.")
        return HttpResponseRedirect(reverse("admin:clinic_questionnairedraft_change", args=[draft.pk]))

    def has_take_up_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm("clinic.change_questionnairedraft")
