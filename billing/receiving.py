"""Hearing from Stripe: keeping every webhook, acting on it once, trying again what failed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from billing import charging, disputing, gateway, refunding
from billing.models import StripeEvent
from config import versioning
from config.base import Refused, enqueue, uuid7

if TYPE_CHECKING:
    from clinic.models import User

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
MOST_ATTEMPTS = 12  # some eight hours; then a person looks
INTERRUPTED = "The work on this event was interrupted."


class WrongMode(Refused):
    def __init__(self) -> None:
        super().__init__("This event is from Stripe’s other mode, test or live. Check the webhook’s keys.")


class AlreadyDone(Refused):
    def __init__(self) -> None:
        super().__init__("This event has been acted on. There is nothing to try again.")


def receive(body: bytes, *, signature: str) -> None:
    """Keep a webhook and have a worker act on it. A second copy changes nothing.

    :raises gateway.Unsigned: it does not come from Stripe
    :raises gateway.Malformed: it is no event
    """
    keep([(gateway.read_event(body, signature), body.decode())])


@transaction.atomic
def keep(told: Sequence[tuple[gateway.Notice, str]]) -> list[UUID]:
    """Keep what Stripe told, and have a worker act on what is new, whose keys are given back.

    Many that come at once cost hardly more than one: two statements, and one wait for the disk.
    """
    now = timezone.now()
    first: dict[str, tuple[gateway.Notice, str]] = {}
    for notice, body in told:
        first.setdefault(notice.id, (notice, body))
    rows = [
        (uuid7(), notice.id, notice.kind, notice.about, notice.livemode, body)
        for notice, body in first.values()
    ]
    columns = [list(column) for column in zip(*rows, strict=True)] or [[]] * 6
    asked = [now, now, now + FIRST_PAUSE, *columns, *versioning.signature(None, "Received.")]
    with connection.cursor() as cursor:
        cursor.execute(_keeping(), asked)
        new = [pk for (pk,) in cursor.fetchall()]
    if new:
        enqueue("billing.tasks.handle_events", *new)
    return new


@cache
def _keeping() -> str:
    """The statement that writes events and their first versions; one that is known stays as it is."""
    return f"""
    WITH fresh AS (
      INSERT INTO billing_stripeevent (created_at, received_at, next_attempt_at, attempts, error,
        id, event_id, kind, about, livemode, payload)
      SELECT %s::timestamptz, %s::timestamptz, %s::timestamptz, 0, '', told.* FROM
        unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::boolean[], %s::text[]) AS told
      ON CONFLICT (event_id) DO NOTHING RETURNING *
    ), written AS ({versioning.versions(StripeEvent, "+", "fresh")})
    SELECT id FROM fresh ORDER BY id"""  # noqa: S608  of our own tables and columns


def handle(event: StripeEvent) -> None:
    """Act on what Stripe says now about the object of ``event``; a failure is noted and tried again."""
    if not _claim(event, now=timezone.now()):
        return
    try:
        _act(event)
    except Refused as no:
        _note(event, why="Could not be acted on.", error=str(no))
    else:
        _note(event, why="Acted on.", error="", processed_at=timezone.now(), next_attempt_at=None)


def _act(event: StripeEvent) -> None:
    if event.livemode != gateway.is_live():
        raise WrongMode
    if event.kind in ACTIONS:
        ACTIONS[event.kind](event.about)


@transaction.atomic
def _note(event: StripeEvent, *, why: str, **found: Any) -> None:
    # Two workers may have had it at once: what one of them finished stays finished.
    if event.lock().processed_at is None:
        event.change(by=None, why=why, **found)


def follow_charge(charge_id: str) -> None:
    """Act on the refunds of a charge."""
    refunding.follow_all(gateway.fetch_intent_of_charge(charge_id))


ACTIONS: dict[str, Callable[[str], None]] = {
    "checkout.session.completed": charging.follow,
    "checkout.session.expired": charging.follow,
    "checkout.session.async_payment_succeeded": charging.follow,
    "checkout.session.async_payment_failed": charging.follow,
    "charge.refunded": follow_charge,
    "refund.created": refunding.follow,
    "refund.updated": refunding.follow,
    "refund.failed": refunding.follow,
    "charge.dispute.created": disputing.follow,
    "charge.dispute.updated": disputing.follow,
    "charge.dispute.closed": disputing.follow,
    "charge.dispute.funds_withdrawn": disputing.follow,
    "charge.dispute.funds_reinstated": disputing.follow,
}


@transaction.atomic
def _claim(event: StripeEvent, *, now: datetime) -> bool:
    """Count the attempt before it begins: an event that kills its worker must not be tried for ever."""
    if event.lock().processed_at is not None:
        return False
    attempts = event.attempts + 1
    pause = min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE)
    event.change(
        attempts=attempts,
        next_attempt_at=now + pause if attempts < MOST_ATTEMPTS else None,
        error=INTERRUPTED,
        by=None,
        why=f"Attempt {attempts}.",
    )
    return True


@transaction.atomic
def try_again(event: StripeEvent, *, by: User) -> None:
    """Have a worker act on ``event`` now.

    :raises AlreadyDone: it has been acted on
    """
    if event.lock().processed_at is not None:
        raise AlreadyDone
    event.change(attempts=0, next_attempt_at=timezone.now() + FIRST_PAUSE, by=by, why="To be tried again.")
    enqueue("billing.tasks.handle_events", event.pk)


def retry(*, now: datetime) -> None:
    """Ask a worker to act on every event whose next attempt is due."""
    for pk in StripeEvent.objects.due(now).values_list("pk", flat=True):
        enqueue("billing.tasks.handle_events", pk)
