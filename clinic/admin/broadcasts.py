"""Notices to patients: written by one manager, approved by another, sent a few at a time."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.forms import BaseDialogForm

from clinic import broadcasting
from clinic.forms.broadcasts import BroadcastForm, StopForm
from clinic.models import AdvertisingTerm, Broadcast
from config.admin import PossibleButtons, RecordAdmin, step
from config.base import SignedInRequest

Status = Broadcast.Status
COLOURS = {
    Status.DRAFT: "default",
    Status.APPROVED: "info",
    Status.SENDING: "warning",
    Status.SENT: "success",
    Status.STOPPED: "danger",
}
POSSIBLE = {
    Status.DRAFT: {"approve", "stop"},
    Status.APPROVED: {"send", "stop"},
    Status.SENDING: {"stop"},
}
WRITTEN = ["show_status", "show_count", "show_progress", "show_preview"]
SIGNED = ["author", "approved_by", "approved_at"]


@admin.register(Broadcast)
class BroadcastAdmin(PossibleButtons, RecordAdmin):
    when_empty = "Write one to tell many patients of news of the practice; a second person approves it."
    form = BroadcastForm
    list_display = ["subject", "show_status", "author", "approved_by", "created_at"]
    list_select_related = ["author", "approved_by"]
    list_filter = [("status", ChoicesDropdownFilter)]
    search_fields = ["subject"]
    readonly_fields = WRITTEN + SIGNED
    actions_detail = ["approve", "send", "stop"]

    def get_fieldsets(self, request, obj=None):
        """Ask for the words and the readers; what came of it stands above them once it is written."""
        words = ("The notice", {"fields": ["subject", "text", "is_marketing"]})
        told = "Leave all three empty, and everybody who has an account gets it."
        readers = (
            "Who gets it",
            {"fields": ["state", "practitioner", "visited_since"], "description": told},
        )
        known = [("show_status", "show_count"), "show_progress", "show_preview"]
        signed = [("author", "approved_by", "approved_at")]
        return [words, readers] if obj is None else [(None, {"fields": known + signed}), words, readers]

    def possible(self, record: Broadcast) -> set[str]:
        return POSSIBLE.get(Status(record.status), set())

    def save_model(self, request, obj, form, change):
        if change:
            broadcasting.rewrite(obj, changed=form.changed_data, by=request.user)
        else:
            obj.author = request.user
            obj.sign_with(by=request.user).save()

    @display(description="Status", label=COLOURS, ordering="status")
    def show_status(self, broadcast: Broadcast) -> tuple[str, str]:
        return broadcast.status, broadcast.get_status_display()

    @display(description="Patients who get it")
    def show_count(self, broadcast: Broadcast) -> str:
        many = broadcasting.readers(broadcast, now=timezone.now()).count()
        return f"{many} now; who turned such letters off is not counted"

    @display(description="Progress")
    def show_progress(self, broadcast: Broadcast) -> str:
        far = broadcasting.progress(broadcast, now=timezone.now())
        if broadcast.status in {Status.DRAFT, Status.APPROVED}:
            return "Nobody was written to yet"
        return (
            f"{far.written} written: {far.sent} sent, {far.waiting} waiting in the outbox,"
            f" {far.not_sent} not sent"
        )

    @display(description="As one of them reads it")
    def show_preview(self, broadcast: Broadcast) -> SafeString | str:
        seen = broadcasting.preview(broadcast, now=timezone.now())
        if seen is None:
            return "No patient would get it. Change whom it goes to."
        return format_html(
            '<div class="max-w-2xl border border-base-200 dark:border-base-700 rounded-default p-4">'
            '<p class="font-semibold mb-3">{}</p>'
            '<div style="white-space: pre-line; overflow-wrap: anywhere">{}</div></div>',
            seen.subject,
            seen.text,
        )

    @step(
        "Approve",
        may="approve",
        text="You have read it as a patient reads it. From now on its words cannot be changed.",
        icon="check",
    )
    def approve(self, request: SignedInRequest, broadcast: Broadcast, form: BaseDialogForm) -> str:
        broadcasting.approve(broadcast, by=request.user)
        return "The notice is approved and can be sent."

    @step(
        "Send",
        may="approve",
        text="It goes to each patient once, so many a minute as stands under Practice.",
        icon="send",
    )
    def send(self, request: SignedInRequest, broadcast: Broadcast, form: BaseDialogForm) -> str:
        broadcasting.send(broadcast, by=request.user)
        return "The notice is being sent. Load this page again to see how far it is."

    @step("Stop", may="approve", form=StopForm, text="Nobody else gets it.", icon="front_hand")
    def stop(self, request: SignedInRequest, broadcast: Broadcast, form: StopForm) -> str:
        broadcasting.stop(broadcast, by=request.user, why=form.cleaned_data["why"])
        return "The notice is stopped. What had not left us by now stays unsent."

    def has_approve_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm("clinic.approve_broadcast")

    def has_change_permission(self, request, obj=None):
        is_open = obj is None or obj.status == Status.DRAFT
        return is_open and super().has_change_permission(request, obj)


@admin.register(AdvertisingTerm)
class AdvertisingTermAdmin(RecordAdmin):
    """The words that are kept out; taken off the list, they stay with their history."""

    list_display = ["words", "is_used"]
    search_fields = ["words"]
    fields = ["words", "is_used"]
