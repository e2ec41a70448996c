"""What open pages are told of visits and times, so that they look again; none of it is worth keeping."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from messaging import streaming

if TYPE_CHECKING:
    from clinic.models import Appointment


def visit_changed(appointment: Appointment) -> None:
    """Have the patient's page of it and the boards of staff look again. Call it last in the transaction."""
    streaming.push([appointment.patient.user_id], "visit", {"visit": appointment.pk})
    streaming.call_out(streaming.DAY, "day", [{"doctor": appointment.slot.practitioner.user_id}])


def taken(slot: UUID) -> None:
    """Have the pages that offer this time mark it as gone."""
    _tell([slot], free=False)


def freed(slots: Iterable[UUID]) -> None:
    """Have the pages on which these times are marked as gone offer them again."""
    _tell(slots, free=True)


def _tell(slots: Iterable[UUID], *, free: bool) -> None:
    news = [{"slot": slot, "free": free} for slot in slots]
    # After the commit: transactions that notify commit one after the other, and a crowd books at once.
    # What is lost when the process dies just then is a hint; who takes the time is told that it is gone.
    transaction.on_commit(lambda: streaming.call_out(streaming.TIMES, "times", news), robust=True)
