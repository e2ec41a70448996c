"""Medicare items: entering one where a service may be claimed after all, and taking it off again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from billing import receipting
from billing.models import MedicareItem, Receipt
from config.base import Refused

if TYPE_CHECKING:
    from clinic.models import User

# Printed on the credit notes of the receipts that said otherwise.
ENTERED = "A Medicare item was entered."
REMOVED = "The Medicare item was removed."


class NoProviderNumber(Refused):
    def __init__(self) -> None:
        super().__init__(
            "A Medicare item needs the practitioner’s provider number."
            " Enter it on the practitioner’s page first."
        )


class NotAService(Refused):
    def __init__(self) -> None:
        super().__init__("A cancellation fee is no service, and Medicare pays nothing for it.")


class NoItem(Refused):
    def __init__(self) -> None:
        super().__init__("There is no Medicare item on this receipt.")


@transaction.atomic
def enter(receipt: Receipt, *, item: str, eligibility: str, by: User) -> Receipt:
    """Let a corrected receipt carry ``item`` and why it may be claimed.

    :raises NoProviderNumber: nobody knows under which number the service was given
    :raises NotAService: the receipt is for a cancellation fee
    :raises receipting.Replaced: the receipt is not the one that stands
    :raises receipting.NothingLeft: the receipt has been credited in full
    """
    order = receipt.order.lock()
    if receipt.content.get("is_fee"):
        raise NotAService
    provider = receipting.particulars_of(order).provider
    if provider is None or not provider.provider_number:
        raise NoProviderNumber
    known = MedicareItem.objects.filter(order=order).first()
    told = {"item_number": item, "eligibility": eligibility}
    if known is None:
        MedicareItem.objects.add(order=order, by=by, why=ENTERED, **told)
    else:
        known.change(by=by, why=ENTERED, removed_at=None, removed_by=None, **told)
    return receipting.correct(receipt, by=by, why=ENTERED)


@transaction.atomic
def remove(receipt: Receipt, *, by: User) -> Receipt:
    """Let a corrected receipt say again that there is no rebate.

    :raises NoItem: there is none on it
    :raises receipting.Replaced: the receipt is not the one that stands
    :raises receipting.NothingLeft: the receipt has been credited in full
    """
    order = receipt.order.lock()
    known = MedicareItem.objects.filter(order=order, removed_at=None).first()
    if known is None:
        raise NoItem
    known.change(by=by, why=REMOVED, removed_at=timezone.now(), removed_by=by)
    return receipting.correct(receipt, by=by, why=REMOVED)
