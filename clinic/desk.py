"""What is on the staff site for whom: the environment's label, the sidebar and its badges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, QuerySet, Value
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django_q.models import Failure

from billing.models import Difference, Dispute, StripeEvent
from clinic.models import AccessReason, Appointment, Note
from config.base import SignedInRequest
from messaging.models import Concern, Letter, Room

if TYPE_CHECKING:
    from clinic.models import User

BADGES_KEPT = 30  # seconds; the sidebar is on every page, and a count may be that old
LABELS = {"demo": ("Demo – invented people", "warning"), "test": ("Test", "info")}


def environment(request: HttpRequest) -> tuple[str, str] | None:
    """Tell demo and test apart from the real practice, which carries no label."""
    return LABELS.get(settings.ENVIRONMENT)


def title_prefix(request: HttpRequest) -> str | None:
    label = environment(request)
    return f"[{label[0].split()[0]}]" if label else None


class Entry(NamedTuple):
    """A list in the sidebar: for everybody who may see its records."""

    title: str
    icon: str
    model: str

    def is_for(self, user: User) -> bool:
        app, name = self.model.split(".")
        return user.has_perm(f"{app}.view_{name}")


SIDEBAR: dict[str, list[Entry]] = {
    "Today": [
        Entry("Appointments", "event", "clinic.appointment"),
        Entry("Waiting list", "hourglass", "clinic.waitlistentry"),
    ],
    "People": [
        Entry("Patients", "group", "clinic.patient"),
        Entry("Practitioners", "stethoscope", "clinic.practitioner"),
        Entry("Accounts", "badge", "clinic.user"),
    ],
    "Consultations": [
        Entry("Consultations", "clinical_notes", "clinic.encounter"),
        Entry("Notes", "edit_note", "clinic.note"),
        Entry("Prescriptions", "prescriptions", "clinic.prescription"),
        Entry("Papers to sign and send", "local_post_office", "clinic.original"),
        Entry("Letters about patients", "contract_edit", "clinic.clinicalletter"),
        Entry("Adverse events", "emergency", "clinic.adverseevent"),
        Entry("Registers", "menu_book", "clinic.register"),
        Entry("Prescribing in figures", "query_stats", "clinic.watch"),
        Entry("Favourites", "favorite", "clinic.favourite"),
        Entry("Approvals", "verified", "clinic.approval"),
        Entry("Monitoring checks", "monitor_heart", "clinic.monitoringcheck"),
        Entry("Documents", "description", "clinic.document"),
        Entry("Consents", "handshake", "clinic.consent"),
    ],
    "Catalogue": [
        Entry("Products", "medication", "catalog.product"),
        Entry("Prices", "price_change", "catalog.price"),
        Entry("Suppliers", "local_shipping", "catalog.supplier"),
        Entry("Imports", "upload_file", "catalog.import"),
        Entry("Layouts of lists", "view_column", "catalog.sheetlayout"),
        Entry("Rules for imports", "rule", "catalog.importpolicy"),
    ],
    "Money": [
        Entry("Orders", "receipt_long", "billing.order"),
        Entry("Payments", "payments", "billing.payment"),
        Entry("Refunds", "currency_exchange", "billing.refund"),
        Entry("Disputes", "gavel", "billing.dispute"),
        Entry("Revenue", "monitoring", "clinic.revenue"),
        Entry("Day close", "event_available", "billing.dayclose"),
        Entry("Differences", "difference", "billing.difference"),
        Entry("Payouts", "account_balance", "billing.payout"),
        Entry("Ledger", "menu_book", "billing.entry"),
        Entry("Receipts", "receipt", "billing.receipt"),
        Entry("Fees", "sell", "billing.fee"),
        Entry("Payment events", "webhook", "billing.stripeevent"),
    ],
    "Messages": [
        Entry("Calls for help", "crisis_alert", "messaging.concern"),
        Entry("Conversations", "forum", "messaging.room"),
        Entry("Letters", "outgoing_mail", "messaging.letter"),
        Entry("Notices to patients", "campaign", "clinic.broadcast"),
    ],
    "Website": [
        Entry("Pages", "web", "clinic.page"),
        Entry("Menus", "menu", "clinic.menuitem"),
        Entry("Snippets", "content_paste", "clinic.snippet"),
        Entry("Pictures", "image", "clinic.media"),
        Entry("Words that may stand after all", "gavel", "clinic.exemption"),
    ],
    "Records": [
        Entry("Audit trail", "policy", "clinic.auditevent"),
        Entry("Opened outside care", "key", "clinic.accessreason"),
        Entry("Checks of the records", "rule", "clinic.inspection"),
    ],
    "Privacy": [
        Entry("Incidents", "gpp_maybe", "clinic.incident"),
        Entry("Requests about one’s data", "contact_page", "clinic.privacyrequest"),
        Entry("Closed accounts", "no_accounts", "clinic.closure"),
        Entry("Legal holds", "lock_clock", "clinic.legalhold"),
        Entry("Destruction register", "auto_delete", "clinic.destruction"),
        Entry("Recipients overseas", "public", "clinic.recipient"),
    ],
    "Settings": [
        Entry("Practice", "home_health", "clinic.practice"),
        Entry("Rules of the states", "gavel", "clinic.staterule"),
        Entry("Texts for letters", "draft", "clinic.lettertext"),
        Entry("What our mail says", "mail", "messaging.lettertemplate"),
        Entry("What patients agree to", "handshake", "clinic.consentdraft"),
        Entry("Pharmacies", "local_pharmacy", "clinic.pharmacy"),
        Entry("Money settings", "tune", "billing.moneysettings"),
        Entry("Appointment types", "category", "clinic.appointmenttype"),
        Entry("Cancellation policies", "event_busy", "clinic.cancellationpolicy"),
        Entry("Templates for notes", "edit_document", "clinic.notetemplate"),
        Entry("Words kept out of public texts", "block", "clinic.advertisingterm"),
        Entry("Words that call for help", "sos", "messaging.phrase"),
        Entry("Questions to patients", "quiz", "clinic.questionnairedraft"),
        Entry("Rosters", "calendar_month", "clinic.roster"),
        Entry("Leave and holidays", "beach_access", "clinic.rosterexception"),
        Entry("Times", "schedule", "clinic.slot"),
    ],
    "Background work": [
        Entry("Waiting tasks", "pending_actions", "django_q.ormq"),
        Entry("Failed tasks", "error", "django_q.failure"),
        Entry("Finished tasks", "task_alt", "django_q.success"),
        Entry("Schedules", "update", "django_q.schedule"),
    ],
}


def entry(model: str) -> Entry:
    return next(entry for entries in SIDEBAR.values() for entry in entries if entry.model == model)


def _holds(user: User) -> QuerySet | None:
    if not user.has_perm("clinic.view_every_appointment"):
        return None
    held = Appointment.objects.visible_to(user).filter(status=Appointment.Status.HELD)
    return held.filter(held_until__gt=timezone.now())


def _unsigned_notes(user: User) -> QuerySet | None:
    drafts = Note.objects.visible_to(user).filter(status=Note.Status.DRAFT)
    return drafts.filter(encounter__practitioner__user=user)


def _failed_letters(user: User) -> QuerySet | None:
    return Letter.objects.visible_to(user).filter(status=Letter.Status.FAILED)


def _calls_for_help(user: User) -> QuerySet | None:
    if not user.has_perm("messaging.view_every_concern"):
        return None  # a doctor's own stand on the first page, and in the conversation
    return Concern.objects.visible_to(user).open()


def _questions(user: User) -> QuerySet | None:
    if not user.has_perm("messaging.answer_enquiry"):
        return None  # a doctor's conversations stand on the first page
    return Room.objects.visible_to(user).filter(kind=Room.Kind.ENQUIRY).waiting()


def _openings_to_review(user: User) -> QuerySet | None:
    if not user.has_perm("clinic.review_accessreason"):
        return None
    return AccessReason.objects.visible_to(user).to_review(timezone.now()).exclude(recorded_by=user)


def _waiting_events(user: User) -> QuerySet | None:
    return StripeEvent.objects.visible_to(user).waiting()


def _disputes_to_answer(user: User) -> QuerySet | None:
    return Dispute.objects.visible_to(user).to_answer()


def _open_differences(user: User) -> QuerySet | None:
    return Difference.objects.visible_to(user).open()


def _failed_tasks(user: User, *, since: datetime) -> QuerySet | None:
    # The queue is not ours, so its rows know no ``visible_to``.
    return Failure.objects.filter(stopped__gte=since) if user.has_perm("django_q.view_failure") else None


def failed_tasks(user: User, *, since: datetime) -> int:
    """How many background tasks were given up, for those who may see them."""
    failed = _failed_tasks(user, since=since)
    return 0 if failed is None else failed.count()


BADGES: dict[str, Callable[[User], QuerySet | None]] = {
    "clinic.appointment": _holds,
    "clinic.note": _unsigned_notes,
    "messaging.letter": _failed_letters,
    "messaging.concern": _calls_for_help,
    "messaging.room": _questions,
    "clinic.accessreason": _openings_to_review,
    "billing.stripeevent": _waiting_events,
    "billing.dispute": _disputes_to_answer,
    "billing.difference": _open_differences,
    "django_q.failure": lambda user: _failed_tasks(user, since=timezone.now() - timedelta(days=1)),
}


def sidebar(request: SignedInRequest) -> list[dict[str, Any]]:
    """List the groups of pages that the person may open, with what waits for them there."""
    user = request.user
    badges = _badges(user)
    dashboard = {"title": "Dashboard", "icon": "space_dashboard", "link": reverse("admin:index")}
    groups: list[dict[str, Any]] = [
        {"title": title, "items": [_item(entry, badges) for entry in entries if entry.is_for(user)]}
        for title, entries in SIDEBAR.items()
    ]
    _mark_open(request.path, [item for group in groups for item in group["items"]])
    groups[0]["items"] = [dashboard, *groups[0]["items"]]
    return [group for group in groups if group["items"]]


def _mark_open(path: str, items: list[dict[str, Any]]) -> None:
    """Mark the page that is open: of two addresses that fit, the one that says more."""
    fitting = [item["link"] for item in items if path.startswith(item["link"])]
    for item in items:
        item["active"] = bool(fitting) and item["link"] == max(fitting, key=len)


def _item(entry: Entry, badges: dict[str, int]) -> dict[str, Any]:
    item: dict[str, Any] = {"title": entry.title, "icon": entry.icon, "link": page(entry.model)}
    if waiting := badges.get(entry.model):
        item |= {"badge": waiting, "badge_variant": "warning"}
    return item


def _badges(user: User) -> dict[str, int]:
    shown = {entry.model for entries in SIDEBAR.values() for entry in entries if entry.is_for(user)}
    key = f"desk.badges.{user.pk}"
    counts: dict[str, int] | None = cache.get(key)
    if counts is None:
        counts = _count({model: waiting(user) for model, waiting in BADGES.items() if model in shown})
        cache.set(key, counts, BADGES_KEPT)
    return counts


def _count(waiting: Mapping[str, QuerySet | None]) -> dict[str, int]:
    """Count all of them in one statement, as the sidebar is on every page."""
    counted = [
        rows.order_by().annotate(badge=Value(model)).values("badge").annotate(number=Count("pk"))
        for model, rows in waiting.items()
        if rows is not None
    ]
    counted = [rows.values_list("badge", "number") for rows in counted]
    return dict(counted[0].union(*counted[1:], all=True)) if counted else {}


def page(model: str, **filters: Any) -> str:
    """Address of the list of ``model``, such as ``clinic.patient``, cut down by ``filters``."""
    address = reverse(f"admin:{model.replace('.', '_')}_changelist")
    return f"{address}?{urlencode(filters)}" if filters else address


def record_page(record: Any) -> str:
    """Address of one record's own page."""
    return reverse(f"admin:{record._meta.app_label}_{record._meta.model_name}_change", args=[record.pk])
