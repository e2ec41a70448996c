"""The companies whose lists we read."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.decorators import display

from catalog.admin.columns import counted
from catalog.admin.tables import Tables
from catalog.models import Supplier
from catalog.tabling import SupplierTable
from config.admin import RecordAdmin


@admin.register(Supplier)
class SupplierAdmin(Tables, RecordAdmin):
    resource_classes = [SupplierTable]
    list_display = ["name", "key", "email", "show_products"]
    search_fields = ["name", "key"]
    fields = ["name", "key", "email"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).annotate(product_count=Count("products"))

    def get_readonly_fields(self, request, obj=None):
        # The key names the layout of the workbook; another one would leave the supplier without.
        return ["key"] if obj else []

    @display(description="Products", ordering="product_count")
    def show_products(self, supplier: Supplier) -> SafeString:
        page = reverse("admin:catalog_product_changelist")
        return counted(supplier.product_count, f"{page}?supplier__id__exact={supplier.pk}")
