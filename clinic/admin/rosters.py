"""Kinds of appointment, doctors' weekly hours, and what is different on single dates."""

from __future__ import annotations

from typing import cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import action, display

from clinic import observing, resettling, rostering
from clinic.admin import outside
from clinic.admin.availability import Reason
from clinic.admin.outside import OutsideScreens
from clinic.forms.rosters import AppointmentTypeForm, ExceptionForm, HolidaysDialog, RosterForm
from clinic.models import AppointmentType, Roster, RosterException
from clinic.slotting import Offered
from config.admin import RecordAdmin, step
from config.base import Record, Refused, SignedInRequest


class HoursAdmin(RecordAdmin):
    """A record of which times come; saving it asks a rule, and tells what became of the times."""

    actions_list = ["show_outside"]

    @action(description="Appointments outside the hours", permissions=["decide"], icon="event_upcoming")
    def show_outside(self, request: HttpRequest) -> HttpResponse:
        return redirect(outside.address())

    @action(description="Appointments outside the hours", permissions=["decide"], icon="event_upcoming")
    def show_affected(self, request: HttpRequest, object_id: str) -> HttpResponse:
        hours = cast("Roster | RosterException", self.get_visible_or_404(request, object_id))
        return redirect(outside.address(hours.practitioner))

    def has_decide_permission(self, request: SignedInRequest, object_id: str | None = None) -> bool:
        return outside.may_decide(request.user)

    def response_add(self, request, obj, post_url_continue=None):
        return self._ask(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request, obj):
        return self._ask(request, obj) or super().response_change(request, obj)

    def _ask(self, request: SignedInRequest, obj: Record) -> HttpResponse | None:
        """Lead to the appointments outside the hours, if there are any about which nobody has decided."""
        practitioner = getattr(obj, "practitioner", None)
        cases = resettling.open_cases(request.user, practitioner=practitioner)
        return redirect(outside.address(practitioner)) if cases.exists() else None

    def tell(self, request: HttpRequest, done: Offered) -> None:
        messages.info(request, in_words(done))
        if done.kept:
            messages.warning(
                request,
                f"Appointments outside these hours: {done.kept}. They are kept until you say what"
                " becomes of each.",
            )

    def has_withdraw_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm(f"clinic.change_{self.opts.model_name}")

    @display(description="State", label={"In force": "success", "Over": "default", "Withdrawn": "danger"})
    def show_state(self, hours: Roster | RosterException) -> str:
        if hours.withdrawn_at:
            return "Withdrawn"
        return "Over" if hours.until_on and hours.until_on < timezone.localdate() else "In force"

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and not getattr(obj, "withdrawn_at", None)

    def get_readonly_fields(self, request, obj=None):
        return ["practitioner"] if obj else []


def in_words(done: Offered) -> str:
    offered = "1 time is" if done.offered == 1 else f"{done.offered} times are"
    return f"{offered} offered, {done.withdrawn} withdrawn."


class InForce(admin.SimpleListFilter):
    """Those that count, unless one asks for others."""

    title = "state"
    parameter_name = "state_of"

    def lookups(self, request, model_admin):
        return [("withdrawn", "Withdrawn"), ("over", "Over"), ("all", "All")]

    def choices(self, changelist):
        now, *others = super().choices(changelist)
        return [now | {"display": "In force"}, *others]

    def queryset(self, request, queryset):
        over = {"until_on__lt": timezone.localdate()}
        match self.value():
            case "all":
                return queryset
            case "withdrawn":
                return queryset.filter(withdrawn_at__isnull=False)
            case "over":
                return queryset.filter(**over, withdrawn_at=None)
        return queryset.filter(withdrawn_at=None).exclude(**over)


@admin.register(AppointmentType)
class AppointmentTypeAdmin(HoursAdmin):
    form = AppointmentTypeForm
    actions_list = []
    fields = [
        "name",
        ("minutes", "modality"),
        ("buffer_before", "buffer_after"),
        ("new_fee", "returning_fee"),
        "asks",
        "is_offered",
    ]
    list_display = ["name", "minutes", "show_buffers", "modality", "new_fee", "returning_fee", "is_offered"]
    list_filter = ["is_offered"]
    search_fields = ["name"]

    @display(description="Kept free before and after")
    def show_buffers(self, kind: AppointmentType) -> str:
        return f"{kind.buffer_before} and {kind.buffer_after} minutes"

    def get_readonly_fields(self, request, obj=None):
        return []

    def save_model(self, request, obj, form, change):
        done = rostering.set_kind(obj, by=request.user)
        if change:
            self.tell(request, done)


