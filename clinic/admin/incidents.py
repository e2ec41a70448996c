"""The register of incidents: the 30-day clock, whom they affect, what is said to them and to the OAIC."""

from __future__ import annotations

import datetime
from uuid import UUID

from django.contrib import admin
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.forms import BaseDialogForm

from clinic import affecting, assessing, desk
from clinic.admin.availability import Reason, by_our_clock
from clinic.forms.incidents import DecisionForm, IncidentForm, LodgeForm, SearchForm
from clinic.models import AffectedPerson, Incident, IncidentSearch, Practice, User
from config import printing
from config.admin import FactAdmin, PossibleButtons, RecordAdmin, step
from config.base import SignedInRequest, record_viewed

Status = Incident.Status
COLOURS = {
    Status.SUSPECTED: "danger",
    Status.ASSESSING: "warning",
    Status.ELIGIBLE: "danger",
    Status.NOT_ELIGIBLE: "info",
    Status.NOTIFIED: "success",
    Status.CLOSED: "default",
}
ALWAYS = {"search", "draft"}
TELLING = {"approve", "tell"}
POSSIBLE = {
    Status.SUSPECTED: ALWAYS | {"assess"},
    Status.ASSESSING: ALWAYS | {"eligible", "not_eligible"},
    Status.ELIGIBLE: ALWAYS | TELLING | {"lodge"},
    Status.NOT_ELIGIBLE: ALWAYS | {"assess", "close"},
    Status.NOTIFIED: ALWAYS | TELLING | {"close"},
}
KNOWN = [("show_status", "show_clock"), "show_affected", "show_statement"]
DECIDED = ["reasons", ("decided_by", "show_decided"), ("lodged_on", "oaic_reference")]


def days_left(due_on: datetime.date | None, *, today: datetime.date) -> str:
    """How long there still is, in words: ``12/03/2026, 4 days left``."""
    if due_on is None:
        return "–"
    days = (due_on - today).days
    unit = "day" if abs(days) == 1 else "days"
    return f"{due_on:%d/%m/%Y}, {abs(days)} {unit} {'left' if days >= 0 else 'late'}"


class Clock(admin.SimpleListFilter):
    """Those that wait for a decision, as the first page counts them."""

    title = "clock"
    parameter_name = "clock"

    def lookups(self, request, model_admin):
        return [("running", "Runs")]

    def queryset(self, request, queryset):
        return queryset.running() if self.value() == "running" else queryset


