"""Import and export of plain tables, on django-import-export's own screens."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from import_export.admin import ImportMixin
from import_export.tmp_storages import CacheStorage
from unfold.contrib.import_export.forms import ImportForm

from catalog.sheets.plain import table_format
from config.base import Refused
from config.exports import Exports

LARGEST = 5 * 1024 * 1024
GONE = "This table is not here any more. Please send it in again."


class Waiting(CacheStorage):
    """Where a table waits until somebody has looked at what it would change."""

    CACHE_LIFETIME = 60 * 60  # seconds
    CACHE_PREFIX = "table-"


class TableForm(ImportForm):
    """A file with a table."""

    def clean_import_file(self) -> Any:
        file = self.cleaned_data["import_file"]
        if file.size > LARGEST:
            raise ValidationError("The file is larger than 5 MB. Please send it in parts.")
        return file


class Tables(ImportMixin, Exports):
    """Adds both buttons to a list; what they may carry is a resource of ``catalog.tabling``."""

    import_export_change_list_template = "admin/import_export/change_list_import_export.html"
    import_template_name = "admin/imports/table.html"
    import_form_class = TableForm
    tmp_storage_class = Waiting
    skip_admin_log = True  # the audit trail has it

    def get_import_formats(self) -> list[Any]:
        resource = self.resource_classes[0]()
        columns = [field.column_name for field in resource.get_import_fields()]
        return [table_format(columns, resource.needed)]

    def get_import_data_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        told: dict[str, Any] = super().get_import_data_kwargs(**kwargs)
        return told | {"rollback_on_validation_errors": True}

    def add_data_read_fail_error_to_form(self, form: Any, e: Exception) -> None:
        if not isinstance(e, Refused):
            raise e
        form.add_error("import_file", str(e))

    def get_confirm_form_initial(self, request: HttpRequest, import_form: Any) -> dict[str, Any]:
        initial: dict[str, Any] = super().get_confirm_form_initial(request, import_form)
        if import_form:  # only whoever sent a table in goes on with it
            request.session["table"] = initial["import_file_name"]
        return initial

    def import_action(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        page: Any = super().import_action(request, **kwargs)
        result = page.context_data.get("result")
        if page.context_data["form"].errors or (
            result and (result.has_errors() or result.has_validation_errors())
        ):
            page.status_code = 400
        page.context_data["title"] = f"Import {self.opts.verbose_name_plural} from a table"
        return page

    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if not self.has_import_permission(request):
            raise PermissionDenied
        name = request.POST.get("import_file_name", "")
        if not name or request.session.get("table") != name or not cache.get(Waiting.CACHE_PREFIX + name):
            messages.error(request, GONE)
            return redirect(self.table_address())
        answer: HttpResponse = super().process_import(request, **kwargs)
        return answer

    def process_result(self, result: Any, request: HttpRequest) -> HttpResponse:
        if result.has_errors() or result.has_validation_errors():
            messages.error(
                request, "Nothing was taken: records have changed meanwhile. Please send the table in again."
            )
            return redirect(self.table_address())
        answer: HttpResponse = super().process_result(result, request)
        return answer

    def add_success_message(self, result: Any, request: HttpRequest) -> None:
        totals = result.totals
        messages.success(
            request, f"{totals['new']} new, {totals['update']} changed, {totals['skip']} as they were."
        )

    def table_address(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_import")


class ProductTables(Tables):
    """Products come in with suppliers' lists, so that is where the button leads; a table has its own page."""

    def get_urls(self) -> list[Any]:
        own = path("table/", self.admin_site.admin_view(self.take_table), name="catalog_product_table")
        return [own, *super().get_urls()]

    def import_action(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if not self.has_import_permission(request):
            raise PermissionDenied
        return redirect("admin:catalog_import_add")

    def take_table(self, request: HttpRequest) -> HttpResponse:
        return super().import_action(request)

    def table_address(self) -> str:
        return reverse("admin:catalog_product_table")
