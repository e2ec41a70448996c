"""The rules of the states: which are in force, and how they change."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from clinic import lawbook, spelling
from clinic.models import Practice, StateRule
from config.base import Refused

if TYPE_CHECKING:
    from clinic.models import User

FACTS = tuple(
    field.name
    for field in StateRule._meta.concrete_fields
    if field.editable and field.name not in {"id", "state", "from_on", "until_on", "created_at"}
)
"""What a row says of its state; the rest says of which state, and when."""


class NoReason(Refused):
    def __init__(self) -> None:
        super().__init__("Write why, and where you read it.")


class NotAfter(Refused):
    def __init__(self, rule: StateRule) -> None:
        super().__init__(
            f"New rules begin after those of {rule.from_on:%-d %B %Y}. Choose a later date, or correct those."
        )


class NotTheLast(Refused):
    def __init__(self) -> None:
        super().__init__("These rules were followed by others. Change the latest ones.")


def in_force(day: datetime.date) -> dict[str, StateRule]:
    """Tell the rules of each state on ``day``, in one statement; a state nobody knows of is not in it."""
    return {rule.state: rule for rule in StateRule.objects.on(day)}


def checked_after() -> datetime.date:
    """Tell the day since which somebody must have read the source of a rule, or it is to be checked again."""
    practice = Practice.objects.current()
    return spelling.months_before(practice.today(), months=practice.rule_months)


def ship(**kwargs: Any) -> None:
    """Fill an empty table with the rules that come with the product; later, people keep it."""
    if not StateRule.objects.exists():
        for facts in lawbook.ROWS:
            StateRule.objects.add(by=None, why="Came with the product.", **facts)


@transaction.atomic
def renew(rule: StateRule, *, from_on: datetime.date, by: User, why: str, **facts: Any) -> StateRule:
    """Let other rules follow ``rule`` on ``from_on``; it ends the day before and stays to be read.

    :raises NoReason: ``why`` is empty
    :raises NotTheLast: others follow it already
    :raises NotAfter: ``from_on`` is not after its first day
    """
    _require(why)
    rule.lock()
    if rule.until_on is not None:
        raise NotTheLast
    if from_on <= rule.from_on:
        raise NotAfter(rule)
    same = {name: getattr(rule, name) for name in FACTS}
    rule.change(by=by, why=why.strip(), until_on=from_on - datetime.timedelta(days=1))
    return StateRule.objects.add(
        by=by, why=why.strip(), state=rule.state, from_on=from_on, **same | _known(facts)
    )


@transaction.atomic
def correct(rule: StateRule, *, by: User, why: str, **facts: Any) -> None:
    """Put right what was written wrongly from the start; its history keeps what stood there.

    :raises NoReason: ``why`` is empty
    """
    _require(why)
    rule.lock().change(by=by, why=why.strip(), **_known(facts))


@transaction.atomic
def confirm(rule: StateRule, *, by: User, why: str) -> None:
    """Write down that somebody read the source again and found ``rule`` to be right.

    :raises NoReason: ``why`` is empty
    """
    _require(why)
    rule.lock().change(by=by, why=why.strip(), checked_on=timezone.localdate())


def _require(why: str) -> None:
    if not why.strip():
        raise NoReason


def _known(facts: dict[str, Any]) -> dict[str, Any]:
    if unknown := set(facts) - {*FACTS}:
        raise ValueError(f"A rule of a state has no {unknown}.")
    return facts
