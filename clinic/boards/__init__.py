"""The first page of the staff site: what each role works from today."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.utils.formats import date_format

from clinic.boards import auditor, doctor, figures, manager, reception
from clinic.models import Role
from config.base import SignedInRequest
from messaging import clocks

if TYPE_CHECKING:
    from clinic.models import User

BOARDS: dict[str, Callable[[User], dict[str, Any]]] = {
    Role.MANAGER: manager.board,
    Role.RECEPTION: reception.board,
    Role.DOCTOR: doctor.board,
    Role.AUDITOR: auditor.board,
}


def fill(request: SignedInRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Put what the person's role works from on the first page."""
    day, role = figures.today(), request.user.role
    zone = str(day.now.tzinfo)
    return context | {
        "title": "Today",
        "board": f"admin/dashboard/{role}.html",
        "day": day,
        "day_in_words": date_format(day.now, "l j F Y"),
        "clock": f"{clocks.place(zone)} time, {clocks.zone_name(day.now, zone=zone)}",
        **BOARDS[role](request.user),
    }
