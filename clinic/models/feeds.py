"""Secret addresses under which people's own calendars read their appointments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from config.base import Record, ScopedQuerySet, both_or_neither

if TYPE_CHECKING:
    from clinic.models.people import User


class CalendarFeedQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(user=user)

    def live(self) -> Self:
        """Those that still answer."""
        return self.filter(revoked_at=None, user__is_active=True)


class CalendarFeed(Record):
    """The address of one person's calendar. Whoever knows it may read it, so we keep its fingerprint only."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, editable=False, related_name="calendar_feeds"
    )
    token_sha256 = models.CharField("fingerprint", max_length=64, unique=True, editable=False)
    # By day: calendars ask many times an hour.
    last_read_on = models.DateField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = CalendarFeedQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(revoked_at=None), name="%(app_label)s_%(class)s_one_each"
            ),
            both_or_neither("revoked_at", "revoked_by"),
        ]

    def __str__(self) -> str:
        return f"The calendar of {self.user}"
