"""The times that patients can book."""

from __future__ import annotations

from datetime import datetime

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import RangeDateTimeFilter, RelatedDropdownFilter
from unfold.decorators import display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextareaWidget

from clinic import filling, rostering
from clinic.forms.filling import WhoDialog
from clinic.forms.rosters import SlotForm
from clinic.models import Slot, WaitlistOffer
from config.admin import RecordAdmin, step
from messaging import clocks

COLOURS = {
    "free": "success",
    "taken": "info",
    "outside": "warning",
    "withdrawn": "danger",
    "past": "default",
}


def by_our_clock(at: datetime | None) -> str:
    """``Tue 24 Nov 2026, 9:30 am AEDT``, by the clock of the practice."""
    if at is None:
        return "–"
    zone = timezone.get_current_timezone_name()
    return f"{clocks.briefly(at, zone=zone)} {clocks.local(at, zone=zone):%Z}"


def told(offered: WaitlistOffer) -> str:
    """What the desk hears when a time was offered to somebody."""
    zone = timezone.get_current_timezone_name()
    until = clocks.in_short(offered.appointment.held_until, zone=zone)
    return f"Offered to {offered.entry.patient}, and kept until {until}. They get a letter now."


class Reason(BaseDialogForm):
    """Why something is done, in the words of who does it."""

    why = forms.CharField(
        label="Why?", widget=UnfoldAdminTextareaWidget, help_text="Nothing about anybody’s health."
    )


class Taken(admin.SimpleListFilter):
    """Whether somebody has the time."""

    title = "taken"
    parameter_name = "taken"

    def lookups(self, request, model_admin):
        return [("no", "Free"), ("yes", "Taken"), ("withdrawn", "Withdrawn")]

    def queryset(self, request, queryset):
        match self.value():
            case "no":
                return queryset.filter(is_taken=False, withdrawn_at=None, outside_at=None)
            case "yes":
                return queryset.filter(is_taken=True)
            case "withdrawn":
                return queryset.filter(withdrawn_at__isnull=False)
        return queryset


class When(admin.SimpleListFilter):
    """Those ahead, unless one asks for others."""

    title = "when"
    parameter_name = "when"

    def lookups(self, request, model_admin):
        return [("past", "Past"), ("all", "All")]

    def choices(self, changelist):
        ahead, *others = super().choices(changelist)
        return [ahead | {"display": "Ahead"}, *others]

    def queryset(self, request, queryset):
        match self.value():
            case "all":
                return queryset
            case "past":
                return queryset.filter(starts_at__lte=timezone.now())
        return queryset.filter(starts_at__gt=timezone.now())


@admin.register(Slot)
class SlotAdmin(RecordAdmin):
    form = SlotForm
    fields = ["practitioner", "appointment_type", "starts_at"]
    list_display = ["show_start", "practitioner", "appointment_type", "show_state"]
    list_filter = [When, Taken, ("practitioner", RelatedDropdownFilter), ("starts_at", RangeDateTimeFilter)]
    search_fields = ["practitioner__user__family_name", "practitioner__user__given_name"]
    date_hierarchy = "starts_at"
    actions_row = ["offer_to"]
    actions_detail = ["offer_to", "withdraw"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Slot]:
        times = super().get_queryset(request).with_is_taken().order_by("starts_at", "pk")
        return times.select_related(
            "practitioner__user",
            "appointment_type",
            "roster__practitioner__user",
            "exception__practitioner__user",
        )

    def get_fields(self, request, obj=None):
        return (
            ["practitioner", "appointment_type", "show_start", "show_end", "show_source", "show_state"]
            if obj
            else self.fields
        )

    def get_readonly_fields(self, request, obj=None):
        return self.get_fields(request, obj) if obj else []

    def has_change_permission(self, request, obj=None):
        return False

    def save_model(self, request, obj, form, change):
        rostering.add_time(obj, by=request.user)

    @display(description="From (practice’s clock)", ordering="starts_at")
    def show_start(self, slot: Slot) -> str:
        return by_our_clock(slot.starts_at)

    @display(description="Until (practice’s clock)")
    def show_end(self, slot: Slot) -> str:
        return by_our_clock(slot.ends_at)

    @display(description="Comes of")
    def show_source(self, slot: Slot) -> str:
        return str(slot.roster or slot.exception or "An extra time, or hours that have changed since")

    @display(description="State", label=COLOURS)
    def show_state(self, slot: Slot) -> tuple[str, str]:
        if slot.withdrawn_at:
            return "withdrawn", "Withdrawn"
        if slot.is_taken:  # type: ignore[attr-defined]  # annotated in get_queryset
            return ("outside", "Taken, outside the hours") if slot.outside_at else ("taken", "Taken")
        if slot.outside_at:
            return "withdrawn", "Outside the hours"
        return ("free", "Free") if slot.starts_at > timezone.now() else ("past", "Not taken")

    @step(
        "Withdraw",
        may="withdraw",
        form=Reason,
        icon="event_busy",
        text="Patients can no longer book this time.",
    )
    def withdraw(self, request, slot: Slot, form: Reason) -> str:
        rostering.withdraw(slot, by=request.user, why=form.cleaned_data["why"])
        return "The time is withdrawn."

    @step(
        "Offer to who waits",
        may="offer",
        form=WhoDialog,
        icon="notification_add",
        text="The time is kept for the patient, who gets a letter with a link to take or decline it.",
    )
    def offer_to(self, request, slot: Slot, form: WhoDialog) -> str:
        return told(filling.offer_to(slot, entry=form.cleaned_data["entry"], by=request.user))

    def has_offer_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("clinic.change_waitlistentry")

    def has_withdraw_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("clinic.change_slot")
