"""What medicines cost, day by day."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from catalog.admin.columns import dollars
from catalog.admin.tables import Tables
from catalog.models import Price
from catalog.tabling import PriceTable
from config.admin import FactAdmin


@admin.register(Price)
class PriceAdmin(Tables, FactAdmin):
    resource_classes = [PriceTable]
    list_display = ["product", "kind", "show_amount", "gst", "effective_on"]
    list_select_related = ["product"]
    list_filter = [("kind", ChoicesDropdownFilter)]
    search_fields = ["product__name", "product__gtin13"]
    date_hierarchy = None

    @display(description="Amount", ordering="amount")
    def show_amount(self, price: Price) -> str | SafeString:
        return dollars(price.amount)
