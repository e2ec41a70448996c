"""How the versions of a record are told to people: what changed, in the words that the screens use."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from simple_history.models import ModelChange, ModelDelta
from simple_history.template_utils import HistoricalRecordContextHelper

# The key and the time of making never change; naming them would only be noise.
UNTOLD = {"id", "created_at"}


class InWords(HistoricalRecordContextHelper):
    """One version's changes as people read them: choices by their label, times by the page's clock."""

    def prepare_delta_change_value(self, change: Any, value: Any) -> Any:
        choices = dict(self.model._meta.get_field(change.field).flatchoices or [])
        if value is None or value == "":
            return ""
        if isinstance(value, bool):
            return "Yes" if value else "No"
        if isinstance(value, datetime):
            return date_format(timezone.localtime(value), "j M Y, H:i")
        if isinstance(value, date):
            return date_format(value, "j M Y")
        label = choices.get(value, "") if isinstance(value, Hashable) else ""  # a JSON column has none
        return str(label) or super().prepare_delta_change_value(change, value)


def tell_changes(versions: Sequence[Any], *, by: Callable[[Any], HistoricalRecordContextHelper]) -> None:
    """Give each of ``versions``, the newest first, what it changed: also what only rules may change.

    Left alone, simple_history tells of editable columns, and so of no status. ``by`` makes the helper that
    tells of one version.
    """
    for version, before in pairwise(versions):
        delta = ModelDelta(_changes(before, version), [], before, version)
        version.history_delta_changes = by(version).context_for_delta_changes(delta)


def _changes(before: Any, version: Any) -> list[ModelChange]:
    return [
        ModelChange(field.name, getattr(before, field.name), getattr(version, field.name))
        for field in version.tracked_fields
        if field.name not in UNTOLD and getattr(before, field.attname) != getattr(version, field.attname)
    ]
