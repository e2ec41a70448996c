"""How the doors stand: who of the staff signs in with what, and what failed. Nothing here opens anything."""

from __future__ import annotations

import datetime
from typing import Any, NamedTuple

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from clinic.models import AuditEvent, Role, User

DAYS = 30
Action = AuditEvent.Action


class Standing(NamedTuple):
    """One of the staff at their door."""

    user: User
    signed_in_at: datetime.datetime | None
    has_app: bool
    codes_left: int
    failed: int
    locked: int


def staff() -> list[Standing]:
    """Everybody of the staff who can sign in, with their last days; two statements."""
    since = timezone.now() - datetime.timedelta(days=DAYS)
    app = TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True)
    codes = StaticToken.objects.filter(device__user=OuterRef("pk")).order_by()
    counted = codes.values("device__user").annotate(count=Count("pk")).values("count")
    people = (
        User.objects.filter(is_active=True)
        .exclude(role=Role.PATIENT)
        .annotate(has_app=Exists(app), codes_left=Subquery(counted))
        .order_by("family_name", "given_name", "pk")
    )
    told: dict[Any, Any] = {
        row["by"]: row
        for row in AuditEvent.objects.filter(by__in=people.order_by().values("pk"), at__gte=since)
        .order_by()
        .values("by")
        .annotate(
            last=Max("at", filter=Q(action=Action.SIGN_IN)),
            failed=Count("pk", filter=Q(action=Action.SECOND_FACTOR, outcome="failed")),
            locked=Count("pk", filter=Q(action=Action.LOCK_OUT)),
        )
    }
    return [_standing(person, told.get(person.pk, {})) for person in people]


def _standing(person: Any, told: dict[str, Any]) -> Standing:
    return Standing(
        person,
        told.get("last"),
        person.has_app,
        person.codes_left or 0,
        told.get("failed", 0),
        told.get("locked", 0),
    )


def failures() -> QuerySet[Any, Any]:
    """Failed sign-ins of the last days by the network they came from, most first."""
    since = timezone.now() - datetime.timedelta(days=DAYS)
    failed = AuditEvent.objects.filter(action=Action.SIGN_IN_FAILED, at__gte=since).order_by()
    by_network = failed.values("trace__address").annotate(
        times=Count("pk"), accounts=Count("trace__tried", distinct=True), last=Max("at")
    )
    return by_network.order_by("-times")[:20]
