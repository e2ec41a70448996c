"""Choices of the audit trail that are kept under a name, for oneself or for everybody who reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from clinic.models import SavedView
from config.base import Refused

if TYPE_CHECKING:
    from clinic.models import User

NOT_KEPT = frozenset({"p", "_changelist_filters", "e"})
"""What belongs to a moment of looking, not to the choice."""


class NameTaken(Refused):
    def __init__(self, name: str) -> None:
        super().__init__(f"You have a view “{name}” already. Choose another name.")


@transaction.atomic
def keep(*, by: User, name: str, query: str, is_shared: bool) -> SavedView:
    """Keep a choice; ``query`` is what follows the question mark in its address.

    :raises NameTaken: one's own of that name is there already
    """
    mine = SavedView.objects.filter(owner=by).kept().select_for_update()
    if mine.filter(name=name.strip()).exists():
        raise NameTaken(name.strip())
    asked = QueryDict(query, mutable=True)
    for parameter in NOT_KEPT & asked.keys():
        del asked[parameter]
    kept: SavedView = SavedView.objects.add(
        by=by, owner=by, name=name.strip(), query=asked.urlencode(), is_shared=is_shared
    )
    return kept


@transaction.atomic
def drop(pk: UUID, *, by: User) -> None:
    """Keep one's own no longer; doing it again changes nothing, and others' stay."""
    found = SavedView.objects.filter(owner=by, pk=pk).kept().select_for_update().first()
    if found:
        found.change(by=by, dropped_at=timezone.now(), dropped_by=by)


def address(query: str) -> str:
    """Of the list that shows a choice: nothing but a query gets into it."""
    asked = QueryDict(query).urlencode()
    return reverse("admin:clinic_auditevent_changelist") + (f"?{asked}" if asked else "")
