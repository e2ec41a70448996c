"""Strengths and packs: what they are told in, and the columns and checks that hold them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Func, Q


class Cannabinoid(models.TextChoices):
    """Those whose amounts we read. THC and CBD have columns of their own, the others share one."""

    THC = "THC", "delta-9-tetrahydrocannabinol"
    CBD = "CBD", "cannabidiol"
    CBN = "CBN", "cannabinol"
    CBG = "CBG", "cannabigerol"
    CBC = "CBC", "cannabichromene"
    THCV = "THCV", "tetrahydrocannabivarin"
    CBDV = "CBDV", "cannabidivarin"


class Operator(models.TextChoices):
    EXACT = "=", "exactly"
    BELOW = "<", "less than"
    AT_MOST = "<=", "at most"


class Unit(models.TextChoices):
    PERCENT = "%", "% w/w"
    MG_PER_ML = "mg/mL", "mg/mL"
    MG_PER_G = "mg/g", "mg/g"
    MG = "mg", "mg"


class Basis(models.TextChoices):
    """What it is that so much of a cannabinoid is in."""

    WEIGHT = "weight", "of the weight"
    VOLUME = "volume", "of the volume"
    UNIT = "unit", "per piece"
    CONTAINER = "container", "per container"


# What a unit can be told of; a bare "mg" may leave it open, and then nothing can be computed from it.
BASES: Mapping[str, tuple[str, ...]] = {
    Unit.PERCENT: (Basis.WEIGHT,),
    Unit.MG_PER_ML: (Basis.VOLUME,),
    Unit.MG_PER_G: (Basis.WEIGHT,),
    Unit.MG: ("", Basis.UNIT, Basis.CONTAINER),
}


class PackUnit(models.TextChoices):
    """What packs are counted or measured in; the text is what a prescription says of one."""

    GRAM = "g", "g"
    MILLILITRE = "mL", "mL"
    MILLIGRAM = "mg", "mg"
    PASTILLE = "pastille"
    CAPSULE = "capsule"
    TABLET = "tablet"
    WAFER = "wafer"
    LOZENGE = "lozenge"
    GUMMY = "gummy"
    PIECE = "piece"
    SPRAY = "spray"
    SUPPOSITORY = "suppository"
    UNIT = "unit"
    DOSE = "dose"
    PATCH = "patch"
    AMPOULE = "ampoule"
    VIAL = "vial"
    INHALER = "inhaler"
    PEN = "pen"


def plural(name: str) -> str:
    """Name several: "patches", "gummies", "grams"; what ends in s stays."""
    if name.endswith("s"):
        return name
    if name.endswith(("ch", "sh", "x")):
        return f"{name}es"
    return f"{name[:-1]}ies" if name.endswith("y") and name[-2] not in "aeiou" else f"{name}s"


MEASURES = frozenset({PackUnit.GRAM, PackUnit.MILLILITRE, PackUnit.MILLIGRAM})
PIECES = tuple(unit.value for unit in PackUnit if unit not in MEASURES)


OF_STRENGTH = (
    "strength_changed",
    "potency_unreadable",
    "potency_unit_missing",
    "potency_looks_like_fraction",
    "potency_without_basis",
    "potency_disagrees",
    "potency_unusual",
    "comma_in_number",
    "digits_hidden",
    "name_disagrees_with_potency",
    "total_disagrees",
)
"""What says of a line that a strength may be wrong, so that a person has to look before it is relied on.

A blank one is not among them: it only makes a product unknown, which is never the dangerous side.
"""


def potency_fields(name: str, amount: Any) -> dict[str, Any]:
    """Spread one strength over the columns of ``name``."""
    if amount is None:
        return {f"{name}_op": "", f"{name}_value": None, f"{name}_unit": "", f"{name}_basis": ""}
    return {
        f"{name}_op": amount.op,
        f"{name}_value": amount.value,
        f"{name}_unit": amount.unit,
        f"{name}_basis": amount.basis,
    }


def potency_text(op: str, value: Decimal | None, unit: str, basis: str = "") -> str:
    """Write a strength as a label does: ``< 1 mg/mL``, ``5 mg per piece``."""
    if value is None:
        return ""
    sign = {"<": "< ", "<=": "≤ "}.get(op, "")
    per = f" {Basis(basis).label}" if unit == Unit.MG and basis else ""
    return f"{sign}{plain(value)} {unit}{per}"


def plain(number: Decimal) -> str:
    return format(number.normalize(), "f")


def potency_is_whole(name: str) -> models.CheckConstraint:
    """Keep the four columns of ``name`` together: all of a strength, or none of it."""
    nothing = Q(**{f"{name}_value__isnull": True, f"{name}_op": "", f"{name}_unit": "", f"{name}_basis": ""})
    told_of = Q()
    for unit, bases in BASES.items():
        told_of |= Q(**{f"{name}_unit": str(unit), f"{name}_basis__in": [str(basis) for basis in bases]})
    return models.CheckConstraint(
        condition=nothing
        # Compared with NULL, a check is neither true nor false, and would pass.
        | Q(
            **{f"{name}_value__isnull": False, f"{name}_value__gte": 0}, **{f"{name}_op__in": Operator.values}
        )
        & told_of,
        name=f"%(app_label)s_%(class)s_{name}_is_whole",
        violation_error_message=(
            f"{name.upper()} needs a number with its unit and what it is told of, or nothing."
        ),
    )


class AreStrengths(Func):
    """Whether a JSON column maps cannabinoids to whole strengths, and holds nothing else."""

    function = "catalog_are_strengths"
    arity = 1
    output_field = models.BooleanField()


def others_are_strengths() -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=AreStrengths(F("other_cannabinoids")),
        name="%(app_label)s_%(class)s_others_are_strengths",
        violation_error_message="Another cannabinoid needs a number with its unit and what it is told of.",
    )


def coded(column: str, codes: Iterable[str]) -> models.CheckConstraint:
    """Let ``column`` hold nothing but ``codes``."""
    return models.CheckConstraint(
        condition=Q(**{f"{column}__in": list(codes)}),
        name=f"%(app_label)s_%(class)s_{column}_is_coded",
        violation_error_message=f"This {column.replace('_', ' ')} is not one that we know.",
    )
