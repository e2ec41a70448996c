"""Ordinary medicines: loading them from a prepared list."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import transaction

from catalog.models import Product
from config.base import Refused

if TYPE_CHECKING:
    from clinic.models import User

BATCH = 1000
STATED = (
    "name",
    "strength",
    "brand",
    "manufacturer",
    "pbs_code",
    "dose_form",
    "size_unit",
    "schedule",
    "artg_id",
)
REQUIRED = {"name", "strength", "dose_form", "size_value", "size_unit", "schedule"}


class ListUnreadable(Refused):
    """The list of medicines is not what it should be."""


def load_medicines(path: Path, *, by: User | None) -> dict[str, int]:
    """Load ordinary medicines from a JSON list; a second time changes only what differs.

    :raises ListUnreadable: the file is no such list, or an entry lacks something
    """
    entries = [_facts(entry) for entry in _entries(path)]
    with transaction.atomic():
        known = {
            _identity(product): product for product in Product.objects.filter(kind=Product.Kind.CONVENTIONAL)
        }
        new, changed = [], []
        for facts in entries:
            product = known.get(_identity(Product(**facts)))
            if product is None:
                new.append(Product(**facts))
            elif any(getattr(product, name) != value for name, value in facts.items()):
                for name, value in facts.items():
                    setattr(product, name, value)
                changed.append(product)
        _save_in_sets(new, changed, sorted(entries[0]), by=by, why=f"List of medicines {path.name}.")
    return {"read": len(entries), "new": len(new), "changed": len(changed)}


def _entries(path: Path) -> list[dict[str, Any]]:
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["medicines"]
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise ListUnreadable(f"{path.name} is not a list of medicines.") from problem
    for entry in entries:
        if missing := REQUIRED - entry.keys():
            raise ListUnreadable(f"{entry.get('name', 'A medicine')} lacks {', '.join(sorted(missing))}.")
    if not entries:
        raise ListUnreadable(f"{path.name} lists no medicine.")
    return entries


def _facts(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": Product.Kind.CONVENTIONAL.value,
        "pathway": Product.Pathway.REGISTERED.value,
        "schedule_stated": entry["schedule"],
        "size_value": Decimal(str(entry["size_value"])),
        **{name: entry.get(name, "") for name in STATED},
    }


def _identity(product: Product) -> tuple[object, ...]:
    size = product.size_value.normalize() if product.size_value is not None else None
    return (
        product.name.lower(),
        product.strength.lower(),
        product.brand.lower(),
        product.dose_form,
        size,
        product.size_unit,
    )


def _save_in_sets(
    new: list[Product], changed: list[Product], names: list[str], *, by: User | None, why: str
) -> None:
    """Write many products with a version each, set by set: a save per product takes twenty times as long."""
    signed = {"batch_size": BATCH, "default_user": by, "default_change_reason": why}
    if new:
        Product.objects.bulk_create(new, batch_size=BATCH)
        Product.history.bulk_history_create(new, **signed)
    if changed:
        Product.objects.bulk_create(
            changed, batch_size=BATCH, update_conflicts=True, unique_fields=["id"], update_fields=names
        )
        Product.history.bulk_history_create(changed, update=True, **signed)
