"""Every line of the workbooks that came in: what it says, what it would change, what was decided."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import display

from catalog import reviewing
from catalog.admin import cells
from catalog.admin.columns import findings, link, table
from catalog.admin.import_tabs import LinesFilter, address, tabs
from catalog.forms.imports import DecisionBar, WhyDialog
from catalog.models import Decision, Import, ImportRow
from config.admin import FactAdmin, step
from config.base import Refused

OUTCOME_COLOURS = {
    ImportRow.Outcome.NEW: "success",
    ImportRow.Outcome.CHANGED: "warning",
    ImportRow.Outcome.GONE: "danger",
    ImportRow.Outcome.ERROR: "danger",
}
VERDICT_COLOURS = {
    Decision.Verdict.TAKE: "success",
    Decision.Verdict.LEAVE: "info",
    Decision.Verdict.QUARANTINE: "danger",
    "undecided": "warning",
}
SHORT = {
    Decision.Verdict.TAKE: "Take over",
    Decision.Verdict.LEAVE: "Leave",
    Decision.Verdict.QUARANTINE: "Put aside",
}
Verdict = Decision.Verdict


@admin.register(ImportRow)
class ImportRowAdmin(FactAdmin):
    list_display = ["show_line", "show_outcome", "show_gist", "show_findings", "show_verdict"]
    list_select_related = ["product__supplier", "run__supplier"]
    list_filter = [("run", RelatedDropdownFilter), LinesFilter]
    linked_lookups = ("run__id", "run", "outcome")
    search_fields = ["stated__product_name", "stated__gtin13", "cell"]
    search_help_text = "Name, barcode or cell"
    list_before_template = "admin/imports/tabs.html"
    action_form = DecisionBar
    actions = ["take", "leave", "put_aside"]
    actions_selection_counter = True
    actions_detail = ["take_this", "leave_this", "put_this_aside"]
    fieldsets = [
        (None, {"fields": [("show_outcome", "show_verdict", "show_product")]}),
        ("What it changes", {"fields": ["show_changes"]}),
        ("To know", {"fields": ["show_findings"]}),
        ("Where it stands", {"fields": ["show_cells"]}),
        ("What was decided", {"fields": ["show_decisions"]}),
        ("As it was read", {"classes": ["collapse"], "fields": ["run", "show_raw"]}),
    ]
    readonly_fields = [
        "run",
        "show_outcome",
        "show_verdict",
        "show_product",
        "show_changes",
        "show_findings",
        "show_cells",
        "show_decisions",
        "show_raw",
    ]

    class Media:
        css = {"all": ["desk/imports.css"]}

    def get_queryset(self, request):
        decisions = Decision.objects.visible_to(request.user).select_related("recorded_by")
        rows: Any = super().get_queryset(request)
        return rows.with_verdict().prefetch_related(Prefetch("decisions", decisions))

    @display(description="Line", header=True, ordering="position")
    def show_line(self, row: ImportRow) -> tuple[str, str]:
        place = f"{row.sheet}, cell {row.cell}" if row.cell else "Not on the list any more"
        return row.stated["product_name"] or "Without a name", place

    @display(description="Kind", ordering="outcome", label=OUTCOME_COLOURS)
    def show_outcome(self, row: ImportRow) -> tuple[str, str]:
        return row.outcome, row.get_outcome_display()

    @display(description="Product")
    def show_product(self, row: ImportRow) -> str | SafeString:
        return link(row.product)

    @display(description="To know")
    def show_findings(self, row: ImportRow) -> str | SafeString:
        return findings(row.findings) or "–"

    @display(description="What it changes")
    def show_gist(self, row: ImportRow) -> str | SafeString:
        return cells.gist(row)

    @display(description="Now and then")
    def show_changes(self, row: ImportRow) -> str | SafeString:
        return cells.changes(row)

    @display(description="Decision", label=VERDICT_COLOURS)
    def show_verdict(self, row: ImportRow) -> tuple[str, str] | None:
        if row.verdict:
            return row.verdict, SHORT[Verdict(row.verdict)]
        return ("undecided", "To decide") if row.needs_decision else None

    @display(description="Decisions, the last one first")
    def show_decisions(self, row: ImportRow) -> str | SafeString:
        told = (
            (
                one.get_verdict_display(),
                one.reason,
                one.recorded_by or "At the terminal",
                cells.when(one.recorded_at),
            )
            for one in row.decisions.all()
        )
        return table(["What", "Why", "Who", "When"], told)

    @display(description="The cell and its neighbours")
    def show_cells(self, row: ImportRow) -> str | SafeString:
        return cells.neighbourhood(row)

    @display(description="Every filled cell of the line")
    def show_raw(self, row: ImportRow) -> str | SafeString:
        return table(["Cell", "Text"], row.raw.items())

    def changelist_view(self, request, extra_context=None):
        run = _runs(request).select_related("supplier").first()
        context: dict[str, Any] = {"run": run, "title": f"Lines of {run}" if run else "Lines of imports"}
        if run:
            context["tabs"] = tabs(run, reviewing.counts(run), request.GET.get("lines"))
            context["page_of_run"] = reverse("admin:catalog_import_change", args=[run.pk])
        return super().changelist_view(request, context | (extra_context or {}))

    def get_actions(self, request):
        # Lines of one list that is under review; those of several lists have nothing in common.
        is_in_review = _runs(request).filter(status=Import.Status.CHECKED).exists()
        return super().get_actions(request) if is_in_review else {}

    @admin.action(description="Take over", permissions=["review"])
    def take(self, request, rows) -> None:
        self._decide(request, rows, Verdict.TAKE)

    @admin.action(description="Leave as it is", permissions=["review"])
    def leave(self, request, rows) -> None:
        self._decide(request, rows, Verdict.LEAVE)

    @admin.action(description="Put aside and ask the supplier", permissions=["review"])
    def put_aside(self, request, rows) -> None:
        self._decide(request, rows, Verdict.QUARANTINE)

    def _decide(self, request: Any, rows: Any, verdict: Verdict) -> None:
        run = _runs(request).get()
        try:
            count = reviewing.decide(
                run, rows, verdict=verdict, reason=request.POST.get("reason", ""), by=request.user
            )
        except Refused as no:
            messages.error(request, str(no))
        else:
            messages.success(request, f"{SHORT[verdict]}: {count} {'line' if count == 1 else 'lines'}.")

    @step("Take over", may="decide", form=WhyDialog, icon="check")
    def take_this(self, request, row: ImportRow, form) -> HttpResponse:
        return self._decide_one(request, row, Verdict.TAKE, form)

    @step("Leave as it is", may="decide", form=WhyDialog, icon="remove")
    def leave_this(self, request, row: ImportRow, form) -> HttpResponse:
        return self._decide_one(request, row, Verdict.LEAVE, form)

    @step(
        "Put aside",
        may="decide",
        form=WhyDialog,
        icon="contact_support",
        text="The line stays out of the catalogue until the supplier has answered.",
    )
    def put_this_aside(self, request, row: ImportRow, form) -> HttpResponse:
        return self._decide_one(request, row, Verdict.QUARANTINE, form)

    def _decide_one(self, request: Any, row: ImportRow, verdict: Verdict, form: Any) -> HttpResponse:
        """Decide, and go on to the next line that waits; back to the list when none does."""
        rows = ImportRow.objects.visible_to(request.user).filter(run=row.run)
        reviewing.decide(
            row.run, rows.filter(pk=row.pk), verdict=verdict, reason=form.cleaned_data["why"], by=request.user
        )
        messages.success(request, f"{row.stated['product_name'] or 'The line'}: {SHORT[verdict].lower()}.")
        waiting = rows.undecided().order_by("position").first()
        if waiting is None:
            return HttpResponseRedirect(address(row.run))
        return HttpResponseRedirect(reverse("admin:catalog_importrow_change", args=[waiting.pk]))

    def has_review_permission(self, request) -> bool:
        return request.user.has_perm("catalog.review_import")

    def has_decide_permission(self, request, object_id=None) -> bool:
        if not request.user.has_perm("catalog.review_import"):
            return False
        if object_id is None or request.method == "POST":
            return True  # the rule itself refuses, and says why
        rows = ImportRow.objects.visible_to(request.user).filter(
            pk=object_id, run__status=Import.Status.CHECKED
        )
        return rows.exclude(outcome=ImportRow.Outcome.UNCHANGED).exists()


def _runs(request: Any) -> QuerySet[Import]:
    """The one import whose lines are asked for; none where they are not of one."""
    try:
        asked = UUID(request.GET.get("run__id__exact", ""))
    except ValueError:
        return Import.objects.none()
    return Import.objects.visible_to(request.user).filter(pk=asked)
