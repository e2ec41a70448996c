"""Several querysets read in one statement: a page of many small lists needs one round trip. A leaf."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections, models


def read(querysets: Iterable[models.QuerySet]) -> None:
    """Fill ``querysets`` with their rows, all of them in one statement.

    Each is as if it had been iterated: whoever asks it again finds its rows there. Prefetches are
    made when it is first used, each in a statement of its own as ever. Rows may hold what JSON can carry:
    text, numbers, dates, keys, JSON; a queryset with an expression of another kind is refused.

    :raises TypeError: a column has a kind that cannot be carried
    """
    asked = [_Asked(queryset) for queryset in querysets if queryset._result_cache is None]
    wanted = [one for one in asked if not one.is_empty]
    answers: list[Any] = []
    if wanted:
        with connections[wanted[0].queryset.db].cursor() as cursor:
            cursor.execute(
                "SELECT " + ", ".join(one.column for one in wanted), [p for one in wanted for p in one.params]
            )
            answers = [json.loads(text, parse_float=Decimal) for text in cursor.fetchone()]
    for one in asked:
        one.fill([] if one.is_empty else answers.pop(0))


def attach(parents: Iterable[Any], related: str, children: Iterable[Any], *, key: str) -> None:
    """Let each of ``parents`` know its ``children``, by their ``key``, as a prefetch of ``related`` does."""
    parents = list(parents)
    there: dict[Any, list[Any]] = {parent.pk: [] for parent in parents}
    for child in children:
        if (owner := getattr(child, key)) in there:
            there[owner].append(child)
    for parent in parents:
        rows = getattr(parent, related).all()
        rows._result_cache = there[parent.pk]
        known = getattr(parent, "_prefetched_objects_cache", {})
        parent._prefetched_objects_cache = {**known, related: rows}


class _Asked:
    """One queryset, as a column of the statement and as the rows that come back in it."""

    def __init__(self, queryset: models.QuerySet) -> None:
        self.queryset, self.is_empty = queryset, False
        self.compiler: Any = queryset.query.get_compiler(using=queryset.db)
        try:
            sql, self.params = self.compiler.as_sql()
        except EmptyResultSet:
            self.is_empty = True
            return
        self.fields = [expression.output_field for expression, *_ in self.compiler.select]
        self.names = [f"c{number}" for number in range(len(self.fields))]
        # Not json_build_array: a function takes a hundred arguments at most.
        self.column = (
            f"(SELECT coalesce(json_agg(part), '[]')::text FROM ({sql}) part ({', '.join(self.names)}))"  # noqa: S608  Django's own
        )

    def fill(self, rows: list[dict[str, Any]]) -> None:
        made = [tuple(map(_value, self.fields, (row[name] for name in self.names))) for row in rows]
        self.compiler.execute_sql = lambda *args, **kwargs: made
        self.compiler.results_iter = lambda *args, **kwargs: iter(made)
        query = self.queryset.query
        query.get_compiler = lambda *args, **kwargs: self.compiler  # type: ignore[method-assign]
        try:
            # As Django makes objects of rows, with what select_related and annotate add.
            iterable: Any = self.queryset._iterable_class(self.queryset)
            self.queryset._result_cache = [] if self.is_empty else list(iterable)
        finally:
            del query.get_compiler


def _value(field: models.Field, value: Any) -> Any:
    if value is None or isinstance(field, models.JSONField):
        return value
    if isinstance(field, models.BinaryField):
        raise TypeError("Bytes cannot be read together with others.")
    return field.to_python(value)