@admin.register(Roster)
class RosterAdmin(OutsideScreens, HoursAdmin):
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
        "show_state",
    ]
    list_filter = [InForce, ("practitioner", RelatedDropdownFilter), "weekday"]
    list_select_related = ["practitioner__user", "appointment_type"]
    search_fields = ["practitioner__user__family_name", "practitioner__user__given_name"]
    actions_detail = ["show_affected", "withdraw"]

    @display(description="Hours there")
    def show_hours(self, roster: Roster) -> str:
        return f"{roster.starts:%H:%M}–{roster.ends:%H:%M}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Roster]:
        return super().get_queryset(request).select_related("practitioner__user", "appointment_type")

    def save_model(self, request, obj, form, change):
        self.tell(request, rostering.set_hours(obj, by=request.user))

    @step(
        "Withdraw",
        may="withdraw",
        form=Reason,
        icon="event_busy",
        text="The free times of these hours are offered no more. Appointments are kept, and you are asked"
        " what becomes of each.",
    )
    def withdraw(self, request, roster: Roster, form: Reason) -> HttpResponse:
        done = rostering.withdraw_hours(roster, by=request.user, why=form.cleaned_data["why"])
        messages.success(request, "The hours are withdrawn.")
        self.tell(request, done)
        return self._ask(request, roster) or redirect("admin:clinic_roster_change", roster.pk)


@admin.register(RosterException)
class RosterExceptionAdmin(HoursAdmin):
    form = ExceptionForm
    fieldsets = [
        (None, {"fields": ["kind", ("practitioner", "state"), "name"]}),
        ("When", {"fields": [("from_on", "until_on"), "other_dates", ("starts", "ends")]}),
        ("What is offered then", {"fields": ["appointment_type"]}),
    ]
    list_display = ["show_dates", "show_hours", "show_kind", "show_whose", "name", "show_state"]
    list_filter = [
        InForce,
        ("kind", ChoicesDropdownFilter),
        ("practitioner", RelatedDropdownFilter),
        ("state", ChoicesDropdownFilter),
    ]
    search_fields = ["name", "practitioner__user__family_name", "practitioner__user__given_name"]
    date_hierarchy = "from_on"
    actions_list = ["show_outside", "fill_holidays"]
    actions_detail = ["show_affected", "withdraw"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[RosterException]:
        return super().get_queryset(request).select_related("practitioner__user", "appointment_type")

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None:
            return fieldsets
        return [
            (title, {**options, "fields": [name for name in options["fields"] if name != "other_dates"]})
            for title, options in fieldsets
        ]

    def get_fields(self, request, obj=None):
        return [*ExceptionForm.Meta.fields]

    @display(description="Dates", ordering="from_on")
    def show_dates(self, exception: RosterException) -> str:
        return exception.dates

    @display(description="Hours there")
    def show_hours(self, exception: RosterException) -> str:
        if exception.starts is None:
            return "The whole day"
        return f"{exception.starts:%H:%M}–{exception.ends:%H:%M}"

    @display(description="What", label={"leave": "warning", "holiday": "info", "extra": "success"})
    def show_kind(self, exception: RosterException) -> tuple[str, str]:
        return exception.kind, exception.get_kind_display()

    @display(description="Whose")
    def show_whose(self, exception: RosterException) -> str:
        return str(exception.practitioner or exception.get_state_display() or "Everybody")

    @action(
        description="Public holidays",
        permissions=["fill"],
        icon="celebration",
        dialog={
            "title": "Fill in public holidays",
            "description": "Those still to come are added from the calendar of each state. You can change"
            " and withdraw them afterwards.",
            "form_class": HolidaysDialog,
            "form_submit_text": "Fill in",
        },
    )
    def fill_holidays(self, request: SignedInRequest, form: HolidaysDialog) -> HttpResponse:
        wanted = form.cleaned_data
        try:
            added, done = observing.fill(wanted["states"], year=wanted["year"], by=request.user)
        except Refused as no:
            messages.error(request, str(no))
        else:
            messages.success(request, f"Public holidays added: {added}.")
            self.tell(request, done)
        page = reverse("admin:clinic_rosterexception_changelist")
        return HttpResponse(headers={"HX-Redirect": page})  # the dialog is sent by htmx

    def has_fill_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request)

    def save_model(self, request, obj, form, change):
        self.tell(request, rostering.set_exceptions(form.exceptions, by=request.user))

    @step(
        "Withdraw",
        may="withdraw",
        form=Reason,
        icon="undo",
        text="The weekly hours hold again on these dates.",
    )
    def withdraw(self, request, exception: RosterException, form: Reason) -> HttpResponse:
        done = rostering.withdraw_exception(exception, by=request.user, why=form.cleaned_data["why"])
        messages.success(request, "The weekly hours hold again.")
        self.tell(request, done)
        return self._ask(request, exception) or redirect("admin:clinic_rosterexception_change", exception.pk)
