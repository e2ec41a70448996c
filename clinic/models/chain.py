"""What proves that the audit trail is whole: its links, the seals over them, and the signed anchors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from config.base import Fact, ScopedQuerySet

if TYPE_CHECKING:
    from clinic.models.people import User


class ChainQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("clinic.view_every_auditevent") else self.none()


class AuditLink(models.Model):
    """The place of one event in the chain; its key is the event's. Made by ``clinic_audit_seal`` alone.

    There is one for every event, so it carries no more than the proof: ``hash`` is the SHA-256 of the hash
    before it and of the SHA-256 of what the event says (``clinic_audit_content``).
    """

    id = models.UUIDField(primary_key=True, editable=False)
    number = models.BigIntegerField(unique=True)
    hash = models.BinaryField(max_length=32)

    objects = ChainQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(condition=Q(number__gte=1), name="%(app_label)s_%(class)s_from_one")
        ]

    def __str__(self) -> str:
        return f"Link {self.number}"


class AuditSeal(Fact):
    """What one minute's sealing took in: links ``first`` to ``last``, and the hash that the chain ends in.

    ``mark`` binds it to the seal before it. ``horizon`` is the number of the transaction below which nothing
    was still being written on the server called ``server``.
    """

    # The trail would grow by an event for each seal, and want sealing for that, for ever.
    IS_PART = True

    number = models.BigIntegerField(unique=True)
    first = models.BigIntegerField("first link", unique=True)
    last = models.BigIntegerField("last link", unique=True)
    head = models.CharField("the chain's hash then", max_length=64)
    horizon = models.BigIntegerField()
    server = models.CharField(max_length=40)
    mark = models.CharField(max_length=64)

    objects = ChainQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.CheckConstraint(
                condition=Q(number__gte=1, first__gte=1, last__gte=models.F("first")),
                name="%(app_label)s_%(class)s_takes_something_in",
            )
        ]

    def __str__(self) -> str:
        return f"Seal {self.number}"


class AuditAnchor(Fact):
    """Where the chain stood on one day, signed. Once given away, nothing before it can be cut off unseen.

    ``document`` is the exact text that was signed (``clinic.anchoring``), ``key`` the public key.
    """

    day = models.DateField(unique=True)
    seal = models.BigIntegerField("number of the seal")
    events = models.BigIntegerField("events up to then")
    document = models.TextField()
    signature = models.CharField(max_length=128)
    key = models.CharField(max_length=64)

    objects = ChainQuerySet.as_manager()

    class Meta:
        ordering = ["-day"]

    def __str__(self) -> str:
        return f"Anchor of {self.day:%d/%m/%Y}"

    @property
    def path(self) -> str:
        """Where it is kept in storage."""
        return f"audit/anchors/{self.day:%Y-%m-%d}.json"


class TrailProof(Fact):
    """What one walk through the whole chain of the trail found; it goes on by night, part by part."""

    events = models.BigIntegerField("events that were looked at")
    faults = models.JSONField(default=list)

    objects = ChainQuerySet.as_manager()

    class Meta:
        ordering = ["-recorded_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.events} events, {len(self.faults)} faults"
