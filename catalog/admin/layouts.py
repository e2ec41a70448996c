"""Layouts of lists: a sample is uploaded, its columns are matched, and what would be read is shown."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from catalog import matching
from catalog.admin.columns import link_to
from catalog.forms.layouts import SampleForm, SheetForm, WholeForm
from catalog.models import SheetLayout
from catalog.sheets.findings import Severity
from catalog.sheets.layout import Layout
from catalog.sheets.reading import Reading
from catalog.sheets.workbook import open_workbook
from config.admin import RecordAdmin, step
from config.base import Refused

if TYPE_CHECKING:
    from config.base import SignedInRequest

STATUS_COLOURS = {
    SheetLayout.Status.DRAFT: "warning",
    SheetLayout.Status.IN_USE: "success",
    SheetLayout.Status.RETIRED: "info",
}
PREVIEWED = 12


@admin.register(SheetLayout)
class SheetLayoutAdmin(RecordAdmin):
    list_display = ["supplier", "show_status", "sample_name", "created_at", "show_matching"]
    list_select_related = ["supplier"]
    list_filter = [("supplier", RelatedDropdownFilter), ("status", ChoicesDropdownFilter)]
    search_fields = ["supplier__name", "sample_name"]
    fields = [("supplier", "show_status"), ("sample_name", "created_at"), "show_matching"]
    readonly_fields = ["supplier", "show_status", "sample_name", "created_at", "show_matching"]
    actions_detail = ["use", "retire"]

    def get_urls(self):
        match = self.admin_site.admin_view(self.match)
        return [path("<uuid:pk>/match/", match, name="catalog_sheetlayout_match"), *super().get_urls()]

    def has_match_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("catalog.change_sheetlayout")

    def has_change_permission(self, request, obj=None):
        return False  # what there is to change is matched on a page of its own

    @display(description="Status", ordering="status", label=STATUS_COLOURS)
    def show_status(self, layout: SheetLayout) -> tuple[str, str]:
        return layout.status, layout.get_status_display()

    @display(description="Columns")
    def show_matching(self, layout: SheetLayout) -> SafeString:
        page = reverse("admin:catalog_sheetlayout_match", args=[layout.pk])
        return link_to(page, "Look at them" if layout.declaration else "Match them")

    def add_view(self, request, form_url="", extra_context=None):
        """A sample comes in, and its columns are matched on the next page."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        sent = [request.POST, request.FILES] if request.method == "POST" else []
        form = SampleForm(*sent, user=request.user)
        if form.is_valid():
            sample = form.cleaned_data["sample"]
            try:
                layout = matching.receive(
                    form.cleaned_data["supplier"], data=sample.read(), file_name=sample.name, by=request.user
                )
            except Refused as no:
                form.add_error("sample", str(no))
            else:
                return redirect("admin:catalog_sheetlayout_match", pk=layout.pk)
        context = {**self.admin_site.each_context(request), "title": "Match a supplier's list", "form": form}
        status = HTTPStatus.BAD_REQUEST if form.errors else HTTPStatus.OK
        return TemplateResponse(request, "admin/catalog/layout_add.html", context, status=status)

    def match(self, request: SignedInRequest, pk: UUID) -> HttpResponse:
        """The columns of the sample beside our fields; tried out before it is saved."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        layout = cast(SheetLayout, self.get_visible_or_404(request, str(pk)))
        if request.method == "POST" and not self.has_match_permission(request):
            raise PermissionDenied
        desk = Desk(layout, request.POST if request.method == "POST" else None)
        if request.method == "POST":
            done = desk.carry_out(request)
            if done:
                messages.success(request, done)
                return redirect("admin:catalog_sheetlayout_change", object_id=layout.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Columns of {layout.supplier}",
            "layout": layout,
            "desk": desk,
            "may_match": self.has_match_permission(request),
        }
        status = HTTPStatus.BAD_REQUEST if desk.refusal else HTTPStatus.OK
        page = TemplateResponse(request, "admin/catalog/layout_match.html", context, status=status)
        return self.tell_opened(request, str(pk), page)

    @step("Use", may="match", icon="done", text="The supplier's lists are read by this layout from now on.")
    def use(self, request, layout: SheetLayout, form) -> str:
        matching.use(layout, by=request.user)
        return f"The lists of {layout.supplier} are read by this layout from now on."

    @step("Retire", may="match", icon="archive", text="Lists are no longer read by this layout.")
    def retire(self, request, layout: SheetLayout, form) -> str:
        matching.retire(layout, by=request.user)
        return f"The lists of {layout.supplier} are no longer read by this layout."


class Desk:
    """The forms of one sample on one page, and what came of them."""

    def __init__(self, layout: SheetLayout, data: Any) -> None:
        self.layout = layout
        self.tables = open_workbook(matching.sample_of(layout))
        self.known = matching.before(layout)
        self.whole = WholeForm(data, initial=_initial(self.known), prefix="whole", label_suffix="")
        self.sheets = [
            SheetForm(table, matching.propose(table, self.known), data, prefix=f"sheet{number}")
            for number, table in enumerate(self.tables)
        ]
        self.refusal = ""
        self.found: Reading | None = None

    def carry_out(self, request: SignedInRequest) -> str:
        """Try, or save; the sentence that tells it was saved, or "" with the reason why not on the page."""
        if self._look_again():
            return ""
        if not all([self.whole.is_valid(), *(form.is_valid() for form in self.sheets)]):
            self.refusal = "Please look at the fields marked below."
            return ""
        try:
            declaration = matching.declare(
                self.layout,
                {form.table.name: form.choice for form in self.sheets},
                self.tables,
                brands=self.whole.cleaned_data["brands"],
                gst={price: self.whole.cleaned_data[price] for price in ("wholesale", "retail")},
            )
            if "save" in request.POST:
                matching.keep(self.layout, declaration, by=request.user)
                return "The columns are matched."
            self.found = matching.try_out(self.layout, declaration)
        except Refused as no:
            self.refusal = str(no)
        return ""

    def _look_again(self) -> bool:
        """Whether headings were pointed at elsewhere: then their columns are proposed anew first."""
        moved = [number for number, form in enumerate(self.sheets) if form.is_pointed_elsewhere]
        for number in moved:
            form = self.sheets[number]
            row, per_column = form.pointed_at
            proposed = matching.propose_at(form.table, self.known, header_row=row, per_column=per_column)
            self.sheets[number] = SheetForm(form.table, proposed, prefix=form.prefix)
        if moved:
            self.refusal = "The headings are others now. Please look through their columns, then try again."
        return bool(moved)

    @property
    def preview(self) -> Mapping[str, Any]:
        """What the sample would bring: the first products, and how many of each kind there are."""
        offers = self.found.offers if self.found else []
        lost = [offer for offer in offers if offer.is_quarantined]
        taken = [offer for offer in offers if not offer.is_quarantined]
        return {
            "offers": taken[:PREVIEWED],
            "lost": lost[:PREVIEWED],
            "taken_count": len(taken),
            "lost_count": len(lost),
            "review_count": sum(bool(offer.codes(Severity.REVIEW)) for offer in taken),
            "notes": self.found.notes if self.found else [],
        }


def _initial(known: Layout | None) -> dict[str, str]:
    if not known:
        return {}
    return {"brands": "\n".join(known.brands), **known.gst}
