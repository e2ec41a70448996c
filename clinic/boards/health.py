"""Whether the stored rows were in order when they were last looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from clinic import desk, inspecting
from clinic.boards.figures import Day
from clinic.models import Inspection

if TYPE_CHECKING:
    from datetime import datetime

    from clinic.models import User


class Health(NamedTuple):
    """The newest inspection: when, what failed, and whether one is overdue."""

    at: datetime | None
    checks: int
    failed: list[str]
    is_overdue: bool
    link: str


def card(user: User, day: Day) -> Health:
    latest = Inspection.objects.visible_to(user).order_by("-recorded_at", "-pk").first()
    findings = latest.findings if latest else []
    return Health(
        at=latest.recorded_at if latest else None,
        checks=len(findings),
        failed=[found["sentence"] for found in findings if found["broken"]],
        is_overdue=inspecting.is_missing(latest, now=day.now),
        link=desk.record_page(latest) if latest else desk.page("clinic.inspection"),
    )
