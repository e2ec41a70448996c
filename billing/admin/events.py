"""What Stripe has told us, and what could not be acted on."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import DropdownFilter, RangeDateTimeFilter
from unfold.decorators import display
from unfold.forms import BaseDialogForm

from billing import receiving
from billing.models import StripeEvent
from config.admin import RecordAdmin, step

COLOURS = {"done": "success", "waiting": "warning", "stuck": "danger"}


class StateFilter(DropdownFilter):
    """Done, waiting for a worker, or in need of a person."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("done", "Acted on"), ("waiting", "Waiting"), ("stuck", "Could not be acted on")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        match self.value():
            case "done":
                return queryset.exclude(processed_at=None)
            case "waiting":
                return queryset.filter(processed_at=None, error="")
            case "stuck":
                return queryset.filter(processed_at=None).exclude(error="")
        return queryset


@admin.register(StripeEvent)
class StripeEventAdmin(RecordAdmin):
    when_empty = (
        "What Stripe tells us stands here. If nothing comes although patients pay online,"
        " check the webhook’s address and secret in Stripe’s dashboard."
    )
    linked_lookups = ("processed_at", "kind")
    list_display = ["received_at", "show_kind", "show_state", "attempts", "next_attempt_at", "error"]
    list_filter = [StateFilter, ("received_at", RangeDateTimeFilter)]
    search_fields = ["event_id", "about", "kind"]
    ordering = ["-received_at"]
    fields = [
        ("kind", "state"),
        ("received_at", "processed_at"),
        ("attempts", "next_attempt_at"),
        "error",
        "mode",
        "event_id",
        "about",
        "body",
    ]
    readonly_fields = [
        "kind",
        "state",
        "received_at",
        "processed_at",
        "attempts",
        "next_attempt_at",
        "error",
        "event_id",
        "about",
        "mode",
        "body",
    ]
    actions_detail = ["try_again"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return (
            super().get_queryset(request).defer("payload")
            if _is_list(request)
            else super().get_queryset(request)
        )

    @display(description="What", ordering="kind")
    def show_kind(self, event: StripeEvent) -> str:
        return str(event)

    @display(description="State", label=COLOURS)
    def show_state(self, event: StripeEvent) -> tuple[str, str]:
        if event.processed_at:
            return "done", "Acted on"
        return ("stuck", "Could not be acted on") if event.error else ("waiting", "Waiting")

    @display(description="State")
    def state(self, event: StripeEvent) -> str:
        return self.show_state(event)[1]

    @display(description="Mode")
    def mode(self, event: StripeEvent) -> str:
        return "Live" if event.livemode else "Test"

    @display(description="As Stripe sent it")
    def body(self, event: StripeEvent) -> SafeString:
        return format_html(
            '<pre style="white-space: pre-wrap; overflow-wrap: anywhere">{}</pre>', event.payload
        )

    @step(
        "Try again",
        may="retry",
        icon="refresh",
        text="Stripe is asked how things stand now. Trying again never counts anything twice.",
    )
    def try_again(self, request, event: StripeEvent, form: BaseDialogForm) -> str:
        receiving.try_again(event, by=request.user)
        return "The event will be acted on in a moment. Reload this page to see what came of it."

    def has_retry_permission(self, request, object_id=None) -> bool:
        return request.user.has_perm("billing.retry_stripeevent")

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False


def _is_list(request: HttpRequest) -> bool:
    match = request.resolver_match
    return bool(match and match.url_name and match.url_name.endswith("_changelist"))
