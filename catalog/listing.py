"""Finding medicines in the catalogue, and telling which may be prescribed."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db.models import Q
from django.db.models.functions import Greatest

from catalog.models import Product, Supplier
from catalog.models.products import ProductQuerySet
from config.base import Refused

if TYPE_CHECKING:
    from clinic.models import User

SEARCHED = ("name", "brand", "cultivar", "product_code", "pbs_code", "manufacturer")
ALIKE = 0.35  # how much of a mistyped word must fit


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
    if product.is_category_disputed or product.is_schedule_disputed:
        raise NotPrescribable(
            f"What the supplier states about the category of {product} does not follow from its composition. "
            "It can be prescribed once the practice manager has settled this with the supplier."
        )
    raise NotPrescribable(
        f"The category of {product} is not known. "
        "It can be prescribed once the practice manager has settled this."
    )


def search(
    user: User,
    *,
    text: str = "",
    kind: str = "",
    category: int | None = None,
    schedule: str = "",
    dose_form: str = "",
    supplier: Supplier | None = None,
    thc: tuple[Decimal | None, Decimal | None] = (None, None),
    cbd: tuple[Decimal | None, Decimal | None] = (None, None),
) -> ProductQuerySet:
    """Find medicines by words and by facts; words that nothing contains may be mistyped.

    ``thc`` and ``cbd`` are the lowest and highest number wanted, in the unit of the label.
    """
    found = Product.objects.visible_to(user).select_related("supplier")
    exact = {
        "kind": kind,
        "tga_category": category,
        "schedule": schedule,
        "dose_form": dose_form,
        "supplier": supplier,
    }
    found = found.filter(**{name: value for name, value in exact.items() if value})
    for name, (lowest, highest) in {"thc": thc, "cbd": cbd}.items():
        bounds = {f"{name}_value__gte": lowest, f"{name}_value__lte": highest}
        found = found.filter(**{bound: value for bound, value in bounds.items() if value is not None})
    matching = found
    for word in text.split():
        matching = matching.filter(_contains(word))
    if not text.strip() or matching.exists():
        return matching.order_by("name", "brand", "pk")
    similarity = Greatest(*(TrigramWordSimilarity(text, name) for name in ("name", "brand", "cultivar")))
    return (
        found.annotate(similarity=similarity)
        .filter(similarity__gte=ALIKE)
        .order_by("-similarity", "name", "pk")
    )


def _contains(word: str) -> Q:
    anywhere = Q(gtin13=word) | Q(dose_form_stated__icontains=word)
    for name in SEARCHED:
        anywhere |= Q(**{f"{name}__icontains": word})
    return anywhere
