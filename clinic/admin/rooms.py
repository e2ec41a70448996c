"""The inbox: a person's conversations, questions to the practice, or everything for who reviews it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.timesince import timesince
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import display

from clinic.forms.enquiries import AssignForm, SeenForm
from config.admin import PossibleButtons, RecordAdmin, step
from config.base import SignedInRequest
from config.filters import PeriodFilter
from messaging import enquiring, reading
from messaging.models import Room

if TYPE_CHECKING:
    from clinic.models import Patient


class WaitingFilter(DropdownFilter):
    title = "answer"
    parameter_name = "answer"

    def lookups(self, request, model_admin):
        return [("waiting", "A patient waits for one"), ("mine", "Waits, and I have it in hand")]

    def queryset(self, request, queryset):
        if self.value() not in {"waiting", "mine"}:
            return queryset
        waiting = queryset.open().exclude(waiting_since=None)
        return waiting.filter(assigned_to=request.user) if self.value() == "mine" else waiting


class ArchiveFilter(DropdownFilter):
    """What has been over for long is left out, until it is asked for."""

    title = "age"
    parameter_name = "age"

    def lookups(self, request, model_admin):
        return [("archived", "Archived: over for long"), ("all", "Archived ones too")]

    def queryset(self, request, queryset):
        if request.resolver_match.kwargs or self.value() == "all":
            return queryset
        return queryset.archived() if self.value() == "archived" else queryset.current()


def _patient(room: Room) -> Patient | None:
    return getattr(room.patient, "patient", None)


@admin.register(Room)
class RoomAdmin(PossibleButtons, RecordAdmin):
    when_empty = "Conversations begin when an appointment is confirmed, or when a patient asks the practice."
    list_display = [
        "show_patient",
        "title",
        "show_unread",
        "show_waiting",
        "assigned_to",
        "show_last",
        "show_state",
    ]
    list_display_links = ["show_patient", "title"]
    list_select_related = ["patient__patient", "assigned_to"]
    list_filter = [
        WaitingFilter,
        ArchiveFilter,
        ("kind", ChoicesDropdownFilter),
        ("topic", ChoicesDropdownFilter),
        ("created_at", PeriodFilter),
        ("closed_at", admin.EmptyFieldListFilter),
    ]
    search_fields = ["title", "members__user__family_name", "members__user__given_name"]
    fields = [
        ("title", "show_record"),
        ("show_members", "show_phone"),
        ("show_assigned", "show_waiting"),
        "created_at",
        "closes_at",
        "closed_at",
    ]
    readonly_fields = [
        "title",
        "show_record",
        "show_members",
        "show_phone",
        "show_assigned",
        "show_waiting",
        "created_at",
    ]
    readonly_fields += ["closes_at", "closed_at"]
    change_form_outer_before_template = "messaging/_room.html"
    actions_detail = ["assign", "settle", "finish"]

    def get_queryset(self, request):
        """With ``writes``: a doctor reads the conversations of colleagues, but lists those they are in."""
        # Not Django's: it would sort by ``last_at`` before that is there.
        rooms, theirs = (
            Room.objects.visible_to(request.user),
            Room.objects.visible_to(request.user).of(request.user),
        )
        if not (request.resolver_match.kwargs or request.user.has_perm("messaging.view_every_room")):
            rooms = theirs
        writes = Exists(theirs.filter(pk=OuterRef("pk")))
        listed = rooms.annotate(writes=writes).with_waiting_since().latest_first()
        return listed.with_unread(request.user).prefetch_related("members__user")

    def get_ordering(self, request):
        # In the inbox, who waits longest comes first.
        return ["waiting_since", "pk"] if request.GET.get("answer") else ["-last_at", "-pk"]

    def change_view(self, request, object_id, form_url="", extra_context=None) -> HttpResponse:
        room = self.get_object(request, object_id)
        context = reading.room_context(room, request.user) if room else {}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def possible(self, record: Any) -> set[str]:
        if not (record.is_open and record.writes):
            return set()
        waits = {"settle"} if record.waiting_since else set()
        return waits | ({"assign", "finish"} if record.is_enquiry else set())

    @display(description="Patient", ordering="patient__family_name", empty_value="–")
    def show_patient(self, room: Room) -> str:
        return str(room.patient or room)

    @display(description="Patient", empty_value="–")
    def show_record(self, room: Room) -> str | None:
        patient = _patient(room)
        if patient is None:
            return None
        page = reverse("admin:clinic_patient_change", args=[patient.pk])
        return format_html(
            '<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', page, patient
        )

    @display(description="Telephone", empty_value="–")
    def show_phone(self, room: Room) -> str:
        patient = _patient(room)
        return patient.phone if patient else ""

    @display(description="Between")
    def show_members(self, room: Room) -> str:
        return ", ".join(str(member.user) for member in room.members.all())

    @display(description="Waits for an answer", ordering="waiting_since", empty_value="–")
    def show_waiting(self, room: Any) -> str | None:
        """Since when, as people say it: the longest matters most."""
        if not (room.waiting_since and room.is_open):
            return None
        return f"for {timesince(room.waiting_since, depth=1)}"

    @display(description="Unread", ordering="unread", empty_value="–")
    def show_unread(self, room: Any) -> int | None:
        return room.unread

    @display(description="Assigned to", empty_value="–")
    def show_assigned(self, room: Room) -> str:
        return str(room.assigned_to or "")  # a name: reception opens no account

    @display(description="Last written", ordering="last_at")
    def show_last(self, room: Room):
        return room.last_at  # type: ignore[attr-defined]  # annotated by latest_first

    @display(description="State", label={"open": "success", "closed": "info"}, ordering="closed_at")
    def show_state(self, room: Room) -> tuple[str, str]:
        return ("open", "Open") if room.is_open else ("closed", "Over")

    @step(
        "Who answers?",
        may="answer",
        form=AssignForm,
        icon="front_hand",
        text="The others see who has it in hand. They can still answer.",
    )
    def assign(self, request: SignedInRequest, room: Room, form: AssignForm) -> str:
        to = form.cleaned_data["to"]
        enquiring.assign(room, to=to, by=request.user)
        return f"{to} has it in hand." if to else "Nobody in particular has it in hand."

    @step(
        "No answer needed",
        may="settle",
        form=SeenForm,
        icon="done",
        text="What the patient wrote last needs no answer.",
    )
    def settle(self, request: SignedInRequest, room: Room, form: SeenForm) -> str:
        enquiring.settle(room, by=request.user, seen=form.cleaned_data["seen"])
        return "It does not wait for an answer any more."

    @step(
        "Done",
        may="answer",
        form=SeenForm,
        icon="task_alt",
        text="The conversation can still be read. When the patient has another question, a new one begins.",
    )
    def finish(self, request: SignedInRequest, room: Room, form: SeenForm) -> str:
        enquiring.finish(room, by=request.user, seen=form.cleaned_data["seen"])
        return "The question is done."

    def has_answer_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm("messaging.answer_enquiry")

    def has_settle_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Whoever writes in conversations; who only reviews them settles nothing."""
        return not request.user.has_perm("messaging.view_every_room")

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False
