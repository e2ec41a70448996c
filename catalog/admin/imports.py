"""Workbooks that came in, on their way into the catalogue."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.http import content_disposition_header
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from catalog import exporting, receiving, reviewing
from catalog.admin.columns import counted
from catalog.admin.import_steps import ImportSteps
from catalog.admin.import_tabs import address, tabs
from catalog.forms.imports import SendInForm
from catalog.models import Import, ImportPolicy, ImportRow
from config import stepping
from config.admin import RecordAdmin
from config.base import record_viewed
from messaging import streaming

STATUS_COLOURS = {
    Import.Status.RECEIVED: "info",
    Import.Status.READING: "info",
    Import.Status.CHECKED: "warning",
    Import.Status.REVIEWED: "warning",
    Import.Status.APPROVED: "info",
    Import.Status.APPLIED: "success",
    Import.Status.REFUSED: "danger",
}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# The lines that each workbook has.
DOWNLOADS: dict[str, dict[str, Any]] = {"result": {}, "errors": {"outcome": ImportRow.Outcome.ERROR}}
STEPS = ["Received", "Read", "Checked", "Reviewed", "Approved", "Applied"]
# How many of the steps are behind a list that is here.
DONE: dict[str, int] = {
    Import.Status.RECEIVED: 1,
    Import.Status.READING: 1,
    Import.Status.CHECKED: 3,
    Import.Status.REVIEWED: 4,
    Import.Status.APPROVED: 5,
    Import.Status.APPLIED: 6,
    Import.Status.UNDONE: 6,
    Import.Status.SETTLED: 3,
    Import.Status.REFUSED: 0,
}


@admin.register(Import)
class ImportAdmin(ImportSteps):
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
    change_form_before_template = "admin/imports/review.html"
    fieldsets: list[tuple[str | None, dict[str, list[Any]]]] = [
        (
            "The file",
            {
                "classes": ["collapse"],
                "fields": [
                    ("file_name", "supplier"),
                    ("sender", "created_at", "saved_at"),
                    ("reviewed_by", "reviewed_at"),
                    ("approved_by", "approved_at", "applied_at"),
                    "file_sha256",
                ],
            },
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        errors = Count("rows", filter=Q(rows__outcome=ImportRow.Outcome.ERROR))
        return super().get_queryset(request).annotate(row_count=Count("rows"), error_count=errors)

    def get_readonly_fields(self, request, obj=None):
        return [name for _, options in self.fieldsets for row in options["fields"] for name in _names(row)]

    @display(description="Status", ordering="status", label=STATUS_COLOURS)
    def show_status(self, run: Import) -> tuple[str, str]:
        return run.status, run.get_status_display()

    @display(description="Lines", ordering="row_count")
    def show_rows(self, run: Import) -> SafeString:
        return counted(run.row_count, address(run))

    @display(description="Not taken", ordering="error_count")
    def show_errors(self, run: Import) -> SafeString:
        return counted(run.error_count, address(run, "error"))

    def has_change_permission(self, request, obj=None):
        return False

    def get_urls(self):
        own = path(
            "<uuid:pk>/progress/",
            self.admin_site.admin_view(require_GET(self.tell_progress)),
            name="catalog_import_progress",
        )
        lines = path(
            "<uuid:pk>/<str:which>.xlsx",
            self.admin_site.admin_view(require_GET(stepping.step_up(self.download))),
            name="catalog_import_download",
        )
        return [own, lines, *super().get_urls()]

    def tell_progress(self, request: HttpRequest, pk: Any) -> JsonResponse:
        """How far the worker is, for the page that waits for it."""
        run: Any = self.get_visible_or_404(request, str(pk))
        return JsonResponse({"status": run.status, "progress": run.progress, "expected": run.expected})

    def download(self, request: Any, pk: Any, which: str) -> HttpResponse:
        """All lines, or those with an error, to go on with in a spreadsheet program."""
        run: Any = self.get_visible_or_404(request, str(pk))
        if which not in DOWNLOADS:
            raise Http404
        if not request.user.has_perm("catalog.export_product"):
            raise PermissionDenied
        rows = ImportRow.objects.visible_to(request.user).filter(run=run, **DOWNLOADS[which])
        name = f"{PurePath(run.file_name).stem} {which}.xlsx"
        answer = HttpResponse(exporting.workbook(rows), content_type=XLSX)
        answer.headers["Content-Disposition"] = content_disposition_header(True, name)  # noqa: FBT003
        record_viewed.send(Import, record=run, request=request, action="download")
        return answer

    def add_view(self, request, form_url="", extra_context=None):
        """Send a workbook in."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = SendInForm(request.POST or None, request.FILES or None)
        if form.is_valid():
            return self.send_in(request, form)
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": "Import a list"}
        return TemplateResponse(request, "admin/imports/send_in.html", context | {"form": form})

    def send_in(self, request: Any, form: SendInForm) -> HttpResponse:
        file = form.cleaned_data["file"]
        receipt = receiving.send_in(
            form.cleaned_data["supplier"], data=file.read(), file_name=file.name, by=request.user
        )
        run = receipt.run
        if not receipt.is_new:
            came = f"This very file came in on {run.created_at:%-d %B %Y} already and is here."
            messages.warning(request, f"{came} It was not taken in a second time.")
        return redirect(reverse("admin:catalog_import_change", args=[run.pk]))

    def change_view(self, request, object_id, form_url="", extra_context=None):
        last_event = streaming.last_event_id(request.user)  # before the rows that the page shows
        run = self.get_object(request, object_id)
        board = _board(run, request) if run else {}
        context = {"review": board, "last_event": last_event, "title": str(run), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)


def _board(run: Import, request: Any) -> dict[str, Any]:
    """What the page says above the facts of the file."""
    policy = ImportPolicy.objects.visible_to(request.user).current()
    counts = reviewing.counts(run)
    return {
        "run": run,
        "steps": [(name, number <= DONE[run.status]) for number, name in enumerate(STEPS, start=1)],
        "is_working": run.status in Import.WITH_WORKER,
        "tabs": tabs(run, counts),
        "counts": counts,
        "can_download": request.user.has_perm("catalog.export_product"),
        "needs_second_person": policy.needs_second_person,
        "change_sets": run.change_sets.visible_to(request.user).select_related("recorded_by"),
    }


def _names(row: str | tuple[str, ...]) -> tuple[str, ...]:
    return (row,) if isinstance(row, str) else row


@admin.register(ImportPolicy)
class ImportPolicyAdmin(RecordAdmin):
    fields = ["needs_second_person", "price_change_percent"]
    list_display = ["__str__", "needs_second_person", "price_change_percent"]

    def has_add_permission(self, request):
        return (
            super().has_add_permission(request) and not ImportPolicy.objects.visible_to(request.user).exists()
        )
