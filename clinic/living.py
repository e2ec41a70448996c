"""The life of one record: all that was done with it in order, each version with what it changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.apps import apps
from django.db import connection

from clinic import recounting
from clinic.models import AuditEvent
from clinic.models.encounters import CLINICAL
from clinic.recalling import Row
from config.base import Fact, Kept, Refused

if TYPE_CHECKING:
    from clinic.models import User

LONGEST = 500
"""Events of one life that are shown: the newest."""
KEPT_BACK = CLINICAL | {
    "clinic.patient",
    "clinic.requesttext",
    "messaging.attachment",
    "messaging.message",
}
"""Of whose words only those hear who read every clinical record; others hear which fields changed."""


class NoSuchKind(Refused):
    """There are no records of that kind."""


class Step(NamedTuple):
    event: Any
    lines: list[tuple[str, str, str]]
    """Field, what it said, what it says; both empty where the reader may not know."""


class Life(NamedTuple):
    name: str
    steps: list[Step]
    is_whole: bool
    """Nothing older was left out."""
    tells_all: bool
    """What fields say is told, not only which changed."""


def of(label: str, key: UUID, *, by: User) -> Life:
    """The life of the record ``key`` of the kind ``label`` (``clinic.prescription``), newest first.

    :raises NoSuchKind: there is no such kind of record
    """
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError) as no:
        raise NoSuchKind(label) from no
    if not issubclass(model, Fact | Kept):
        raise NoSuchKind(label)
    tells_all = label not in KEPT_BACK or by.has_perm("clinic.view_every_clinical_record")
    events = AuditEvent.objects.visible_to(by).with_reasons_for(by).filter(record_type=label, record_id=key)
    newest = [*events.select_related("by")[: LONGEST + 1]]
    versions = _versions(model, key)
    names = recounting.Names((label, row) for row in versions.values())
    changed = _changes(label, versions, names, tells_all=tells_all)
    steps = [Step(event, changed.get(_version_of(event), [])) for event in newest[:LONGEST]]
    return Life(recounting.name_of(label), steps, len(newest) <= LONGEST, tells_all)


def _version_of(event: Any) -> UUID | str:
    return event.history_id or ("made" if event.action not in READING else "")


READING = {"read", "download", "print", "export"}


def _versions(model: Any, key: UUID) -> dict[Any, Row]:
    """What each version says, oldest first; of a fact, what it says at all."""
    table, version, order = model._meta.db_table, "'made'", "w.id"
    if issubclass(model, Kept):
        table, version = model.history.model._meta.db_table, "w.history_id"
        order = "w.history_date, w.history_id"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {version}, to_jsonb(w) FROM {table} w WHERE w.id = %s ORDER BY {order}",  # noqa: S608  ours
            [key],
        )
        return {name: json.loads(said) for name, said in cursor.fetchall()}


def _changes(
    label: str, versions: dict[Any, Row], names: recounting.Names, *, tells_all: bool
) -> dict[Any, list[tuple[str, str, str]]]:
    found: dict[Any, list[tuple[str, str, str]]] = {}
    before: dict[str, str] = {}
    for version, row in versions.items():
        after = {line.label: line.value for line in recounting.lines(label, row, names)}
        found[version] = [
            (name, before.get(name, "") if tells_all else "", after.get(name, "") if tells_all else "")
            for name in {**before, **after}
            if before.get(name) != after.get(name)
        ]
        before = after
    return found
