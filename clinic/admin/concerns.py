"""Calls for help: what patients wrote that may tell of self-harm, and what was done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import display

from clinic.forms.concerns import SeenToForm
from config.admin import PossibleButtons, RecordAdmin, step
from config.base import SignedInRequest
from messaging import heeding
from messaging.models import Concern, Phrase, Room

if TYPE_CHECKING:
    from clinic.models import User

COLOURS = {Concern.Status.OPEN: "danger", Concern.Status.SEEN_TO: "success"}


@admin.register(Concern)
class ConcernAdmin(PossibleButtons, RecordAdmin):
    when_empty = "When a patient writes words that may tell of self-harm, it stands here at once."
    list_display = ["show_who", "created_at", "show_status", "seen_by", "seen_at"]
    list_select_related = ["message__recorded_by__patient", "message__room", "seen_by"]
    list_filter = [("status", ChoicesDropdownFilter), ("created_at", RangeDateTimeFilter)]
    fields = [
        ("show_who", "show_phone"),
        ("show_status", "created_at"),
        ("show_message", "show_room"),
        ("seen_by", "seen_at"),
        "done",
    ]
    readonly_fields = ["show_phone", "show_message", "show_room", "show_who", "show_status", "created_at"]
    readonly_fields += ["seen_by", "seen_at", "done"]
    actions_detail = ["see_to"]

    def get_queryset(self, request):
        """With ``reads``: whether the reader is let in, or only told that a conversation calls for help."""
        rooms = Room.objects.visible_to(request.user).filter(pk=OuterRef("message__room"))
        return super().get_queryset(request).annotate(reads=Exists(rooms))

    def possible(self, record: Concern) -> set[str]:
        return {"see_to"} if record.status == Concern.Status.OPEN else set()

    @display(description="Who wrote it", ordering="message__recorded_by__family_name")
    def show_who(self, concern: Concern) -> str:
        return str(concern.message.recorded_by)

    @display(description="Telephone", empty_value="–")
    def show_phone(self, concern: Concern) -> str:
        """The patient's, and whom to ring when they do not answer."""
        patient = cast("User", concern.message.recorded_by).patient
        page = reverse("admin:clinic_patient_change", args=[patient.pk])
        near = " ".join(filter(None, (patient.emergency_name, patient.emergency_phone)))
        return format_html(
            '<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>{}',
            page,
            patient.phone or "The patient’s record",
            f" – in an emergency: {near}" if near else "",
        )

    @display(description="Status", label=COLOURS, ordering="status")
    def show_status(self, concern: Concern) -> tuple[str, str]:
        return concern.status, concern.get_status_display()

    @display(description="What they wrote")
    def show_message(self, concern: Any) -> str:
        if not concern.reads:
            return "Only the people of the conversation can read it."
        message = concern.message
        return (
            f"{message.text}\n(Withdrawn by who wrote it.)"
            if hasattr(message, "withdrawal")
            else message.text
        )

    @display(description="Conversation")
    def show_room(self, concern: Any) -> str:
        room = concern.message.room
        if not concern.reads:
            return room.title
        page = f"{reverse('admin:messaging_room_change', args=[room.pk])}#message-{concern.message.sequence}"
        return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', page, room)

    @step("Seen to", may="see_to", form=SeenToForm, icon="how_to_reg")
    def see_to(self, request: SignedInRequest, concern: Concern, form: SeenToForm) -> str:
        heeding.see_to(concern, by=request.user, done=form.cleaned_data["done"])
        return "It is noted who saw to it, and what was done."

    def has_see_to_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm("messaging.see_to_concern")

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False


@admin.register(Phrase)
class PhraseAdmin(RecordAdmin):
    """The words that are looked for; taken off the list, they stay with their history."""

    list_display = ["words", "is_used"]
    search_fields = ["words"]
    fields = ["words", "is_used"]
