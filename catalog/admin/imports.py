"""Workbooks that came in, and every line of them."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from catalog import reviewing
from catalog.admin.columns import counted, findings, link, table
from catalog.models import Import, ImportRow
from config.admin import FactAdmin, RecordAdmin, step

STATUS_COLOURS = {
    Import.Status.RECEIVED: "info",
    Import.Status.READING: "info",
    Import.Status.CHECKED: "warning",
    Import.Status.REVIEWED: "warning",
    Import.Status.APPROVED: "info",
    Import.Status.APPLIED: "success",
    Import.Status.REFUSED: "danger",
}
OUTCOME_COLOURS = {
    ImportRow.Outcome.NEW: "success",
    ImportRow.Outcome.CHANGED: "warning",
    ImportRow.Outcome.GONE: "danger",
    ImportRow.Outcome.ERROR: "danger",
}
# What was counted, in the order of reading, and the outcome that the lines behind it have.
TOTALS = {
    "read": ("Read", ""),
    "new": ("New", ImportRow.Outcome.NEW),
    "changed": ("Changed", ImportRow.Outcome.CHANGED),
    "unchanged": ("Unchanged", ImportRow.Outcome.UNCHANGED),
    "errors": ("Not taken", ImportRow.Outcome.ERROR),
    "review": ("To review", ""),
    "gone": ("Gone from the list", ""),
}


@admin.register(Import)
class ImportAdmin(RecordAdmin):
    list_display = [
        "file_name",
        "supplier",
        "show_status",
        "show_rows",
        "show_errors",
        "created_at",
        "applied_at",
    ]
    list_select_related = ["supplier"]
    list_filter = [("supplier", RelatedDropdownFilter), ("status", ChoicesDropdownFilter)]
    search_fields = ["file_name", "file_sha256__startswith"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("file_name", "supplier", "show_status"),
                    ("created_at", "applied_at"),
                    "file_sha256",
                ]
            },
        ),
        ("What it says", {"fields": ["show_totals", "show_notes", "refusal"]}),
    ]
    readonly_fields = [
        "file_name",
        "supplier",
        "show_status",
        "created_at",
        "applied_at",
        "file_sha256",
        "show_totals",
        "show_notes",
        "refusal",
    ]
    actions_detail = ["hand_in", "approve"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        errors = Count("rows", filter=Q(rows__outcome=ImportRow.Outcome.ERROR))
        return super().get_queryset(request).annotate(row_count=Count("rows"), error_count=errors)

    @display(description="Status", ordering="status", label=STATUS_COLOURS)
    def show_status(self, run: Import) -> tuple[str, str]:
        return run.status, run.get_status_display()

    @display(description="Lines", ordering="row_count")
    def show_rows(self, run: Import) -> SafeString:
        return counted(run.row_count, _lines(run))

    @display(description="Not taken", ordering="error_count")
    def show_errors(self, run: Import) -> SafeString:
        return counted(run.error_count, _lines(run, outcome=ImportRow.Outcome.ERROR))

    @display(description="Lines")
    def show_totals(self, run: Import) -> str | SafeString:
        named = [
            (title, run.totals[name], outcome)
            for name, (title, outcome) in TOTALS.items()
            if name in run.totals
        ]
        counts = [
            counted(count, _lines(run, outcome=outcome)) if outcome else count for _, count, outcome in named
        ]
        return table([title for title, _, _ in named], [counts] if counts else [])

    @display(description="About the workbook")
    def show_notes(self, run: Import) -> str | SafeString:
        return findings(run.notes) or "Nothing."

    @step(
        "Send for approval",
        may="review",
        icon="rule",
        text="Every line that needs review must have a decision.",
    )
    def hand_in(self, request, run: Import, form) -> str:
        reviewing.hand_in(run, by=request.user)
        return f"{run} waits for approval."

    @step(
        "Approve",
        may="approve",
        icon="done_all",
        text="All lines that were taken go into the catalogue, or none. Lines that were not taken stay out.",
    )
    def approve(self, request, run: Import, form) -> str:
        reviewing.approve(run, by=request.user)
        return f"{run} is approved and is being applied."

    def has_review_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("catalog.review_import")

    def has_approve_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("catalog.approve_import")

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False


def _lines(run: Import, **where: str) -> str:
    filters = "".join(f"&{name}__exact={value}" for name, value in where.items())
    return f"{reverse('admin:catalog_importrow_changelist')}?run__id__exact={run.pk}{filters}"


@admin.register(ImportRow)
class ImportRowAdmin(FactAdmin):
    list_display = ["show_line", "show_outcome", "show_changes", "show_findings", "show_product"]
    list_select_related = ["product__supplier", "run__supplier"]
    list_filter = [("run", RelatedDropdownFilter), ("outcome", ChoicesDropdownFilter)]
    search_fields = ["stated__product_name", "cell"]
    fields = [
        "run",
        "show_place",
        "show_outcome",
        "show_product",
        "show_findings",
        "show_changes",
        "show_raw",
    ]
    readonly_fields = fields

    @display(description="Line", header=True, ordering="position")
    def show_line(self, row: ImportRow) -> tuple[str, str]:
        return row.stated["product_name"] or "Without a name", f"{row.sheet}, {row.line}"

    @display(description="Where")
    def show_place(self, row: ImportRow) -> str:
        return f"{row.sheet}, {row.line}, cell {row.cell}"

    @display(description="Outcome", ordering="outcome", label=OUTCOME_COLOURS)
    def show_outcome(self, row: ImportRow) -> tuple[str, str]:
        return row.outcome, row.get_outcome_display()

    @display(description="Product")
    def show_product(self, row: ImportRow) -> str | SafeString:
        return link(row.product)

    @display(description="To know")
    def show_findings(self, row: ImportRow) -> str | SafeString:
        return findings(row.findings) or "–"

    @display(description="Changes")
    def show_changes(self, row: ImportRow) -> str | SafeString:
        changes = ((name.replace("_", " "), now, then) for name, (now, then) in row.changes.items())
        return table(["What", "Now", "Then"], changes)

    @display(description="As it stands in the workbook")
    def show_raw(self, row: ImportRow) -> str | SafeString:
        return table(["Cell", "Text"], row.raw.items())
