"""What must always be true of the stored rows: named SQL checks, of every app that has some.

A leaf: it imports no app. Each app lists its checks as ``CHECKS`` in a module ``invariants``.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any, NamedTuple

from django.apps import apps
from django.db import connection, transaction
from django.utils.module_loading import module_has_submodule

EXAMPLES = 5
"""Keys of broken rows that are told of each check."""


class Check(NamedTuple):
    """One thing that is always true: ``sql`` selects the key of every row for which it is not."""

    name: str
    sentence: str
    sql: str


class Finding(NamedTuple):
    """What came of one check."""

    check: Check
    broken: int
    examples: list[str]


def checks() -> list[Check]:
    """Every check of every app, in the order of the apps."""
    modules = [
        import_module(f"{config.name}.invariants")
        for config in apps.get_app_configs()
        if config.module is not None and module_has_submodule(config.module, "invariants")
    ]
    return [check for module in modules for check in getattr(module, "CHECKS", [])]


@transaction.atomic
def examine(some: Iterable[Check] | None = None) -> list[Finding]:
    """Ask the database, check by check."""
    with connection.cursor() as cursor:
        return [_examine(cursor, check) for check in (checks() if some is None else some)]


def _examine(cursor: Any, check: Check) -> Finding:
    cursor.execute(
        f"SELECT count(*), (array_agg(key::text ORDER BY key::text))[1:{EXAMPLES}]"
        f" FROM ({check.sql}) AS broken(key)"
    )
    broken, examples = cursor.fetchone()
    return Finding(check, broken, examples or [])


def broken() -> dict[str, int]:
    """The checks that fail, and of how many rows: empty where all is well."""
    return {finding.check.name: finding.broken for finding in examine() if finding.broken}
