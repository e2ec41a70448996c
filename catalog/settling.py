"""Settling a doubtful strength: somebody looked at it and says that it is right as it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from catalog.models import Product
from config.base import Refused

if TYPE_CHECKING:
    from clinic.models import User


class NothingInDoubt(Refused):
    def __init__(self, product: Product) -> None:
        super().__init__(f"The strength of {product} is not in doubt, so there is nothing to settle.")


class WhyMissing(Refused):
    def __init__(self) -> None:
        super().__init__("Please say how you know that the strength is right: the label, or the supplier.")


@transaction.atomic
def settle(product: Product, *, by: User, why: str) -> None:
    """Note that the strength of ``product`` is right as it stands, whatever casts doubt on it.

    A later list that states another strength, or gives other grounds for doubt, opens the question again.

    :raises NothingInDoubt: there is no open doubt
    :raises WhyMissing: it is not told how that is known
    """
    if not why.strip():
        raise WhyMissing
    if not product.lock().strength_doubts:
        raise NothingInDoubt(product)
    product.change(by=by, why=f"The strength is right: {why.strip()}"[:300], is_strength_settled=True)
