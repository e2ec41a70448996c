"""The catalogue: every medicine with its strength, category and price."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from import_export.admin import ExportMixin
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.contrib.import_export.forms import ExportForm
from unfold.decorators import display

from catalog import searching
from catalog.admin.columns import dollars
from catalog.admin.filters import AttentionFilter, CategoryFilter, CbdFilter, ThcFilter
from catalog.exporting import ProductResource
from catalog.models import Price, Product
from catalog.sheets.findings import CODES
from config.admin import RecordAdmin
from config.spreadsheets import SafeCSV, SafeXLSX

SUPPLY_COLOURS = {
    Product.Supply.ACTIVE: "success",
    Product.Supply.TO_BE_RELEASED: "info",
    Product.Supply.OUT_OF_STOCK: "warning",
    Product.Supply.DISCONTINUED: "danger",
}
CHANGEABLE = ["supply", "availability", "available_on"]


class PriceInline(TabularInline):
    model = Price
    verbose_name_plural = "Prices"
    fields = ["effective_on", "kind", "show_amount", "gst"]
    readonly_fields = fields
    extra = 0
    hide_title = True
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).visible_to(request.user)

    @display(description="Amount")
    def show_amount(self, price: Price) -> str | SafeString:
        return dollars(price.amount)

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False


@admin.register(Product)
class ProductAdmin(ExportMixin, RecordAdmin):
    """Products come from lists; by hand only their supply is changed."""

    resource_classes = [ProductResource]
    export_formats = [SafeXLSX, SafeCSV]
    export_form_class = ExportForm
    list_display = [
        "show_name",
        "show_strength",
        "tga_category",
        "show_schedule",
        "dose_form",
        "show_size",
        "supplier",
        "show_retail",
        "show_supply",
        "show_review",
    ]
    list_select_related = ["supplier"]
    list_filter = [
        AttentionFilter,
        ("kind", ChoicesDropdownFilter),
        CategoryFilter,
        ("schedule", ChoicesDropdownFilter),
        ("dose_form", ChoicesDropdownFilter),
        ThcFilter,
        CbdFilter,
        ("supplier", RelatedDropdownFilter),
        ("supply", ChoicesDropdownFilter),
    ]
    search_fields = ["name"]
    search_help_text = "Name, brand, cultivar, cannabinoid, form, supplier, code or barcode"
    inlines = [PriceInline]
    fieldsets: list[tuple[str | None, dict[str, list[Any]]]] = [
        (
            None,
            {"fields": [("name", "brand"), ("supplier", "manufacturer"), ("show_schedule", "tga_category")]},
        ),
        ("Supply", {"fields": [("supply", "available_on"), "availability"]}),
        ("Composition", {"fields": [("show_strength", "is_composition_known"), ("dose_form", "show_size")]}),
        (
            "As the supplier states it",
            {"fields": [("tga_category_stated", "schedule_stated", "dose_form_stated")]},
        ),
        ("To review", {"fields": ["show_reasons"]}),
        ("Codes", {"fields": [("gtin13", "product_code"), ("pbs_code", "artg_id"), "pathway"]}),
        ("Plant", {"fields": [("strain_type", "cultivar"), ("lineage", "terpenes")]}),
        ("Pack", {"fields": [("packaging", "storage")]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).with_prices()

    def get_search_results(self, request, queryset, search_term):
        if not search_term.strip():
            return queryset, False
        found = searching.find(queryset, search_term)
        if found.read_as:
            messages.info(request, f"Nothing is called “{search_term}”. These are called “{found.read_as}”.")
        is_sorted = "o" in request.GET  # by a column that somebody chose
        return found.products.order_by(*queryset.query.order_by) if is_sorted else found.products, False

    def get_readonly_fields(self, request, obj=None):
        named = [name for _, options in self.fieldsets for row in options["fields"] for name in _names(row)]
        return [name for name in named if name not in CHANGEABLE]

    def has_add_permission(self, request):
        return False

    @display(description="Product", header=True, ordering="name")
    def show_name(self, product: Product) -> tuple[str, str]:
        return product.name, product.brand

    @display(description="Strength")
    def show_strength(self, product: Product) -> str:
        return product.strength_text or "–"

    @display(description="Pack", ordering="size_value")
    def show_size(self, product: Product) -> str:
        return product.size_text or "–"

    @display(description="Schedule", ordering="schedule", label={"S8": "danger", "S4": "info"})
    def show_schedule(self, product: Product) -> tuple[str, str]:
        return product.schedule or "unknown", product.schedule or "Unknown"

    @display(description="Retail", ordering="retail")
    def show_retail(self, product: Product) -> str | SafeString:
        return dollars(product.retail)

    @display(description="Supply", ordering="supply", label=SUPPLY_COLOURS)
    def show_supply(self, product: Product) -> tuple[str, str]:
        return product.supply, product.get_supply_display()

    @display(description="Review", label={"yes": "warning"})
    def show_review(self, product: Product) -> tuple[str, str] | None:
        return ("yes", str(len(product.review_codes))) if product.review_codes else None

    @display(description="Reasons")
    def show_reasons(self, product: Product) -> str:
        return " ".join(CODES[code][1] for code in product.review_codes if code in CODES) or "Nothing."


def _names(row: str | tuple[str, ...]) -> tuple[str, ...]:
    return (row,) if isinstance(row, str) else row
