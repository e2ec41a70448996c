"""How the trail is cut down: by whose record, what, when, and by what is out of the ordinary."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter

from clinic import recounting, standing_out


class KeyFilter(admin.ListFilter):
    """What an address asks for by key; nothing is offered to choose from, and what is asked is shown."""

    template = "admin/trail/filter_key.html"
    parameter_name = ""

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        said = params.pop(self.parameter_name, [""])
        self.said = (said[-1] if isinstance(said, list) else said).strip()
        if self.said:
            self.used_parameters[self.parameter_name] = self.said

    def has_output(self) -> bool:
        return bool(self.said)

    def expected_parameters(self) -> list[str | None]:
        return [self.parameter_name]

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        without = changelist.get_query_string(remove=[self.parameter_name])
        yield {"query_string": without, "said": self.said}

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if not self.said:
            return queryset
        try:
            return queryset.filter(**{f"{self.parameter_name}_id": UUID(self.said)})
        except ValueError:
            return queryset.none()


class PatientKeyFilter(KeyFilter):
    title = "patient"
    parameter_name = "patient"


class RecordKeyFilter(KeyFilter):
    title = "record"
    parameter_name = "record"


class KindFilter(DropdownFilter):
    title = "kind of record"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        labels = model_admin.kinds_of_record()
        return sorted(((label, recounting.name_of(label)) for label in labels), key=lambda one: one[1])

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(record_type=self.value()) if self.value() else queryset


class OddFilter(DropdownFilter):
    """What an auditor looks at first."""

    title = "out of the ordinary"
    parameter_name = "odd"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("outside", "Outside their own care"),
            ("night", "At night"),
            ("reason", "With a reason given"),
            ("system", "Nobody: the system itself"),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case "outside":
                return standing_out.outside_care(queryset)
            case "night":
                return standing_out.at_night(queryset)
            case "reason":
                return queryset.exclude(why="")
            case "system":
                return queryset.filter(by=None)
        return queryset
