"""Taking a list along: as it is narrowed, as a workbook or a table, and in the audit trail."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from import_export.admin import ExportMixin
from tablib import Dataset
from unfold.contrib.import_export.forms import ExportForm

from config import stepping
from config.base import SignedInRequest, rows_exported
from config.spreadsheets import SafeCSV, SafeXLSX


class Exports(ExportMixin):
    """A list that those who have ``export_<model>`` may take along, the rows that they see of it."""

    export_formats = [SafeXLSX, SafeCSV]
    export_form_class = ExportForm

    def export_action(self, request: SignedInRequest) -> HttpResponse:
        """Ask whoever may export for the second factor first, as for everything that leaves in bulk."""
        if self.has_export_permission(request) and not stepping.second_factor_fresh(request):
            return stepping.ask_second_factor(request)
        answer: HttpResponse = super().export_action(request)
        return answer

    def get_data_for_export(self, request: SignedInRequest, queryset: QuerySet, **kwargs: Any) -> Dataset:
        rows: Dataset = super().get_data_for_export(request, queryset, **kwargs)
        rows_exported.send(queryset.model, request=request, rows=len(rows))
        return rows

    def _do_file_export(self, *args: Any, **kwargs: Any) -> HttpResponse:
        answer: HttpResponse = super()._do_file_export(*args, **kwargs)
        answer["Cache-Control"] = "private, no-store"
        answer["X-Content-Type-Options"] = "nosniff"
        return answer
