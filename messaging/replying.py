"""What comes back about SMS: how they were delivered, and people who answer that they want no more."""

from __future__ import annotations

import hashlib

from django.db import IntegrityError, transaction
from django.utils import timezone

from config.base import forbid_transaction
from messaging.models import Delivery, Mobile, Reply

STOP = {"stop", "stopall", "unsubscribe", "quit", "end", "cancel", "optout"}
START = {"start", "unstop", "yes"}
OUTCOMES = {
    "delivered": Delivery.Outcome.DELIVERED,
    "undelivered": Delivery.Outcome.REFUSED,
    "failed": Delivery.Outcome.REFUSED,
}
"""What is reported before the end (queued, sent) we do not ask about."""


def hear_delivery(*, name: str, status: str, number: str, code: str) -> None:
    """Keep one report about the SMS that the provider calls ``name``; the same twice changes nothing."""
    forbid_transaction()
    if outcome := OUTCOMES.get(status):
        _once(
            Delivery,
            event_id=_event_id(name, status),
            message_id=name[:200],
            to=number[:254],
            outcome=outcome,
            at=timezone.now(),
            reason=f"Code {code}"[:300] if code else "",
        )


def hear_reply(*, name: str, number: str, text: str) -> None:
    """Act on an answer: STOP ends SMS for everybody with that number. START is noted, and turns nothing on.

    What else people write is not kept: nobody would read it, and it may be about their health.
    """
    forbid_transaction()
    word = text.strip().strip(".!\"'").lower()
    said = Reply.Word.STOP if word in STOP else Reply.Word.START if word in START else None
    if said is None:
        return
    with transaction.atomic():
        if _once(Reply, event_id=_event_id(name, "reply"), number=number[:20], word=said) and said == "stop":
            for mobile in Mobile.objects.filter(number=number).select_for_update().order_by("pk"):
                if mobile.is_on:
                    mobile.change(by=None, why="They answered STOP to an SMS.", is_on=False)


def _once(model: type[Delivery] | type[Reply], **fields: object) -> bool:
    """Keep one fact; False when we have it."""
    try:
        with transaction.atomic():
            model.objects.create(**fields)
    except IntegrityError as problem:
        if "event_id" in str(problem):
            return False
        raise
    return True


def _event_id(name: str, what: str) -> str:
    return hashlib.sha256(repr(["sms", name, what]).encode()).hexdigest()
