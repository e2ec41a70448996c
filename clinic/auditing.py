"""Writing down who did and saw what, where no saved version tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.utils.crypto import salted_hmac

from clinic import attributing
from clinic.models import AuditEvent
from config import tracing

if TYPE_CHECKING:
    from django.db.models import Model
    from django.http import HttpRequest

    from clinic.models import User


def note(
    action: str,
    *,
    by: User | None,
    request: HttpRequest | None = None,
    record: Model | type[Model] | None = None,
    why: str = "",
    outcome: str = "done",
    **more: str,
) -> AuditEvent:
    """Write one thing down: what ``by`` did, to which record or kind of record, and from where.

    ``more`` is kept with the origin; nothing clinical and no identifier belongs in it.
    """
    match = getattr(request, "resolver_match", None)
    page = {"page": match.view_name} if match else {}
    return AuditEvent.objects.create(
        action=action,
        by=by,
        role=by.role if by else "",
        record_type=record._meta.label_lower if record else "",
        record_id=_key_of(record),
        patient_id=None if record is None or isinstance(record, type) else attributing.patient_of(record),
        why=why,
        outcome=outcome,
        trace=tracing.current() | page | more,
    )


def _key_of(record: Any) -> UUID | None:
    key = None if record is None or isinstance(record, type) else record.pk
    return key if isinstance(key, UUID) else None


def mark_of(address: str) -> str:
    """What stands in the trail for an e-mail address that somebody tried to sign in with."""
    return salted_hmac("clinic.auditing", address.strip().lower()).hexdigest()[:24]
