"""Legal holds, the review list of records whose time is over, and the destruction register."""

from __future__ import annotations

from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm

from clinic import retaining
from clinic.admin.availability import Reason, by_our_clock
from clinic.forms.privacy import DestroyedForm
from clinic.models import Destruction, LegalHold
from config.admin import PossibleButtons, RecordAdmin, step
from config.base import Refused, SignedInRequest

PER_PAGE = 50
Status = Destruction.Status
COLOURS = {
    Status.PROPOSED: "warning",
    Status.APPROVED: "danger",
    Status.DESTROYED: "default",
    Status.DROPPED: "success",
}
POSSIBLE = {Status.PROPOSED: {"approve", "drop"}, Status.APPROVED: {"register", "drop"}}


@admin.register(LegalHold)
class LegalHoldAdmin(PossibleButtons, RecordAdmin):
    when_empty = (
        "Place one where a court, a complaint or an insurer needs a record: it is kept whatever its date."
    )
    list_display = ["patient", "reason", "show_placed", "placed_by", "show_lifted"]
    list_select_related = ["patient__user", "placed_by"]
    search_fields = ["patient__user__given_name", "patient__user__family_name", "reason"]
    autocomplete_fields = ["patient"]
    readonly_fields = ["show_placed", "placed_by", "show_lifted", "lifted_by", "lifted_why"]
    actions_detail = ["lift"]

    def get_fields(self, request, obj=None):
        asked = ["patient", "reason"]
        return (
            [*asked, ("show_placed", "placed_by"), ("show_lifted", "lifted_by"), "lifted_why"]
            if obj
            else asked
        )

    def has_change_permission(self, request, obj=None):
        return False  # a hold is lifted, and another placed

    def possible(self, record: LegalHold) -> set[str]:
        return {"lift"} if record.lifted_at is None else set()

    def save_model(self, request, obj, form, change):
        placed = retaining.hold(obj.patient, reason=obj.reason, by=request.user)
        obj.pk = placed.pk
        obj.refresh_from_db()

    @display(description="Placed", ordering="placed_at")
    def show_placed(self, held: LegalHold) -> str:
        return by_our_clock(held.placed_at)

    @display(description="Lifted", ordering="lifted_at")
    def show_lifted(self, held: LegalHold) -> str:
        return by_our_clock(held.lifted_at)

    @step("Lift", may="lift", form=Reason, text="The record can go by its date again.", icon="lock_open")
    def lift(self, request: SignedInRequest, held: LegalHold, form: Reason) -> str:
        retaining.lift(held, why=form.cleaned_data["why"], by=request.user)
        return "The hold is lifted."

    def has_lift_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("clinic.change_legalhold")


class Worksheet(admin.SimpleListFilter):
    """What the database's owner may destroy now."""

    title = "worksheet"
    parameter_name = "worksheet"

    def lookups(self, request, model_admin):
        return [("now", "To be destroyed now")]

    def queryset(self, request, queryset):
        return queryset.on_worksheet() if self.value() == "now" else queryset


@admin.register(Destruction)
class DestructionAdmin(PossibleButtons, RecordAdmin):
    when_empty = "Records whose time is over stand on the review list; what is proposed there comes here."
    list_display = ["name", "first_on", "last_on", "kept_until_on", "show_status", "destroyed_on"]
    list_filter = [Worksheet, ("status", ChoicesDropdownFilter)]
    search_fields = ["name"]
    fields = [
        ("name", "born_on"),
        ("first_on", "last_on", "kept_until_on"),
        ("show_status", "destroyed_on"),
        ("show_proposed", "proposed_by"),
        ("show_approved", "approved_by"),
    ]
    readonly_fields = [
        "name",
        "born_on",
        "first_on",
        "last_on",
        "kept_until_on",
        "show_status",
        "destroyed_on",
        "show_proposed",
        "proposed_by",
        "show_approved",
        "approved_by",
    ]
    actions_list = ["to_review"]
    actions_detail = ["approve", "drop", "register"]

    def get_urls(self):
        guard = self.admin_site.admin_view
        return [path("review/", guard(self.review), name="clinic_destruction_review"), *super().get_urls()]

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def possible(self, record: Destruction) -> set[str]:
        return POSSIBLE.get(Status(record.status), set())

    @action(description="Review list", permissions=["view"], icon="checklist")
    def to_review(self, request: SignedInRequest) -> HttpResponse:
        return redirect("admin:clinic_destruction_review")

    def review(self, request: SignedInRequest) -> HttpResponse:
        """The records whose time is over; those that are ticked are put on the register."""
        if not request.user.has_perm("clinic.view_destruction"):
            raise PermissionDenied
        if request.method == "POST":
            return self._propose(request)
        found = retaining.to_review(timezone.localdate())
        page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
        rows = [(patient, retaining.until(patient)) for patient in page]
        context = {
            **self.admin_site.each_context(request),
            "title": "Records whose time is over",
            "opts": self.opts,
            "page": page,
            "rows": rows,
            "may_propose": request.user.has_perm("clinic.add_destruction"),
        }
        return TemplateResponse(request, "admin/retention/review.html", context)

    def _propose(self, request: SignedInRequest) -> HttpResponse:
        try:
            many = retaining.propose(_keys(request.POST.getlist("record")), by=request.user)
        except Refused as no:
            messages.error(request, str(no))
        else:
            messages.success(request, f"{many} on the register. Somebody else approves them.")
        return redirect("admin:clinic_destruction_review")

    @display(description="Status", ordering="status", label=COLOURS)
    def show_status(self, line: Destruction) -> tuple[str, str]:
        return line.status, line.get_status_display()

    @display(description="Proposed")
    def show_proposed(self, line: Destruction) -> str:
        return by_our_clock(line.proposed_at)

    @display(description="Approved")
    def show_approved(self, line: Destruction) -> str:
        return by_our_clock(line.approved_at)

    @step(
        "Approve",
        may="approve",
        text="The record comes on the worksheet of the database's owner.",
        icon="check",
    )
    def approve(self, request: SignedInRequest, line: Destruction, form: BaseDialogForm) -> str:
        retaining.approve(line, by=request.user)
        return "Approved. How it is destroyed stands in the guide for operating."

    @step("Keep after all", may="approve", form=Reason, icon="undo")
    def drop(self, request: SignedInRequest, line: Destruction, form: Reason) -> str:
        retaining.drop(line, why=form.cleaned_data["why"], by=request.user)
        return "The record is kept."

    @step("Destroyed", may="approve", form=DestroyedForm, icon="auto_delete")
    def register(self, request: SignedInRequest, line: Destruction, form: DestroyedForm) -> str:
        retaining.register(line, destroyed_on=form.cleaned_data["destroyed_on"], by=request.user)
        return "Written down. This line stays as it is."

    def has_approve_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("clinic.approve_destruction")


def _keys(told: list[str]) -> list[UUID]:
    """What is a key of the ticked ones; anything else is no record."""
    found = []
    for one in told[:PER_PAGE]:
        try:
            found.append(UUID(one))
        except ValueError:
            continue
    return found
