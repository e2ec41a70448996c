"""What a worker is asked to do: fetch by id, call one rule."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.utils import timezone

from billing import receipting, receiving, reconciling, refunding, rendering
from billing.models import Order, Receipt, Refund, StripeEvent


def handle_events(*pks: str) -> None:
    for event in StripeEvent.objects.filter(pk__in=pks).order_by("received_at", "pk"):
        receiving.handle(event)


def send_refund(pk: str) -> None:
    refunding.send(Refund.objects.select_related("payment").get(pk=pk))


def write_papers(pk: str) -> None:
    receipting.catch_up(Order.objects.get(pk=pk))


def print_receipt(pk: str) -> None:
    rendering.print_receipt(Receipt.objects.select_related("order__payer").get(pk=pk))


def retry_events() -> None:
    receiving.retry(now=timezone.now())


def chase_refunds() -> None:
    refunding.chase(now=timezone.now())


def reconcile() -> None:
    reconciling.reconcile(by=None)


def reconcile_for(user_pk: str) -> None:
    reconciling.reconcile(by=get_user_model().objects.get(pk=user_pk))