@admin.register(Incident)
class IncidentAdmin(PossibleButtons, RecordAdmin):
    when_empty = (
        "Write down at once what may have shown, changed or lost personal information; its clock begins."
    )
    form = IncidentForm
    list_display = ["name", "aware_on", "show_status", "show_clock", "decided_by"]
    list_select_related = ["decided_by"]
    list_filter = [Clock, ("status", ChoicesDropdownFilter)]
    search_fields = ["name", "oaic_reference"]
    readonly_fields = [
        "show_status",
        "show_clock",
        "show_affected",
        "show_statement",
        "show_approved",
        "show_decided",
        "reasons",
        "decided_by",
        "lodged_on",
        "oaic_reference",
    ]
    actions_detail = [
        "assess",
        "eligible",
        "not_eligible",
        "search",
        "draft",
        "approve",
        "tell",
        "lodge",
        "close",
    ]

    def get_urls(self):
        guard = self.admin_site.admin_view
        address = "<uuid:pk>/statement.<slug:kind>"
        return [path(address, guard(self.statement), name="clinic_incident_statement"), *super().get_urls()]

    def possible(self, record: Incident) -> set[str]:
        return POSSIBLE.get(Status(record.status), set())

    def get_fieldsets(self, request, obj=None):
        happened = ["name", "aware_on", "what_happened", "information", "containment"]
        if obj is None:
            return [(None, {"fields": happened})]
        return [
            (None, {"fields": KNOWN}),
            ("What happened", {"fields": happened}),
            ("The decision", {"fields": DECIDED}),
            ("For the people", {"fields": ["advice", "notice", "show_approved"]}),
            ("For the OAIC", {"fields": ["statement"]}),
        ]

    def get_readonly_fields(self, request, obj=None):
        fixed = [*super().get_readonly_fields(request, obj)]
        if obj and obj.approved_at:
            fixed += [*assessing.READ]
        if obj and obj.status not in Incident.RUNNING:
            fixed.append("aware_on")
        return fixed

    def get_changeform_initial_data(self, request):
        return {"aware_on": timezone.localdate()} | super().get_changeform_initial_data(request)

    def save_model(self, request, obj, form, change):
        if change:
            assessing.rewrite(obj, changed=form.changed_data, by=request.user)
        else:
            assessing.record(obj, by=request.user)

    def has_change_permission(self, request, obj=None):
        is_open = obj is None or obj.status != Status.CLOSED
        return is_open and super().has_change_permission(request, obj)

    @display(description="Status", ordering="status", label=COLOURS)
    def show_status(self, incident: Incident) -> tuple[str, str]:
        return incident.status, incident.get_status_display()

    @display(description="To be decided by", ordering="aware_on")
    def show_clock(self, incident: Incident) -> str:
        return days_left(incident.due_on, today=timezone.localdate())

    @display(description="People affected")
    def show_affected(self, incident: Incident) -> str:
        many = affecting.affected(incident).count()
        if not many:
            return "Nobody was looked for, or nobody was found. “Find people affected” asks the audit trail."
        told, shut = incident.notices.count(), affecting.out_of_reach(incident).count()
        link = desk.page("clinic.affectedperson", search__incident__id__exact=incident.pk)
        post = f" {shut} closed their account: write to them by post." if shut else ""
        return format_html('<a class="underline" href="{}">{} people</a>, {} told.{}', link, many, told, post)

    @display(description="Statement")
    def show_statement(self, incident: Incident) -> str:
        if not incident.statement:
            return "Not drafted yet"
        return format_html(
            '<a class="underline" href="{}">PDF</a> · <a class="underline" href="{}">Text</a>',
            reverse("admin:clinic_incident_statement", args=[incident.pk, "pdf"]),
            reverse("admin:clinic_incident_statement", args=[incident.pk, "txt"]),
        )

    @display(description="Approved")
    def show_approved(self, incident: Incident) -> str:
        if incident.approved_by is None:
            return "Not yet: somebody who did not write it approves it, then it can go out."
        return f"{by_our_clock(incident.approved_at)} by {incident.approved_by}"

    @display(description="Decided")
    def show_decided(self, incident: Incident) -> str:
        return by_our_clock(incident.decided_at)

    @step("Assess", may="handle", icon="search", text="The 30 days count from the day of awareness.")
    def assess(self, request: SignedInRequest, incident: Incident, form: BaseDialogForm) -> str:
        assessing.assess(incident, by=request.user)
        return "The incident is being assessed."

    @step("People must be told", may="handle", form=DecisionForm, icon="notification_important")
    def eligible(self, request: SignedInRequest, incident: Incident, form: DecisionForm) -> str:
        assessing.decide(incident, is_eligible=True, by=request.user, **_given(form, "reasons"))
        return "Decided. Now write what the people read, and draft the statement to the OAIC."

    @step("Nobody must be told", may="handle", form=DecisionForm, icon="check")
    def not_eligible(self, request: SignedInRequest, incident: Incident, form: DecisionForm) -> str:
        assessing.decide(incident, is_eligible=False, by=request.user, **_given(form, "reasons"))
        return "Decided, with your reasons. Close the entry when everything is done."

    @step("Find people affected", may="handle", form=SearchForm, icon="person_search")
    def search(self, request: SignedInRequest, incident: Incident, form: SearchForm) -> HttpResponse:
        said = form.cleaned_data
        question = affecting.Question(
            person=said["person"],
            session=said["session"],
            address=said["address"] or None,
            since=_midnight(said["first"]),
            until=_midnight(said["last"], days=1),
            record_type=said["record_type"],
        )
        found = affecting.search(incident, question, by=request.user)
        return HttpResponseRedirect(desk.page("clinic.affectedperson", search__id__exact=found.pk))

    @step("Draft the statement", may="handle", icon="draft", text="It replaces what stands there now.")
    def draft(self, request: SignedInRequest, incident: Incident, form: BaseDialogForm) -> str:
        assessing.draft_statement(incident, by=request.user)
        return "The statement is drafted. Read it, and edit what it does not tell yet."

    @step("Approve the notice", may="approve", icon="check", text="From now on its words cannot be changed.")
    def approve(self, request: SignedInRequest, incident: Incident, form: BaseDialogForm) -> str:
        affecting.approve(incident, by=request.user)
        return "The notice is approved and can go to the people affected."

    @step(
        "Tell the people",
        may="handle",
        icon="send",
        text="Each of them gets one letter that says nothing of it.",
    )
    def tell(self, request: SignedInRequest, incident: Incident, form: BaseDialogForm) -> str:
        return f"{affecting.tell(incident, by=request.user)} letters are in the outbox."

    @step("Lodged with the OAIC", may="handle", form=LodgeForm, icon="outbound")
    def lodge(self, request: SignedInRequest, incident: Incident, form: LodgeForm) -> str:
        assessing.lodge(incident, by=request.user, **_given(form, "lodged_on", "reference"))
        return "Noted. Close the entry when everybody is told."

    @step("Close", may="handle", form=Reason, icon="lock", text="The entry stays as it is from now on.")
    def close(self, request: SignedInRequest, incident: Incident, form: Reason) -> str:
        assessing.close(incident, by=request.user, **_given(form, "why"))
        return "The incident is closed."

    def has_handle_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("clinic.change_incident")

    def has_approve_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("clinic.approve_incident")

    def statement(self, request: SignedInRequest, pk: UUID, kind: str) -> HttpResponse:
        """The statement as a file, for the OAIC's own form."""
        visible = Incident.objects.visible_to(request.user).exclude(statement="")
        incident = get_object_or_404(visible, pk=pk)
        record_viewed.send(Incident, record=incident, request=request, action="download")
        if kind == "pdf":
            return printing.download(_print(incident, by=request.user), file_name="statement.pdf")
        return HttpResponse(
            incident.statement,
            content_type="text/plain; charset=utf-8",
            headers={
                "Content-Disposition": 'attachment; filename="statement.txt"',
                "Cache-Control": "private, no-store",
            },
        )


