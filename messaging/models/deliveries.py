"""What became of letters after they left us, as the provider of e-mail reports it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Upper

from config.base import Fact, ScopedQuerySet

if TYPE_CHECKING:
    from clinic.models import User


class DeliveryQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("messaging.view_letter") else self.none()

    def against(self) -> Self:
        """Those that speak against writing to an address, unless something later speaks for it.

        What counts is when it happened, not when we heard of it: reports come late and in any order.
        """
        later = Delivery.objects.filter(to__iexact=OuterRef("to"), at__gt=OuterRef("at"))
        back = later.filter(outcome=Delivery.Outcome.CLEARED)
        arrived = later.filter(outcome__in=[Delivery.Outcome.DELIVERED, Delivery.Outcome.CLEARED])
        return self.filter(
            Q(outcome=Delivery.Outcome.BOUNCED) & ~Exists(arrived)
            | Q(outcome__in=[Delivery.Outcome.COMPLAINED, Delivery.Outcome.UNSUBSCRIBED]) & ~Exists(back)
        )


class Delivery(Fact):
    """One report about one letter, which it names as the provider does; it may come before we know it."""

    class Outcome(models.TextChoices):
        DEFERRED = "deferred", "Delayed"
        DELIVERED = "delivered"
        REFUSED = "refused", "Refused this letter"
        BOUNCED = "bounced", "Came back: no such mailbox"
        COMPLAINED = "complained", "Marked as spam"
        UNSUBSCRIBED = "unsubscribed"
        CLEARED = "cleared", "Address checked by the practice"

    RANK = (
        Outcome.COMPLAINED,
        Outcome.UNSUBSCRIBED,
        Outcome.BOUNCED,
        Outcome.REFUSED,
        Outcome.DELIVERED,
        Outcome.DEFERRED,
    )
    """Of several reports about one letter the first of these tells how it stands, whatever came first."""

    event_id = models.CharField(max_length=200, unique=True, editable=False)
    message_id = models.CharField(max_length=200, blank=True, editable=False)
    # An address; a number where it is about an SMS.
    to = models.CharField(max_length=254, editable=False)
    outcome = models.CharField(max_length=20, choices=Outcome, editable=False)
    at = models.DateTimeField("when", editable=False)
    reason = models.CharField(max_length=300, blank=True, editable=False)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["message_id"], name="messaging_delivery_message"),
            models.Index(Upper("to"), name="messaging_delivery_to"),  # as iexact asks
        ]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()}, {self.to}"
