"""Who comes when, and what the desk does about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter, RelatedDropdownFilter
from unfold.decorators import action, display

from billing import charging
from clinic import attending, cancelling, consulting, following
from clinic.admin import follow_ups, moves
from clinic.admin.availability import Reason, by_our_clock
from clinic.admin.dialogs import CancelForm
from clinic.models import Appointment
from config.admin import PossibleButtons, RecordAdmin, step
from config.base import Refused

COLOURS = {
    Appointment.Status.HELD: "warning",
    Appointment.Status.CONFIRMED: "success",
    Appointment.Status.ARRIVED: "primary",
    Appointment.Status.IN_CONSULTATION: "primary",
    Appointment.Status.COMPLETED: "success",
    Appointment.Status.EXPIRED: "default",
    Appointment.Status.CANCELLED: "default",
    Appointment.Status.NO_SHOW: "danger",
    Appointment.Status.MOVED: "default",
}
LEADS_TO = {
    "consult": Appointment.Status.IN_CONSULTATION,
    "arrived": Appointment.Status.ARRIVED,
    "did_not_attend": Appointment.Status.NO_SHOW,
    "move": Appointment.Status.MOVED,
    "cancel": Appointment.Status.CANCELLED,
}
"""The status to which a button leads."""


@admin.register(Appointment)
class AppointmentAdmin(PossibleButtons, RecordAdmin):
    fields = [
        ("show_start", "show_end"),
        "patient",
        "show_practitioner",
        "show_kind",
        "show_status",
        "order",
        "show_held_until",
        "show_cancelled",
    ]
    readonly_fields = [name for row in fields for name in ([row] if isinstance(row, str) else row)]
    list_display = ["show_start", "patient", "show_practitioner", "show_kind", "show_status"]
    list_display_links = ["show_start", "patient"]
    linked_lookups = ("held_until",)  # the dashboard asks for holds that could not be ended
    list_filter = [
        ("status", ChoicesDropdownFilter),
        ("slot__practitioner", RelatedDropdownFilter),
        ("starts_at", RangeDateTimeFilter),
    ]
    search_fields = ["patient__user__family_name", "patient__user__given_name", "patient__user__email"]
    date_hierarchy = "starts_at"
    ordering = ["-starts_at", "-pk"]
    actions_detail = ["consult", "arrived", "did_not_attend", "follow_up", "move", "cancel", "waive"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Appointment]:
        return (
            super()
            .get_queryset(request)
            .select_related(
                "patient__user", "slot__practitioner__user", "slot__appointment_type", "order", "cancelled_by"
            )
        )

    def possible(self, record: Appointment) -> set[str]:
        moves = {name for name, status in LEADS_TO.items() if status in Appointment.MOVES[record.status]}
        moves |= {"waive"} if record.status == Appointment.Status.HELD else set()
        return moves | ({"follow_up"} if record.status in following.FOLLOWED else set())

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    @display(description="From (practice’s clock)", ordering="starts_at")
    def show_start(self, appointment: Appointment) -> str:
        return by_our_clock(appointment.starts_at)

    @display(description="Until (practice’s clock)")
    def show_end(self, appointment: Appointment) -> str:
        return by_our_clock(appointment.ends_at)

    @display(description="Held until (practice’s clock)")
    def show_held_until(self, appointment: Appointment) -> str:
        return by_our_clock(appointment.held_until)

    @display(description="Cancelled")
    def show_cancelled(self, appointment: Appointment) -> str:
        if appointment.cancelled_at is None:
            return "–"
        return f"{by_our_clock(appointment.cancelled_at)}, by {appointment.cancelled_by}"

    @display(description="Practitioner", ordering="slot__practitioner__user__family_name")
    def show_practitioner(self, appointment: Appointment) -> str:
        return str(appointment.slot.practitioner)

    @display(description="Kind")
    def show_kind(self, appointment: Appointment) -> str:
        return str(appointment.slot.appointment_type)

    @display(description="Status", ordering="status", label=COLOURS)
    def show_status(self, appointment: Appointment) -> tuple[str, str]:
        return appointment.status, appointment.get_status_display()

    @step("Arrived", may="attend", icon="how_to_reg", text="The doctor sees that the patient is waiting.")
    def arrived(self, request, appointment: Appointment, form) -> str:
        attending.arrive(appointment, by=request.user)
        return f"{appointment.patient} is waiting."

    @step(
        "Did not attend",
        may="attend",
        form=Reason,
        icon="person_off",
        text="What was agreed to at booking is kept of the fee. Refund it on the order’s page if illness or"
        " an emergency stopped the patient.",
    )
    def did_not_attend(self, request, appointment: Appointment, form: Reason) -> str:
        attending.no_show(appointment, by=request.user, why=form.cleaned_data["why"])
        return f"Noted: {appointment.patient} did not attend."

    @step(
        "Cancel appointment",
        may="cancel",
        form=CancelForm,
        icon="event_busy",
        text="The time is free again at once, and both get a letter.",
    )
    def cancel(self, request, appointment: Appointment, form: CancelForm) -> str:
        what = cancelling.cancel(
            appointment,
            by=request.user,
            why=form.cleaned_data["why"],
            side=Appointment.Side.PATIENT if form.cleaned_data["for_patient"] else None,
            is_waived=form.cleaned_data["is_waived"],
            has_failed=form.cleaned_data["has_failed"],
            read=form.cleaned_data["read"],
        )
        told = [f"The appointment of {appointment.patient} is cancelled."]
        if what.back:
            told.append(f"A${what.back:,.2f} goes back.")
        if what.kept:
            told.append(f"A${what.kept:,.2f} is kept.")
        return " ".join(told)

    @action(description="Move", permissions=["cancel"], icon="event_repeat", url_path="move")
    def move(self, request, object_id: str) -> HttpResponse:
        """A page, not a dialog: one looks for another time there."""
        return self._look_for_a_time(request, object_id, moves.page)

    def _look_for_a_time(self, request, object_id: str, page: Callable[..., HttpResponse]) -> HttpResponse:
        appointment = self.get_visible_or_404(request, object_id)
        try:
            return page(self, request, cast(Appointment, appointment))
        except Refused as no:
            messages.error(request, str(no))
            return redirect("admin:clinic_appointment_change", object_id)

    @action(
        description="Book follow-up", permissions=["follow_up"], icon="event_upcoming", url_path="follow-up"
    )
    def follow_up(self, request, object_id: str) -> HttpResponse:
        """A page as well: one looks for a time there."""
        return self._look_for_a_time(request, object_id, follow_ups.page)

    @step(
        "Waive fee",
        may="waive",
        form=Reason,
        icon="money_off",
        text="Nothing has to be paid, and the appointment is confirmed at once.",
    )
    def waive(self, request, appointment: Appointment, form: Reason) -> str:
        charging.waive(appointment.order, by=request.user, why=form.cleaned_data["why"])
        return f"The fee is waived: the appointment of {appointment.patient} goes on as if it were paid."

    @step(
        "Start consultation",
        may="consult",
        icon="play_circle",
        text="The consultation page opens; from now on it runs.",
    )
    def consult(self, request, appointment: Appointment, form) -> HttpResponse:
        encounter = consulting.open(appointment, by=request.user)
        return redirect("admin:clinic_encounter_change", encounter.pk)

    def has_consult_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("clinic.conduct_appointment")

    def has_follow_up_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("clinic.book_follow_up")

    def has_cancel_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("clinic.cancel_appointment")

    def has_waive_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("billing.waive_order")

    def has_attend_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("clinic.cancel_appointment")
