"""Telling which medicines of the catalogue may be prescribed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.models import Product
from catalog.models.products import ProductQuerySet
from config.base import Refused

if TYPE_CHECKING:
    from clinic.models import User


class NotPrescribable(Refused):
    """This product cannot be prescribed, and the sentence says why."""


def prescribable(user: User) -> ProductQuerySet:
    """Those medicines in ``user``'s catalogue that may be prescribed today."""
    return Product.objects.visible_to(user).prescribable()


def ensure_prescribable(product: Product) -> None:
    """Refuse a product that is off sale, unclassified, or whose category is in doubt.

    :raises NotPrescribable: it may not be prescribed
    """
    if Product.objects.prescribable().filter(pk=product.pk).exists():
        return
    if product.supply != Product.Supply.ACTIVE:
        raise NotPrescribable(
            f"{product} is {product.get_supply_display().lower()}. Please choose another medicine."
        )
    stated = product.tga_category_stated
    is_restated = bool(stated and product.tga_category and stated != product.tga_category)
    if is_restated or product.is_category_disputed or product.is_schedule_disputed:
        raise NotPrescribable(
            f"What the supplier states about the category of {product} does not follow from its composition. "
            "It can be prescribed once the practice manager has settled this with the supplier."
        )
    if product.kind == Product.Kind.CANNABIS and product.tga_category:
        _ensure_reckonable(product)
    raise NotPrescribable(
        f"The category of {product} is not known. "
        "It can be prescribed once the practice manager has settled this."
    )


def _ensure_reckonable(product: Product) -> None:
    if product.strength_doubts:
        raise NotPrescribable(
            f"The strength of {product} is in doubt. "
            "It can be prescribed once the practice manager has settled it on the product's page."
        )
    if product.size_value is None:
        raise NotPrescribable(
            f"The pack size of {product} is not known. Please have the supplier correct the list."
        )
    if any((unit, basis) == ("mg", "") for unit, basis in _told(product)):
        raise NotPrescribable(
            f"The strength of {product} is in mg without saying per what. "
            "Please have the supplier correct the list."
        )


def _told(product: Product) -> list[tuple[str, str]]:
    return [(product.thc_unit, product.thc_basis), (product.cbd_unit, product.cbd_basis)]
