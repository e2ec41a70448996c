"""What an auditor looks at first: how much was done and opened, by whom, and who could not get in."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import Count

from clinic import desk
from clinic.boards import figures, health
from clinic.boards.figures import Chart, Day, Figure, between
from clinic.models import AuditEvent, Prescription

if TYPE_CHECKING:
    from clinic.models import User

SHOWN = 8
DAYS = 14
GROUPS = {
    "Changes": ["create", "update", "sign"],
    "Opened": ["read", "download", "print", "export"],
    "Signed in or out": ["sign_in", "sign_out", "second_factor"],
    "Failed to sign in": ["sign_in_failed"],
}


def board(user: User) -> dict[str, Any]:
    day = figures.today()
    counted = _counted(user, day)
    return {
        "numbers": _numbers(counted, day),
        "charts": [_chart(counted, day)],
        "health": health.card(user, day),
        "opened": _latest(user, AuditEvent.Action.READ),
        "opened_link": desk.page("clinic.auditevent", action__exact="read"),
        "failed": _latest(user, AuditEvent.Action.SIGN_IN_FAILED),
        "failed_link": desk.page("clinic.auditevent", action__exact="sign_in_failed"),
        "schedules": _schedules(user, day),
    }


def _counted(user: User, day: Day) -> list[dict[str, Any]]:
    since = day.start - timedelta(days=DAYS - 1)
    rows = AuditEvent.objects.visible_to(user).filter(**between("at", since, day.end))
    return figures.per_day(rows, "at", "action")


def _numbers(counted: list[dict[str, Any]], day: Day) -> list[Figure]:
    def count(actions: list[str], since: Any) -> int:
        return sum(row["count"] for row in counted if row["action"] in actions and row["day"] >= since.date())

    def link(actions: list[str], since: Any) -> str:
        return desk.page("clinic.auditevent", **between("at", since, day.end), action__in=",".join(actions))

    week = day.start - timedelta(days=6)
    kinds = [
        ("Changes today", GROUPS["Changes"], day.start, "edit"),
        ("Records opened today", GROUPS["Opened"], day.start, "visibility"),
        ("Downloads and exports, 7 days", ["download", "print", "export"], week, "download"),
        ("Failed sign-ins, 7 days", GROUPS["Failed to sign in"], week, "lock"),
    ]
    return [
        Figure(label, count(actions, since), link(actions, since), icon)
        for label, actions, since, icon in kinds
    ]


def _chart(counted: list[dict[str, Any]], day: Day) -> Chart:
    days = figures.days_until(day.start.date(), count=DAYS)
    title = "Audit events, last two weeks"
    return figures.chart_of(counted, title=title, days=days, groups=GROUPS, by="action")


def _latest(user: User, action: str) -> list[tuple[AuditEvent, str]]:
    """The latest events of a kind, each with what its record is called."""
    events = AuditEvent.objects.visible_to(user).filter(action=action).select_related("by")[:SHOWN]
    return [(event, _called(event.record_type)) for event in events]


def _called(record_type: str) -> str:
    try:
        return str(apps.get_model(record_type)._meta.verbose_name).capitalize()
    except (LookupError, ValueError):
        return record_type


def _schedules(user: User, day: Day) -> list[Figure]:
    """Prescriptions issued this month, by their schedule in the Poisons Standard."""
    this_month = between("issued_at", day.month_start, day.end)
    rows = Prescription.objects.visible_to(user).filter(**this_month).order_by("schedule")
    counted = rows.values_list("schedule").annotate(Count("pk"))
    return [
        Figure(
            f"Schedule {schedule.removeprefix('S')}" if schedule else "No schedule",
            count,
            desk.page("clinic.prescription", **this_month, schedule__exact=schedule),
        )
        for schedule, count in counted
    ]
