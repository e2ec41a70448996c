"""What the practice manager oversees: today's visits, the money, and what waits for somebody."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Count, F, Q, Sum
from django.urls import reverse
from django.utils import timezone

from billing.models import Dispute, Payment, Refund, StripeEvent
from catalog.models import Import
from clinic import authorising, desk, reporting, ruling
from clinic.boards import figures, health
from clinic.boards.figures import Chart, Day, Figure, between, dollars
from clinic.models import (
    LIVE,
    Appointment,
    Approval,
    Destruction,
    Incident,
    Original,
    Patient,
    Practitioner,
    PrivacyRequest,
    StateRule,
)
from messaging.models import Concern, Letter

if TYPE_CHECKING:
    from clinic.models import User

SHOWN = 8
STUCK_AFTER = timedelta(minutes=10)
"""How long past its time a hold may wait for the sweep, which comes each minute."""
FAILURES_LOOKED_BACK = timedelta(days=7)
NEAR = timedelta(days=3)
"""How long before its deadline a dispute stands out."""
DAYS = 42  # six weeks, today being the last day
OUTCOMES = {
    "Attended": ["completed", "in_consultation"],
    "To come": ["held", "confirmed", "arrived"],
    "Cancelled or moved": ["cancelled", "moved", "expired"],
    "Did not attend": ["no_show"],
}
IN_VAIN = {
    "status__exact": "sent",
    "prescription__status__exact": "cancelled",
    "pharmacy_told_at__isnull": True,
}

QUEUES: list[tuple[str, Any, dict[str, Any], str]] = [
    ("Times held for payment", Appointment, {"status__exact": "held"}, ""),
    ("Calls for help in conversations", Concern, {"status__exact": "open"}, "urgent"),
    ("Letters that could not be sent", Letter, {"status__exact": "failed"}, "urgent"),
    ("Payment events not yet handled", StripeEvent, {"processed_at__isnull": True}, "urgent"),
    ("Refunds under way", Refund, {"status__in": Refund.UNFINISHED}, ""),
    ("Refunds that failed", Refund, {"status__exact": "failed"}, "urgent"),
    ("Imports to be reviewed", Import, {"status__exact": "checked"}, ""),
    ("Imports to be approved", Import, {"status__exact": "reviewed"}, ""),
    (
        "Signed prescriptions to send",
        Original,
        {"status__exact": "to_send", "prescription__status__exact": "issued"},
        "",
    ),
    ("Void prescriptions that a pharmacy holds", Original, IN_VAIN, "urgent"),
    ("Doctors to be verified", Practitioner, {"verified_at__isnull": True}, ""),
]


def board(user: User) -> dict[str, Any]:
    day = figures.today()
    return {
        "numbers": [*visits_today(user, day), *_money(user, day), _new_patients(user, day)],
        "statuses": statuses_today(user, day),
        "deadlines": deadlines(user, day),
        "reports": reports(user, day),
        "queues": _queues(user, day),
        "health": health.card(user, day),
        "charts": [_visits_chart(user, day), _income_chart(user, day)],
        "upcoming": upcoming(user, day),
        "upcoming_link": desk.page("clinic.appointment", starts_at__gte=day.now, o="starts_at"),
    }


class Deadline(NamedTuple):
    """A dispute that waits for our evidence, and how long it still does."""

    dispute: Dispute
    left: str
    is_near: bool


def deadlines(user: User, day: Day) -> list[Deadline]:
    """The disputes to be answered, the most urgent first."""
    rows = Dispute.objects.visible_to(user).to_answer().select_related("payment__order")
    waiting = rows.order_by(F("due_at").asc(nulls_last=True), "pk")
    return [
        Deadline(one, _left(one.due_at, day), bool(one.due_at and one.due_at <= day.now + NEAR))
        for one in waiting[:SHOWN]
    ]


def _left(due_at: datetime | None, day: Day) -> str:
    if due_at is None:
        return "No deadline"
    if due_at < day.now:
        return "Too late"
    return _in_days(timezone.localtime(due_at).date(), day)


def _in_days(due_on: date, day: Day) -> str:
    days = (due_on - day.start.date()).days
    return "Too late" if days < 0 else {0: "Today", 1: "Tomorrow"}.get(days, f"In {days} days")


class Report(NamedTuple):
    """A serious adverse event of which the TGA waits to hear, and how long it still does."""

    clock: reporting.Clock
    left: str
    is_near: bool


def reports(user: User, day: Day) -> list[Report]:
    """The reports of serious adverse events that are due, the most urgent first."""
    near_on = (day.start + NEAR).date()
    return [
        Report(clock, _in_days(clock.due_on, day), clock.due_on <= near_on)
        for clock in reporting.clocks(by=user, most=SHOWN)
    ]


def statuses_today(user: User, day: Day) -> list[Figure]:
    """Today's appointments, counted by their status."""
    today = between("starts_at", day.start, day.end)
    rows = Appointment.objects.visible_to(user).filter(**today).order_by()
    counted = dict(rows.values_list("status").annotate(Count("pk")))
    return [
        Figure(
            label,
            counted[status],
            desk.page("clinic.appointment", **today, status__exact=status),
            note=status,
        )
        for status, label in Appointment.Status.choices
        if status in counted
    ]


def visits_today(user: User, day: Day) -> list[Figure]:
    today = between("starts_at", day.start, day.end)
    rows = Appointment.objects.visible_to(user).filter(**today, status__in=LIVE)
    link = desk.page("clinic.appointment", **today, status__in=",".join(LIVE))
    return [Figure("Appointments today", rows.count(), link, "event")]


