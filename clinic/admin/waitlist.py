"""Who waits for a time, and offering them one: open, then send."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from clinic import filling, waitlisting
from clinic.admin.availability import Reason, by_our_clock, told
from clinic.forms.filling import TimesDialog
from clinic.models import WaitlistEntry, WaitlistOffer
from clinic.templatetags import waiting
from config.admin import PossibleButtons, RecordAdmin, step

COLOURS = {
    WaitlistEntry.Status.WAITING: "warning",
    WaitlistEntry.Status.OFFERED: "primary",
    WaitlistEntry.Status.TAKEN: "success",
    WaitlistEntry.Status.LEFT: "default",
    WaitlistEntry.Status.EXPIRED: "default",
}


class OnTheList(admin.SimpleListFilter):
    """Those who still hope for a time, unless one asks for others."""

    title = "list"
    parameter_name = "list"

    def lookups(self, request, model_admin):
        return [("all", "All, with those who left")]

    def choices(self, changelist):
        now, *others = super().choices(changelist)
        return [now | {"display": "On the list"}, *others]

    def queryset(self, request, queryset):
        return queryset if self.value() == "all" else queryset.on_the_list()


@admin.register(WaitlistEntry)
class WaitlistEntryAdmin(PossibleButtons, RecordAdmin):
    fields = [
        "patient",
        "appointment_type",
        "show_has",
        "show_dates",
        "show_wish",
        "show_doctors",
        "show_since",
        "show_status",
        "show_offers",
    ]
    readonly_fields = fields
    list_display = [
        "patient",
        "appointment_type",
        "show_has",
        "show_dates",
        "show_wish",
        "show_since",
        "show_status",
    ]
    list_filter = [
        OnTheList,
        ("status", ChoicesDropdownFilter),
        ("appointment_type", RelatedDropdownFilter),
    ]
    search_fields = ["patient__user__family_name", "patient__user__given_name", "patient__user__email"]
    actions_row = ["offer"]
    actions_detail = ["offer", "take_off"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[WaitlistEntry]:
        entries = super().get_queryset(request).select_related("patient__user", "appointment_type")
        return waitlisting.with_what_they_have(entries)

    def possible(self, record: WaitlistEntry) -> set[str]:
        leads_to = {"offer": WaitlistEntry.Status.OFFERED, "take_off": WaitlistEntry.Status.LEFT}
        return {name for name, status in leads_to.items() if status in WaitlistEntry.MOVES[record.status]}

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    @display(description="Has now (practice’s clock)")
    def show_has(self, entry: WaitlistEntry) -> str:
        return by_our_clock(entry.has_at)

    @display(description="Between", ordering="until_on")
    def show_dates(self, entry: WaitlistEntry) -> str:
        return f"{entry.from_on:%-d %b %Y} and {entry.until_on:%-d %b %Y}"

    @display(description="When it suits (patient’s clock)")
    def show_wish(self, entry: WaitlistEntry) -> str:
        return f"{waiting.days(entry)}; {waiting.parts(entry)}"

    @display(description="With")
    def show_doctors(self, entry: WaitlistEntry) -> str:
        return waiting.whom(entry, waitlisting.doctors_of(entry))

    @display(description="Waiting since", ordering="created_at")
    def show_since(self, entry: WaitlistEntry) -> str:
        return by_our_clock(entry.created_at)

    @display(description="Status", ordering="status", label=COLOURS)
    def show_status(self, entry: WaitlistEntry) -> tuple[str, str]:
        return entry.status, entry.get_status_display()

    @display(description="Offered so far")
    def show_offers(self, entry: WaitlistEntry) -> str:
        offers = entry.offers.select_related("slot__practitioner__user")
        return "; ".join(map(_in_words, offers)) or "Nothing yet"

    @step(
        "Offer a time",
        may="offer",
        form=TimesDialog,
        icon="notification_add",
        text="The time is kept for this patient, who gets a letter with a link to take or decline it.",
    )
    def offer(self, request, entry: WaitlistEntry, form: TimesDialog) -> str:
        return told(filling.offer_to(form.cleaned_data["slot"], entry=entry, by=request.user))

    @step(
        "Take off the list",
        may="offer",
        form=Reason,
        icon="playlist_remove",
        text="The patient is offered no more times.",
    )
    def take_off(self, request, entry: WaitlistEntry, form: Reason) -> str:
        waitlisting.leave(entry, by=request.user, why=form.cleaned_data["why"])
        return f"{entry.patient} is off the waiting list."

    def has_offer_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("clinic.change_waitlistentry")


def _in_words(offered: WaitlistOffer) -> str:
    return f"{by_our_clock(offered.slot.starts_at)}, {offered.slot.practitioner}: " + (
        offered.get_status_display().lower()
    )
