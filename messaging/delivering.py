"""What became of letters after they left us: hearing it from the provider, and acting on it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from django.db import IntegrityError, transaction
from django.db.models import Case, CharField, OuterRef, QuerySet, Subquery, Value, When
from django.utils import timezone

from config.base import Refused, forbid_transaction, uuid7
from messaging.models import Delivery, Letter

if TYPE_CHECKING:
    from clinic.models import User

Outcome = Delivery.Outcome

# What readers open and click we do not want to know; what we sent we know.
HEARD = {
    EventType.DEFERRED: Outcome.DEFERRED,
    EventType.DELIVERED: Outcome.DELIVERED,
    EventType.BOUNCED: Outcome.BOUNCED,
    EventType.REJECTED: Outcome.REFUSED,
    EventType.FAILED: Outcome.REFUSED,
    EventType.COMPLAINED: Outcome.COMPLAINED,
    EventType.UNSUBSCRIBED: Outcome.UNSUBSCRIBED,
}
# A letter can come back, or be refused, for reasons of its own; these are about the mailbox.
NO_MAILBOX = {None, RejectReason.INVALID, RejectReason.BOUNCED}
NO_MAILBOX_AT_ALL = {RejectReason.INVALID, RejectReason.BOUNCED}
KIND_OF_BOUNCE = {
    "event",
    "type",
    "bouncetype",
    "bouncesubtype",
    "bounce_type",
    "severity",
    "name",
    "bounce_class",
}
"""Where providers write, in reports of their own, whether a letter came back for good."""
PASSING = re.compile(
    r"soft|transient|temporar|(mailbox|quota|storage)\W*(is\W*)?(full|exceeded)|over\W?quota"
    r"|\b4\.\d{1,3}\.\d{1,3}\b|^\W*4\d\d\b|\b5\.2\.[23]\b",
    re.IGNORECASE,
)
"""A mailbox that is full or out of order today, in words or by the codes of RFC 3463: the next may arrive."""
PASSING_CLASSES = {"20", "21", "22", "23", "24", "40", "70"}
"""The same, as SparkPost numbers it."""
BLAMES_US = {RejectReason.SPAM: Outcome.COMPLAINED, RejectReason.UNSUBSCRIBED: Outcome.UNSUBSCRIBED}


class NothingToClear(Refused):
    def __init__(self) -> None:
        super().__init__("Nothing speaks against writing to this address. Please reload the page.")


def hear(event: AnymailTrackingEvent, *, provider: str) -> Delivery | None:
    """Keep one report of ``provider``; the same one twice, or one that we do not ask about, changes nothing.

    A report has a transaction of its own, so that one we cannot keep takes none of the others with it; the
    provider gets an error then, and sends all of them again.
    """
    forbid_transaction()
    outcome, to = _outcome(event), (event.recipient or "")[:254]
    if outcome is None or not to:
        return None
    try:
        with transaction.atomic():
            return Delivery.objects.create(
                event_id=_event_id(event, provider=provider),
                message_id=(str(event.message_id or ""))[:200],
                to=to,
                outcome=outcome,
                at=event.timestamp or timezone.now(),
                reason=_legible(event.mta_response or event.description),
            )
    except IntegrityError as problem:
        if "event_id" in str(problem):  # we have it
            return None
        raise


def _outcome(event: AnymailTrackingEvent) -> Outcome | None:
    outcome = HEARD.get(event.event_type)
    if outcome == Outcome.BOUNCED and (event.reject_reason not in NO_MAILBOX or _is_passing(event)):
        return Outcome.REFUSED
    if outcome == Outcome.REFUSED:
        # The provider would not even try: it remembers what happened to an earlier letter.
        if event.reject_reason in NO_MAILBOX_AT_ALL:
            return Outcome.BOUNCED
        return BLAMES_US.get(event.reject_reason, outcome)
    return outcome


def _is_passing(event: AnymailTrackingEvent) -> bool:
    """Whether the mailbox is there, and only could not take this letter: it silences nobody."""
    told = [event.mta_response or "", event.description or "", *_kinds_of_bounce(event.esp_event)]
    return any(PASSING.search(one) or one in PASSING_CLASSES for one in told)


def _kinds_of_bounce(report: Any) -> Iterator[str]:
    if isinstance(report, Mapping):
        for name, value in report.items():
            if isinstance(value, str | int) and str(name).lower() in KIND_OF_BOUNCE:
                yield str(value)
            else:
                yield from _kinds_of_bounce(value)
    elif isinstance(report, Sequence) and not isinstance(report, str | bytes):
        for one in report:
            yield from _kinds_of_bounce(one)


def _event_id(event: AnymailTrackingEvent, *, provider: str) -> str:
    """One name for one report about one reader; some providers number none, or several by one number."""
    says = [provider, event.event_id, event.event_type, event.recipient]
    if not event.event_id:
        says += [event.message_id, event.timestamp, event.reject_reason]
    return hashlib.sha256(repr([str(one) for one in says]).encode()).hexdigest()


def _legible(text: str | None) -> str:
    return " ".join((text or "").replace("\x00", "").split())[:300]


def with_outcome(letters: QuerySet[Letter]) -> QuerySet[Letter]:
    """``letters`` with ``outcome``: how each stands by all reports about it, in the same statement."""
    rank = Case(*[When(outcome=one, then=Value(place)) for place, one in enumerate(Delivery.RANK)])
    reports = Delivery.objects.filter(message_id=OuterRef("message_id")).exclude(message_id="")
    first = reports.order_by(rank, "-at").values("outcome")[:1]
    return letters.annotate(outcome=Subquery(first, output_field=CharField()))


def reports_about(letter: Letter) -> QuerySet[Delivery]:
    """What was reported about ``letter``, oldest first."""
    found = Delivery.objects.filter(message_id=letter.message_id).order_by("at", "pk")
    return found if letter.message_id else found.none()


def against(address: str) -> Delivery | None:
    """What speaks against writing to ``address`` unless we must: it came back, or they complained."""
    return Delivery.objects.filter(to__iexact=address).against().order_by("-at", "-pk").first()


@transaction.atomic
def clear(address: str, *, by: User) -> None:
    """Write to ``address`` again: ``by`` asked the reader.

    :raises NothingToClear: nothing speaks against it
    """
    if against(address) is None:
        raise NothingToClear
    Delivery.objects.create(
        event_id=f"practice {uuid7()}",
        to=address,
        outcome=Outcome.CLEARED,
        at=timezone.now(),
        recorded_by=by,
    )
