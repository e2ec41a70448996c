"""Conversations: those a person is in, or all of them for who reviews them."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpResponse
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import display

from config.admin import RecordAdmin
from messaging import chatting
from messaging.models import Room


@admin.register(Room)
class RoomAdmin(RecordAdmin):
    list_display = ["title", "show_members", "show_last", "show_state"]
    list_filter = [("created_at", RangeDateTimeFilter), ("closed_at", admin.EmptyFieldListFilter)]
    search_fields = ["title", "members__user__family_name", "members__user__given_name"]
    fields = ["title", "show_members", "created_at", "closes_at", "closed_at"]
    readonly_fields = fields
    change_form_outer_before_template = "messaging/_room.html"

    def get_queryset(self, request):
        # Not Django's: it would sort by ``last_at`` before that is there.
        return Room.objects.visible_to(request.user).latest_first().prefetch_related("members__user")

    def get_ordering(self, request):
        return ["-last_at", "-pk"]

    def change_view(self, request, object_id, form_url="", extra_context=None) -> HttpResponse:
        room = self.get_object(request, object_id)
        context = chatting.room_context(room, request.user) if room else {}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    @display(description="Between")
    def show_members(self, room: Room) -> str:
        return ", ".join(str(member.user) for member in room.members.all())

    @display(description="Last written", ordering="last_at")
    def show_last(self, room: Room):
        return room.last_at  # type: ignore[attr-defined]  # annotated by latest_first

    @display(description="State", label={"open": "success", "closed": "info"}, ordering="closed_at")
    def show_state(self, room: Room) -> tuple[str, str]:
        return ("open", "Open") if room.is_open else ("closed", "Over")

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False
