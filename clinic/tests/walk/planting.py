"""A row of every kind there is: where the story of a test has none, one is planted past the rules."""

from __future__ import annotations

import datetime
from typing import Any

from django.db import models
from django.utils import timezone

from config.base import uuid7

PLAIN: dict[type[models.Field], Any] = {
    models.DateTimeField: timezone.now,
    models.DateField: timezone.localdate,
    models.BooleanField: lambda: False,
    models.JSONField: dict,
    models.TimeField: lambda: datetime.time(9),
    models.DecimalField: lambda: 1,
    models.IntegerField: lambda: 1,
    models.BinaryField: lambda: b"x",
    models.UUIDField: uuid7,
}


def plant(model: Any, rows: dict[str, Any], **given: Any) -> Any:
    """One row of ``model``, of the rows there are, with as little in it as the table takes."""
    values = {}
    for field in model._meta.concrete_fields:
        if (
            field.name in given
            or field.has_default()
            or field.null
            or field.generated
            or field.has_db_default()
        ):
            continue
        values[field.name] = _value(field, rows)
    row = model._default_manager.bulk_create([model(**values | given)])[0]
    if hasattr(model, "history"):
        model.history.bulk_history_create([row])
    return row


def _value(field: Any, rows: dict[str, Any]) -> Any:
    if field.remote_field:
        is_person = field.related_model._meta.label_lower == "clinic.user"
        return rows["payer" if is_person else field.related_model._meta.label_lower]
    if field.choices:
        return next(value for value, _ in field.flatchoices if value not in ("", None))
    for kind, make in PLAIN.items():
        if isinstance(field, kind):
            return make()
    return "x"