def _print(incident: Incident, *, by: User) -> bytes:
    now = timezone.localtime()
    attached = printing.Attachment(
        name="statement.json",
        description="The statement as text",
        content={"statement": incident.statement},
        made_at=now,
    )
    practice = Practice.objects.visible_to(by).current()
    context = {"incident": incident, "practice": practice, "now": now}
    identity = f"statement{incident.pk}{now}"
    return printing.write("clinic/pdf/statement.html", context, attached=attached, identity=identity)


def _given(form: BaseDialogForm, *names: str) -> dict:
    return {name: form.cleaned_data[name] for name in names}


def _midnight(day: datetime.date | None, *, days: int = 0) -> datetime.datetime | None:
    """The first instant of a day by the practice's clock, or of one so many days later."""
    if day is None:
        return None
    return timezone.make_aware(
        datetime.datetime.combine(day + datetime.timedelta(days=days), datetime.time())
    )


@admin.register(AffectedPerson)
class AffectedPersonAdmin(FactAdmin):
    when_empty = "“Find people affected” on the page of an incident asks the audit trail for them."
    list_display = ["patient", "search", "events", "first_at", "last_at"]
    list_select_related = ["patient__user", "search__incident"]
    search_fields = ["patient__user__given_name", "patient__user__family_name", "patient__user__email"]
    linked_lookups = ("search__id", "search__incident__id", "search", "search__incident")
    fields = ["patient", "search", "events", "first_at", "last_at"]


@admin.register(IncidentSearch)
class IncidentSearchAdmin(FactAdmin):
    list_display = ["incident", "recorded_at", "recorded_by", "found"]
    list_select_related = ["incident", "recorded_by"]
    fields = [
        "incident",
        "person",
        "session",
        "address",
        ("since", "until"),
        "record_type",
        "found",
        "recorded_at",
        "recorded_by",
    ]
    readonly_fields = ["recorded_at", "recorded_by"]
