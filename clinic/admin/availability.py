"""Kinds of appointment, doctors' hours, and the times that come of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import RangeDateTimeFilter, RelatedDropdownFilter
from unfold.decorators import display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from clinic import rostering
from clinic.forms.profile import ZONES
from clinic.models import AppointmentType, Roster, Slot
from config.admin import RecordAdmin, step
from messaging import clocks


def by_our_clock(at: datetime | None) -> str:
    """``Tue 24 Nov 2026, 9:30 am AEDT``, by the clock of the practice."""
    if at is None:
        return "–"
    zone = timezone.get_current_timezone_name()
    return f"{clocks.briefly(at, zone=zone)} {clocks.local(at, zone=zone):%Z}"


class Reason(BaseDialogForm):
    """Why something is done, in the words of who does it."""

    why = forms.CharField(
        label="Why?", widget=UnfoldAdminTextareaWidget, help_text="Nothing about anybody’s health."
    )


@admin.register(AppointmentType)
class AppointmentTypeAdmin(RecordAdmin):
    list_display = ["name", "minutes", "modality", "new_fee", "returning_fee", "is_offered"]
    list_filter = ["is_offered"]
    search_fields = ["name"]


class RosterForm(forms.ModelForm):
    """Hours on one weekday, by the clock of where the practitioner is."""

    time_zone = forms.ChoiceField(
        choices=[("", "The practitioner’s own"), *((zone, zone.replace("_", " ")) for zone in ZONES)],
        required=False,
        widget=UnfoldAdminSelectWidget,
    )

    def clean(self) -> dict[str, Any]:
        super().clean()
        cleaned = self.cleaned_data
        practitioner = cleaned.get("practitioner") or getattr(self.instance, "practitioner", None)
        if not cleaned.get("time_zone") and practitioner:
            cleaned["time_zone"] = practitioner.time_zone
        return cleaned


@admin.register(Roster)
class RosterAdmin(RecordAdmin):
    form = RosterForm
    fields = [
        "practitioner",
        "appointment_type",
        "weekday",
        ("starts", "ends"),
        "time_zone",
        ("from_on", "until_on"),
    ]
    list_display = [
        "practitioner",
        "weekday",
        "show_hours",
        "time_zone",
        "appointment_type",
        "from_on",
        "until_on",
    ]
    list_filter = [("practitioner", RelatedDropdownFilter), "weekday"]
    list_select_related = ["practitioner__user", "appointment_type"]
    search_fields = ["practitioner__user__family_name", "practitioner__user__given_name"]

    @display(description="Hours there")
    def show_hours(self, roster: Roster) -> str:
        return f"{roster.starts:%H:%M}–{roster.ends:%H:%M}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Roster]:
        return super().get_queryset(request).select_related("practitioner__user", "appointment_type")

    def get_readonly_fields(self, request, obj=None):
        return ["practitioner"] if obj else []

    def save_model(self, request, obj, form, change):
        done = rostering.set_hours(obj, by=request.user)
        messages.info(request, f"{_times(done.offered)} offered, {done.withdrawn} withdrawn.")
        if done.kept:
            messages.warning(
                request,
                f"Booked times outside these hours, which are kept: {done.kept}."
                " Look at the appointments and speak with the patients.",
            )


def _times(number: int) -> str:
    return "1 time is" if number == 1 else f"{number} times are"


class SlotForm(forms.ModelForm):
    """An extra time; how long it takes, its kind says."""

    class Meta:
        help_texts = {"starts_at": "By the practice’s clock. Patients see it by their own."}

    def clean(self) -> dict[str, Any]:
        super().clean()
        cleaned = self.cleaned_data
        kind, starts_at = cleaned.get("appointment_type"), cleaned.get("starts_at")
        if kind and starts_at:
            try:
                self.instance.ends_at = rostering.planned_end(starts_at, kind=kind)
            except rostering.TimePassed as no:
                self.add_error("starts_at", str(no))
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        # Or the database's own check for overlaps would be asked only when it is too late for a form.
        excluded = super()._get_validation_exclusions()  # type: ignore[misc]  # the stubs lack it
        return excluded - {"ends_at", "withdrawn_at"} if self.instance.ends_at else excluded


class Taken(admin.SimpleListFilter):
    """Whether somebody has the time."""

    title = "taken"
    parameter_name = "taken"

    def lookups(self, request, model_admin):
        return [("no", "Free"), ("yes", "Taken"), ("withdrawn", "Withdrawn")]

    def queryset(self, request, queryset):
        match self.value():
            case "no":
                return queryset.filter(is_taken=False, withdrawn_at=None)
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
    list_select_related = ["practitioner__user", "appointment_type"]
    search_fields = ["practitioner__user__family_name", "practitioner__user__given_name"]
    date_hierarchy = "starts_at"
    actions_detail = ["withdraw"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Slot]:
        return super().get_queryset(request).with_is_taken().order_by("starts_at", "pk")

    def get_fields(self, request, obj=None):
        return (
            ["practitioner", "appointment_type", "show_start", "show_end", "roster", "show_state"]
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

    @display(
        description="State",
        label={"free": "success", "taken": "info", "withdrawn": "danger", "past": "default"},
    )
    def show_state(self, slot: Slot) -> tuple[str, str]:
        if slot.withdrawn_at:
            return "withdrawn", "Withdrawn"
        if slot.is_taken:  # type: ignore[attr-defined]  # annotated in get_queryset
            return "taken", "Taken"
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

    def has_withdraw_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("clinic.change_slot")
