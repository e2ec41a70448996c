"""Which groups of letters people want: what they chose, and what nobody can turn off."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from django.db import transaction

from config.base import Refused
from messaging import kinds
from messaging.models import Choice, Mobile

if TYPE_CHECKING:
    from clinic.models import User

FOR_STAFF = (kinds.Group.MESSAGES,)
"""The others are about one's own visits and papers as a patient."""


class CannotBeTurnedOff(Refused):
    def __init__(self) -> None:
        super().__init__("These letters cannot be turned off: without them you would miss what matters.")


def offered_to(user: User) -> tuple[kinds.Group, ...]:
    """The groups about which ``user`` can choose."""
    return FOR_STAFF if user.is_staff else kinds.OPTIONAL


def wanted_by(user: User) -> set[str]:
    """Of the groups that are offered to ``user``, those they want: all, unless they said otherwise."""
    unwanted = Choice.objects.filter(person=user, is_wanted=False).values_list("group", flat=True)
    return {str(group) for group in offered_to(user)} - set(unwanted)


def wants(user: User, group: str) -> bool:
    """Whether ``user`` is to get the letters of ``group``."""
    return not Choice.objects.filter(person=user, group=group, is_wanted=False).exists()


@transaction.atomic
def choose(
    user: User, *, wanted: Collection[str], by: User, why: str = "", mobile: str | None = None
) -> None:
    """Let ``user`` have the letters of ``wanted``, and no others of those offered to them.

    ``mobile`` is the number to which they want SMS as well, as +614…; empty when they want none, None when
    nobody asked them.

    :raises CannotBeTurnedOff: something else is named, which comes anyhow
    """
    offered = {str(group) for group in offered_to(user)}
    if not set(wanted) <= offered:
        raise CannotBeTurnedOff
    user.lock()  # two browsers, one after the other
    said = {choice.group: choice for choice in Choice.objects.filter(person=user)}
    for group in sorted(offered):
        is_wanted = group in wanted
        if choice := said.get(group):
            if choice.is_wanted != is_wanted:
                choice.change(by=by, why=why, is_wanted=is_wanted)
        elif not is_wanted:
            Choice.objects.add(by=by, why=why, person=user, group=group, is_wanted=False)
    if mobile is not None:
        _choose_mobile(user, mobile, by=by, why=why)


def _choose_mobile(user: User, number: str, *, by: User, why: str) -> None:
    known = Mobile.objects.filter(person=user).first()
    if known is None:
        if number:
            Mobile.objects.add(by=by, why=why, person=user, number=number, is_on=True)
    elif (known.number, known.is_on) != (number or known.number, bool(number)):
        known.change(by=by, why=why, number=number or known.number, is_on=bool(number))
