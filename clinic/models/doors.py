"""What the doors of the site remember: tries, accounts that are shut for a while, and sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from config.base import ScopedQuerySet, uuid7

if TYPE_CHECKING:
    from clinic.models.people import User


class Try(models.Model):
    """One knock at a door of the site, kept for as long as it counts (``clinic.throttling``)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(default=timezone.now)
    door = models.CharField(max_length=40)
    # Fingerprints: who reads this table learns neither which accounts there are nor who tried.
    account = models.CharField(max_length=40, blank=True)
    source = models.CharField(max_length=40, blank=True)
    is_failed = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["door", "source", "at"], name="clinic_try_source"),
            models.Index(fields=["door", "account", "at"], name="clinic_try_account"),
        ]

    def __str__(self) -> str:
        return f"A try at {self.door}"


class Shut(models.Model):
    """An account that takes no password for a while; also one that there is not."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.CharField(max_length=40)
    at = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["account", "at"], name="clinic_shut_account")]

    def __str__(self) -> str:
        return "An account that is shut"


class OpenSessionQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(user=user)

    def live(self) -> Self:
        """Those that were not ended, and whose person came back in time."""
        return self.filter(ended_at=None, until__gt=timezone.now())


class OpenSession(models.Model):
    """One sign-in in one browser, for its person to see and to end.

    It knows the session by a fingerprint: its key would open it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, editable=False, related_name="+")
    fingerprint = models.CharField(max_length=64, editable=False)
    browser = models.CharField(max_length=40, blank=True, editable=False)
    """A fingerprint too: of the secret that this browser keeps, so that it is known again."""
    device = models.CharField(max_length=80, blank=True, editable=False)
    address = models.CharField(max_length=45, blank=True, editable=False)
    since = models.DateTimeField(default=timezone.now, editable=False)
    seen_at = models.DateTimeField(default=timezone.now, editable=False)
    until = models.DateTimeField(editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)

    objects = OpenSessionQuerySet.as_manager()

    class Meta:
        ordering = ["-seen_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["fingerprint"], condition=Q(ended_at=None), name="%(app_label)s_%(class)s_once"
            )
        ]
        indexes = [models.Index(fields=["user", "browser"], name="clinic_session_browser")]

    def __str__(self) -> str:
        return self.device or "A browser"
