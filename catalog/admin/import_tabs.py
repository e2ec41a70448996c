"""The kinds of lines of an import, with how many there are of each, as links to the lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.urls import reverse
from unfold.contrib.filters.admin import DropdownFilter

from catalog.models import Import

LINES = {
    "undecided": "Still to decide",
    "review": "Needs review",
    "new": "New",
    "changed": "Changed",
    "gone": "Gone from the list",
    "unchanged": "Unchanged",
    "error": "Errors",
    "all": "All",
}


class Tab(NamedTuple):
    """One kind of lines."""

    title: str
    number: int
    link: str
    is_here: bool


class LinesFilter(DropdownFilter):
    """One kind of lines."""

    title = "kind of line"
    parameter_name = "lines"

    def lookups(self, request, model_admin):
        return [choice for choice in LINES.items() if choice[0] != "all"]

    def queryset(self, request, queryset: QuerySet) -> QuerySet:
        match self.value():
            case "undecided":
                return queryset.undecided()  # type: ignore[attr-defined]
            case "review":
                return queryset.filter(needs_decision=True)
            case outcome if outcome in LINES and outcome != "all":
                return queryset.filter(outcome=outcome)
        return queryset


def address(run: Import, lines: str = "") -> str:
    """The list of the lines of ``run``, or of one kind of them."""
    kind = f"&lines={lines}" if lines else ""
    return f"{reverse('admin:catalog_importrow_changelist')}?run__id__exact={run.pk}{kind}"


def tabs(run: Import, counts: Mapping[str, Any], here: str | None = None) -> list[Tab]:
    return [
        Tab(title, counts[name], address(run, "" if name == "all" else name), (here or "all") == name)
        for name, title in LINES.items()
    ]
