"""The outbox: every letter, as it was sent."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join, urlize
from django.utils.safestring import SafeString, mark_safe
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import display
from unfold.forms import BaseDialogForm

from config.admin import RecordAdmin, step
from config.base import Refused, SignedInRequest
from config.filters import PeriodFilter
from config.versions import InWords
from messaging import clocks, delivering, kinds, mailing
from messaging.models import Delivery, Letter

TEXT = {"subject", "body", "context", "enclosures"}
COLOURS = {
    Letter.Status.OWED: "warning",
    Letter.Status.SENT: "success",
    Letter.Status.FAILED: "danger",
    Letter.Status.DROPPED: "default",
}


ARRIVED = {
    Delivery.Outcome.DEFERRED: "warning",
    Delivery.Outcome.DELIVERED: "success",
    Delivery.Outcome.REFUSED: "danger",
    Delivery.Outcome.BOUNCED: "danger",
    Delivery.Outcome.COMPLAINED: "danger",
    Delivery.Outcome.UNSUBSCRIBED: "warning",
}


class KindFilter(DropdownFilter):
    """What the letter is about."""

    title = "letter"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return sorted(((name, kind.words) for name, kind in kinds.KINDS.items()), key=lambda one: one[1])

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(template=self.value()) if self.value() in kinds.KINDS else queryset


class DeliveryFilter(DropdownFilter):
    """How it stands by what the provider reported; of some nothing was."""

    title = "delivery"
    parameter_name = "delivery"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        told = [(str(outcome), outcome.label.capitalize()) for outcome in reversed(Delivery.RANK)]
        return [*told, ("unknown", "Sent, and nothing reported")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "unknown":
            return queryset.filter(status=Letter.Status.SENT, outcome=None)
        return queryset.filter(outcome=self.value()) if self.value() in ARRIVED else queryset


class HidesText(InWords):
    """A version's changes, without what a confidential letter says."""

    def prepare_delta_change_value(self, change: Any, value: Any) -> Any:
        return "…" if change.field in TEXT else super().prepare_delta_change_value(change, value)


@admin.register(Letter)
class LetterAdmin(RecordAdmin):
    list_display = [
        "show_kind",
        "show_channel",
        "show_to",
        "show_status",
        "show_delivery",
        "created_at",
        "sent_at",
    ]
    list_filter = [
        KindFilter,
        ("channel", ChoicesDropdownFilter),
        ("status", ChoicesDropdownFilter),
        ("dropped_for", ChoicesDropdownFilter),
        DeliveryFilter,
        ("created_at", PeriodFilter),
        ("sent_at", PeriodFilter),
    ]
    search_fields = ["to", "number", "subject"]
    search_help_text = "Search by address, number, subject or kind of letter"
    fields = [
        "show_letter",
        "show_enclosures",
        "show_channel",
        "show_to",
        "show_status",
        "show_why_not",
        "attempts",
        "created_at",
        "sent_at",
        "show_version",
        "show_next",
        "last_error",
        "show_delivery",
        "show_reports",
    ]
    readonly_fields = fields
    actions_detail = ["send_again"]

    def get_historical_record_context_helper(self, request, historical_record):
        words = HidesText if historical_record.is_confidential else InWords
        return words(self.model, historical_record)

    def get_queryset(self, request):
        return delivering.with_outcome(super().get_queryset(request))

    def get_search_results(self, request, queryset, search_term):
        found, has_doubles = super().get_search_results(request, queryset, search_term)
        named = [name for name, kind in kinds.KINDS.items() if search_term.lower() in kind.words.lower()]
        if search_term.strip() and named:
            found |= queryset.filter(template__in=named)
        return found, has_doubles

    @display(description="Letter", ordering="template")
    def show_kind(self, letter: Letter) -> str:
        return letter.kind

    @display(description="By", ordering="channel")
    def show_channel(self, letter: Letter) -> str:
        return letter.get_channel_display().replace("-", "\N{NON-BREAKING HYPHEN}")  # one line in the list

    @display(description="To", ordering="to")
    def show_to(self, letter: Letter) -> str:
        return letter.address

    @display(description="Status", label=COLOURS, ordering="status")
    def show_status(self, letter: Letter) -> tuple[str, str]:
        return letter.status, letter.get_status_display()

    @display(description="Why it was not sent", empty_value="–")
    def show_why_not(self, letter: Letter) -> str | None:
        return letter.get_dropped_for_display() or None

    @display(description="Delivery", label=ARRIVED)
    def show_delivery(self, letter: Any) -> tuple[str, str] | None:
        return (letter.outcome, Delivery.Outcome(letter.outcome).label) if letter.outcome else None

    @display(description="What the provider reported", empty_value="Nothing")
    def show_reports(self, letter: Letter) -> SafeString | None:
        zone = settings.TIME_ZONE
        told = [
            (report.get_outcome_display(), clocks.in_short(report.at, zone=zone), report.reason)
            for report in delivering.reports_about(letter)
        ]
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}, {} {}</li>", told)) if told else None

    @display(description="Version of its text", empty_value="–")
    def show_version(self, letter: Letter) -> str | None:
        if letter.text_version is None:
            return None
        return str(letter.text_version or "As it came with the product")

    @display(description="Next attempt")
    def show_next(self, letter: Letter):
        return letter.next_attempt_at if letter.status == Letter.Status.OWED else None

    @display(description="As it reads")
    def show_letter(self, letter: Letter) -> SafeString | str:
        if letter.is_confidential and not settings.DEMO:
            return "Its links open the reader’s account, so the text is not shown here."
        if not letter.sent_at:
            return "It is written when it is sent."
        try:
            # Nothing keeps what a confidential letter said: a demo, which has no mailbox, writes it anew.
            text = mailing.render(letter).body if letter.is_confidential else letter.body
        except Refused as no:
            return str(no)
        # urlize escapes what it does not turn into a link.
        body = mark_safe(urlize(text, nofollow=True, autoescape=True))  # noqa: S308
        return format_html(
            '<div class="max-w-2xl border border-base-200 dark:border-base-700 rounded-default p-4">'
            '<p class="font-semibold mb-3">{}</p>'
            '<div style="white-space: pre-line; overflow-wrap: anywhere">{}</div></div>',
            letter.subject,
            body,
        )

    @display(description="With it", empty_value="–")
    def show_enclosures(self, letter: Letter) -> str:
        return ", ".join(enclosure["name"] for enclosure in letter.enclosures)

    @step(
        "Send again",
        may="send_again",
        text="A letter that failed is tried anew; of one that was sent, a copy goes to the same address.",
        icon="forward_to_inbox",
    )
    def send_again(self, request: SignedInRequest, letter: Letter, form: BaseDialogForm) -> str:
        mailing.send_again(letter, by=request.user)
        return f"The letter is on its way to {letter.address} again."

    def has_send_again_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm("messaging.resend_letter")

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False