def _money(user: User, day: Day) -> list[Figure]:
    """What was taken; what was given back shows beside it, on the list of refunds."""
    taken = (
        Payment.objects.visible_to(user)
        .succeeded()
        .filter(**between("paid_at", day.week_start, day.end))
        .aggregate(week=Sum("amount"), today=Sum("amount", filter=Q(paid_at__gte=day.start)))
    )

    def link(start: Any) -> str:
        return desk.page("billing.payment", **between("paid_at", start, day.end), status__exact="succeeded")

    return [
        Figure("Taken today", dollars(taken["today"]), link(day.start), "payments"),
        Figure("Taken this week", dollars(taken["week"]), link(day.week_start), "account_balance_wallet"),
    ]


def _new_patients(user: User, day: Day) -> Figure:
    this_week = between("created_at", day.week_start, day.end)
    count = Patient.objects.visible_to(user).filter(**this_week).count()
    return Figure("New patients this week", count, desk.page("clinic.patient", **this_week), "person_add")


def _queues(user: User, day: Day) -> list[Figure]:
    """What waits for somebody, each with the list behind it."""
    since = day.start - FAILURES_LOOKED_BACK
    return [
        _queue(user, "Holds that could not be ended", Appointment, _stuck(day), "urgent"),
        Figure(
            "Appointments outside the doctor’s hours",
            Appointment.objects.visible_to(user).outside_hours(day.now).count(),
            reverse("admin:clinic_roster_outside"),
            is_urgent=True,
        ),
        *(_queue(user, *queue) for queue in QUEUES),
        ending_approvals(user, day),
        rules_to_check(user, day),
        *duties(user, day),
        Figure(
            "Background tasks that failed",
            desk.failed_tasks(user, since=since),
            desk.page("django_q.failure", stopped__gte=since),
            is_urgent=True,
        ),
    ]


def duties(user: User, day: Day) -> list[Figure]:
    """Duties of privacy whose clocks run; one that is nearly over stands out."""
    running = Incident.objects.visible_to(user).running()
    asked = PrivacyRequest.objects.visible_to(user).waiting()
    lines = Destruction.objects.visible_to(user)
    near_on = (day.start + NEAR).date()
    return [
        Figure(
            "Incidents to decide",
            running.count(),
            desk.page("clinic.incident", clock="running"),
            is_urgent=True,
        ),
        Figure(
            "Requests about one’s data",
            asked.count(),
            desk.page("clinic.privacyrequest", answer="waiting"),
            is_urgent=asked.filter(asked_on__lte=near_on - timedelta(days=PrivacyRequest.DAYS)).exists(),
        ),
        Figure(
            "Destructions to approve",
            lines.filter(status=Destruction.Status.PROPOSED).count(),
            desk.page("clinic.destruction", status__exact=Destruction.Status.PROPOSED),
        ),
    ]


def ending_approvals(user: User, day: Day) -> Figure:
    """Authorities of the TGA that end soon, and with them the scripts that are possible."""
    ending = Approval.objects.visible_to(user).ending(day.start.date(), days=authorising.expiring_days())
    return Figure("Approvals that end soon", ending.count(), desk.page("clinic.approval", which="ending"))


def rules_to_check(user: User, day: Day) -> Figure:
    """Rules of states whose source nobody has read for long."""
    rules = StateRule.objects.visible_to(user).on(day.start.date())
    due = rules.filter(checked_on__lte=ruling.checked_after())
    return Figure("Rules of states to be checked", due.count(), desk.page("clinic.staterule", which="due"))


def _stuck(day: Day) -> dict[str, Any]:
    """Holds that the sweep tries in vain to end: nobody else gets their time until somebody looks."""
    return {"status__exact": "held", "held_until__lt": day.now - STUCK_AFTER}


def _queue(user: User, label: str, model: Any, filters: dict[str, Any], urgency: str) -> Figure:
    count = model.objects.visible_to(user).filter(**filters).count()
    in_address = {
        key: ",".join(value) if isinstance(value, tuple) else value for key, value in filters.items()
    }
    return Figure(
        label, count, desk.page(model._meta.label_lower, **in_address), is_urgent=urgency == "urgent"
    )


def _visits_chart(user: User, day: Day) -> Chart:
    since = day.start - timedelta(days=DAYS - 1)
    rows = Appointment.objects.visible_to(user).filter(**between("starts_at", since, day.end))
    return figures.chart_of(
        figures.per_day(rows, "starts_at", "status"),
        title="Appointments, last six weeks",
        days=figures.days_until(day.start.date(), count=DAYS),
        groups=OUTCOMES,
        by="status",
    )


def _income_chart(user: User, day: Day) -> Chart:
    since = day.start - timedelta(days=DAYS - 1)
    rows = Payment.objects.visible_to(user).succeeded().filter(**between("paid_at", since, day.end))
    taken = {row["day"]: row["sum"] for row in figures.per_day(rows, "paid_at", sum=Sum("amount"))}
    days = figures.days_until(day.start.date(), count=DAYS)
    series = {"Taken": [taken.get(day, 0) for day in days]}
    return Chart("Payments taken, last six weeks", days, series, "A$")


def upcoming(user: User, day: Day) -> list[Appointment]:
    """The next appointments that are paid for."""
    rows = Appointment.objects.visible_to(user).filter(
        starts_at__gte=day.now, status__in=[Appointment.Status.CONFIRMED, Appointment.Status.ARRIVED]
    )
    people = ["patient__user", "slot__practitioner__user", "slot__appointment_type"]
    return list(rows.select_related(*people).order_by("starts_at", "pk")[:SHOWN])
