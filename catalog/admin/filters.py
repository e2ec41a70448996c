"""How the list of products is narrowed by what is in them and what somebody has to look at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import DropdownFilter
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminSelectWidget

from catalog import searching
from catalog.models import Price, Product


class CategoryFilter(DropdownFilter):
    """One TGA category."""

    title = "TGA category"
    parameter_name = "category"

    def lookups(self, request, model_admin):
        return [(str(number), f"Category {number}") for number in range(1, 6)] + [("none", "Unclassified")]

    def queryset(self, request, queryset):
        match self.value():
            case None | "":
                return queryset
            case "none":
                return queryset.filter(kind=Product.Kind.CANNABIS, tga_category=None)
            case number if number.isdecimal():
                return queryset.filter(tga_category=int(number))
        return queryset


class AttentionFilter(DropdownFilter):
    """What somebody has to look at."""

    title = "attention"
    parameter_name = "attention"

    def lookups(self, request, model_admin):
        return [("review", "To review"), ("disputed", "Category in doubt"), ("prescribable", "Prescribable")]

    def queryset(self, request, queryset):
        match self.value():
            case "review":
                return queryset.exclude(review_codes=[])
            case "disputed":
                return queryset.filter(Q(is_category_disputed=True) | Q(is_schedule_disputed=True))
            case "prescribable":
                return queryset.prescribable()
        return queryset


class RangeForm(forms.Form):
    """From a number to another, and what is measured."""

    def __init__(self, name: str, title: str, measures: list[tuple[str, str]], data: dict[str, Any]) -> None:
        super().__init__(data)
        self.parts = [f"{name}_from", f"{name}_to", f"{name}_in"]
        self.usual = measures[0][0]
        for part, word in zip(self.parts, ("from", "to"), strict=False):
            self.fields[part] = forms.DecimalField(
                label=f"{title[0].upper()}{title[1:]} {word}",
                required=False,
                min_value=0,
                max_digits=9,
                decimal_places=4,
                widget=UnfoldAdminDecimalFieldWidget,
                error_messages={"invalid": "Write a number, such as 2.5."},
            )
        self.fields[self.parts[2]] = forms.ChoiceField(
            label="In", choices=measures, required=False, widget=UnfoldAdminSelectWidget
        )

    @property
    def wanted(self) -> searching.Range:
        least, most, measure = (self.cleaned_data[part] for part in self.parts)
        return searching.Range(least, most, measure or self.usual)


class RangeFilter(admin.ListFilter):
    """A range of something that a product has so much of."""

    PARTS = ("from", "to", "in")  # its parameters: thc_from, thc_to, thc_in

    template = "admin/catalog/filter_range.html"
    parameter_name = ""
    measures: list[tuple[str, str]] = []

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        asked = {str(part): params.pop(part)[-1] for part in self.expected_parameters() if part in params}
        self.used_parameters = {part: value for part, value in asked.items() if value.strip()}
        self.form = RangeForm(self.parameter_name, str(self.title), self.measures, self.used_parameters)

    def expected_parameters(self) -> list[str | None]:
        return [f"{self.parameter_name}_{part}" for part in self.PARTS]

    def has_output(self) -> bool:
        return True

    def value(self) -> dict[str, Any]:
        return self.used_parameters

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        yield {"form": self.form}

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not self.form.is_valid():
            for part, errors in self.form.errors.items():
                messages.error(request, f"{self.form.fields[part].label}: {errors[0]}")
            return queryset.none()
        return self.narrow(queryset, self.form.wanted, request)

    def narrow(self, queryset: Any, wanted: searching.Range, request: Any) -> QuerySet:
        raise NotImplementedError


class StrengthFilter(RangeFilter):
    """How much of a cannabinoid; what is only told to be less than something is not at least anything."""

    measures = [(measure, measure) for measure in searching.MEASURES]

    def narrow(self, queryset: Any, wanted: searching.Range, request: Any) -> QuerySet:
        return searching.with_strength(queryset, self.parameter_name, wanted)


class ThcFilter(StrengthFilter):
    title, parameter_name = "THC", "thc"


class CbdFilter(StrengthFilter):
    title, parameter_name = "CBD", "cbd"


class PriceFilter(RangeFilter):
    """What it costs today."""

    title, parameter_name = "price", "price"
    measures = [(kind.value, kind.label) for kind in reversed(Price.Kind)]

    def narrow(self, queryset: Any, wanted: searching.Range, request: Any) -> QuerySet:
        today = timezone.localdate()
        return searching.with_price(queryset, wanted.measure, wanted, by=request.user, on=today)
