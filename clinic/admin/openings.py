"""Records opened outside care: opening one, reading it, and the register of who did."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import action, display

from clinic import breaking, perusing
from clinic.admin.availability import by_our_clock
from clinic.forms.openings import OpenForm, ReviewForm
from clinic.models import AccessReason, AuditEvent, Patient, Role
from config import stepping
from config.admin import FactAdmin, PossibleButtons, step
from config.base import Refused, SignedInRequest, record_viewed
from config.filters import PeriodFilter

SHOWN = 50
"""Of what was done while a record was open, on the opening's own page."""


class Standing(DropdownFilter):
    title = "standing"
    parameter_name = "standing"

    def lookups(self, request, model_admin):
        return [("open", "Still open"), ("waits", "Over, and not reviewed"), ("reviewed", "Reviewed")]

    def queryset(self, request, queryset):
        match self.value():
            case "open":
                return queryset.open(timezone.now())
            case "waits":
                return queryset.to_review(timezone.now())
            case "reviewed":
                return queryset.exclude(review=None)
        return queryset


@admin.register(AccessReason)
class AccessReasonAdmin(PossibleButtons, FactAdmin):
    """The register, and the door."""

    when_empty = "When somebody opens the record of a patient outside their care, it stands here at once."
    list_display = [
        "patient",
        "show_who",
        "show_role",
        "show_opened",
        "show_standing",
        "show_done",
        "show_review",
    ]
    list_select_related = ["patient__user", "recorded_by", "end__recorded_by", "review__recorded_by"]
    list_filter = [Standing, ("recorded_at", PeriodFilter), "role"]
    search_fields = [
        *("patient__user__given_name", "patient__user__family_name"),
        *("recorded_by__given_name", "recorded_by__family_name"),
    ]
    fields = [
        ("patient", "show_who"),
        ("show_role", "show_standing"),
        ("show_opened", "show_over"),
        "show_reason",
        "show_review",
        "show_events",
    ]
    readonly_fields = [
        "show_who",
        "show_role",
        "show_standing",
        "show_opened",
        "show_over",
        "show_reason",
        "show_review",
        "show_events",
    ]
    actions_list = ["open_one"]
    actions_detail = ["close_it", "review"]

    def get_queryset(self, request):
        """With ``reason`` as far as one may read it, and ``done``: how much was done meanwhile."""
        meanwhile = AuditEvent.objects.visible_to(request.user).filter(
            by=OuterRef("recorded_by"),
            patient_id=OuterRef("patient"),
            at__gte=OuterRef("recorded_at"),
            at__lte=OuterRef("over_at"),
        )
        counted = (
            breaking.used(meanwhile).order_by().values("by").annotate(number=Count("pk")).values("number")
        )
        listed = super().get_queryset(request).with_reasons_for(request.user).with_ends()
        return listed.annotate(done=Coalesce(Subquery(counted), 0))

    def get_object(self, request, object_id, from_field=None):
        """Remember with the record who looks: which events are shown depends on that."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            found.reader = request.user
        return found

    def get_urls(self):
        guard = self.admin_site.admin_view
        door = never_cache(stepping.step_up(self.door))
        return [
            path("open/", guard(door), name="clinic_accessreason_door"),
            path("<uuid:pk>/record/", guard(self.record), name="clinic_accessreason_record"),
            path("<uuid:pk>/end/", guard(require_POST(self.end)), name="clinic_accessreason_close"),
            *super().get_urls(),
        ]

    def door(self, request: SignedInRequest) -> HttpResponse:
        """Ask whom one means, and why. What is hidden and what is not there look the same here."""
        if not request.user.has_perm("clinic.break_glass"):
            if request.method == "POST":
                breaking.note_refused(breaking.NotAllowed(), by=request.user)
            raise PermissionDenied
        key = _key(request.GET.get("patient", ""))
        form = OpenForm(request.POST or None, key=key)
        if form.is_valid():
            try:
                opening = breaking.break_glass(form.whom(), why=form.cleaned_data["why"], by=request.user)
            except Refused as no:
                form.add_error(None, str(no))
            else:
                return redirect("admin:clinic_accessreason_record", opening.pk)
        patients = Patient.objects.visible_to(request.user).select_related("user")
        context = {
            **self.admin_site.each_context(request),
            "title": "Open a record outside your care",
            "opts": self.opts,
            "form": form,
            "known": patients.filter(pk=key).first() if key else None,
            "minutes": int(breaking.OPEN_FOR.total_seconds() // 60),
        }
        status = 400 if form.is_bound else 200
        return TemplateResponse(request, "admin/openings/door.html", context, status=status)

    def record(self, request: SignedInRequest, pk: UUID) -> HttpResponse:
        """The record, while it is open, to who opened it."""
        opening = self._own(request, pk)
        if not AccessReason.objects.visible_to(request.user).open(timezone.now()).filter(pk=pk).exists():
            messages.info(request, str(breaking.Over()))
            return redirect("admin:clinic_accessreason_change", pk)
        record_viewed.send(Patient, record=opening.patient, request=request, action="read")
        context = {
            **self.admin_site.each_context(request),
            **perusing.record(opening.patient, by=request.user),
            "title": str(opening.patient),
            "subtitle": "Opened outside your care",
            "opts": self.opts,
            "opening": opening,
            "patient": opening.patient,
            "is_doctor": request.user.has_perm("clinic.view_clinical_record"),
        }
        return TemplateResponse(request, "admin/openings/record.html", context)

    def end(self, request: SignedInRequest, pk: UUID) -> HttpResponse:
        """The button of the banner."""
        opening = self._own(request, pk)
        try:
            breaking.close(opening, by=request.user)
        except breaking.Over as no:
            messages.info(request, str(no))
        else:
            messages.info(request, "The record is closed.")
        return redirect("admin:clinic_accessreason_change", pk)

    def _own(self, request: SignedInRequest, pk: UUID) -> AccessReason:
        opening = cast(AccessReason, self.get_visible_or_404(request, str(pk)))
        if opening.recorded_by != request.user:
            raise Http404
        return opening

    def possible(self, record: Any) -> set[str]:
        if record.over_at > timezone.now():
            return {"close_it"}
        return set() if hasattr(record, "review") else {"review"}

    @action(description="Open a record", permissions=["open"], icon="key", url_path="open-one")
    def open_one(self, request) -> HttpResponse:
        return redirect("admin:clinic_accessreason_door")

    @step("Close it", may="close", icon="lock", text="Who opened the record reads it no longer.")
    def close_it(self, request: SignedInRequest, opening: AccessReason, form: Any) -> str:
        breaking.close(opening, by=request.user)
        return "The record is closed."

    @step("Reviewed", may="review", form=ReviewForm, icon="task_alt")
    def review(self, request: SignedInRequest, opening: AccessReason, form: ReviewForm) -> str:
        breaking.review(opening, note=form.cleaned_data["note"], by=request.user)
        return "Noted, with your name."

    def has_open_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("clinic.break_glass")

    def has_close_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("clinic.review_accessreason") or request.user.has_perm(
            "clinic.break_glass"
        )

    def has_review_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("clinic.review_accessreason")

    @display(description="Opened by", ordering="recorded_by__family_name")
    def show_who(self, opening: AccessReason) -> str:
        return str(opening.recorded_by)

    @display(description="Role then", ordering="role")
    def show_role(self, opening: AccessReason) -> str:
        return Role(opening.role).label

    @display(description="Opened", ordering="recorded_at")
    def show_opened(self, opening: AccessReason) -> str:
        return by_our_clock(opening.recorded_at)

    @display(description="Until")
    def show_over(self, opening: Any) -> str:
        if not hasattr(opening, "end"):
            return by_our_clock(opening.ends_at)
        return f"{by_our_clock(opening.over_at)}, closed by {opening.end.recorded_by}"

    @display(
        description="Standing",
        ordering="over_at",
        label={"open": "danger", "early": "info", "over": "default"},
    )
    def show_standing(self, opening: Any) -> tuple[str, str]:
        if hasattr(opening, "end"):
            return "early", f"Closed early, {by_our_clock(opening.over_at)}"
        if opening.ends_at > timezone.now():
            return "open", f"Open until {by_our_clock(opening.ends_at)}"
        return "over", f"Over since {by_our_clock(opening.ends_at)}"

    @display(description="Done meanwhile", ordering="done")
    def show_done(self, opening: Any) -> int:
        return opening.done

    @display(description="Reason")
    def show_reason(self, opening: Any) -> str:
        return opening.reason

    @display(description="Review")
    def show_review(self, opening: AccessReason) -> str:
        if not hasattr(opening, "review"):
            return "Not yet"
        return f"{opening.review.recorded_by}: {opening.review.note}"

    @display(description="What was done with the record meanwhile")
    def show_events(self, opening: Any) -> SafeString | str:
        events = [*breaking.seen_through(opening, by=opening.reader).order_by("at", "pk")[: SHOWN + 1]]
        if not events:
            return "Nothing."
        lines = format_html_join(
            "",
            '<li><a class="text-primary-600 dark:text-primary-500" href="{}">{}</a> {}</li>',
            (
                (
                    reverse("admin:clinic_auditevent_change", args=[event.pk]),
                    by_our_clock(event.at),
                    f"{event.get_action_display()}: {breaking.kind_of(event)}",
                )
                for event in events[:SHOWN]
            ),
        )
        more = f" And more: {opening.done} in all." if len(events) > SHOWN else ""
        return format_html('<ul class="desk-queues">{}</ul>{}', lines, more)


def _key(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
