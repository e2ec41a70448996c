"""The catalogue: every medicine with its strength, category and price."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import action, display

from catalog import contrasting, searching, settling
from catalog.admin import price_chart
from catalog.admin.columns import dollars
from catalog.admin.filters import AttentionFilter, CategoryFilter, CbdFilter, PriceFilter, ThcFilter
from catalog.admin.tables import ProductTables
from catalog.forms.products import SettleDialog
from catalog.models import Price, Product
from catalog.sheets.findings import CODES
from catalog.tabling import ProductTable
from config.admin import RecordAdmin, step

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
class ProductAdmin(ProductTables, RecordAdmin):
    """Products come from lists; by hand only their supply is changed."""

    resource_classes = [ProductTable]
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
        PriceFilter,
        ("supplier", RelatedDropdownFilter),
        ("supply", ChoicesDropdownFilter),
    ]
    search_fields = ["name"]
    search_help_text = "Name, brand, cultivar, cannabinoid, form, supplier, code or barcode"
    actions = ["compare_chosen"]
    actions_detail = ["settle"]
    change_form_after_template = "admin/catalog/product_after.html"
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
        ("To review", {"fields": ["show_reasons", ("is_prescribable", "is_strength_settled")]}),
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

    def get_urls(self):
        compare = path(
            "compare/", self.admin_site.admin_view(require_GET(self.compare)), name="catalog_product_compare"
        )
        return [compare, *super().get_urls()]

    def compare(self, request: Any) -> HttpResponse:
        """Two to six products side by side, by the ``id`` of each in the address."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        products = contrasting.pick(request.user, _uuids(request.GET.getlist("id")))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Products side by side",
            "products": products,
            "columns": len(products) + 1,
            **contrasting.side_by_side(products, by=request.user)._asdict(),
        }
        return TemplateResponse(request, "admin/catalog/product_compare.html", context)

    @action(description="Compare side by side", permissions=["view"])
    def compare_chosen(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse:
        # One more than may be compared shows that there are too many.
        return redirect(_comparison(queryset.values_list("pk", flat=True)[: contrasting.MOST + 1]))

    def change_view(self, request, object_id, form_url="", extra_context=None):
        product: Any = self.get_object(request, object_id)
        context = _around(product, request) if product else {}
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def get_readonly_fields(self, request, obj=None):
        named = [name for _, options in self.fieldsets for row in options["fields"] for name in _names(row)]
        return [name for name in named if name not in CHANGEABLE]

    def has_add_permission(self, request):
        return False

    @step(
        "The strength is right",
        may="settle",
        icon="verified",
        form=SettleDialog,
        text="Something casts doubt on the strength, so the product cannot be prescribed. Compare it with "
        "the label or ask the supplier first.",
    )
    def settle(self, request, product: Product, form) -> str:
        settling.settle(product, by=request.user, why=form.cleaned_data["why"])
        return f"The strength of {product} is settled: {product.strength_text}."

    def has_settle_permission(self, request, object_id=None) -> bool:
        if not request.user.has_perm("catalog.review_import"):
            return False
        product = Product.objects.visible_to(request.user).filter(pk=object_id).first() if object_id else None
        return object_id is None or request.method == "POST" or bool(product and product.strength_doubts)

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


def _around(product: Product, request: Any) -> dict[str, Any]:
    """What the product's page shows beneath its facts: prices over time, and others like it."""
    prices = Price.objects.visible_to(request.user).filter(product=product)
    similar = contrasting.similar(product, by=request.user)[: contrasting.MOST - 1]
    return {
        "picture": price_chart.draw([*prices], today=timezone.localdate()),
        "similar": similar,
        "compare_similar": _comparison([product.pk, *(other.pk for other in similar)]),
    }


def _comparison(ids: Iterable[UUID]) -> str:
    return f"{reverse('admin:catalog_product_compare')}?{urlencode([('id', pk) for pk in ids])}"


def _uuids(texts: Iterable[str]) -> list[UUID]:
    """The keys among ``texts``; what is none names no product."""
    found = []
    for text in texts:
        with suppress(ValueError):
            found.append(UUID(text))
    return found


def _names(row: str | tuple[str, ...]) -> tuple[str, ...]:
    return (row,) if isinstance(row, str) else row
