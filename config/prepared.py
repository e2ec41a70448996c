"""Querysets that are asked over and over with other values: Django writes their SQL once. A leaf."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connections, models


class CannotPrepare(TypeError):
    """A queryset whose SQL depends on its values in a way that cannot be seen."""


class Prepared:
    """Rows of ``make(**values)``, a queryset of ``values_list``; values are numbers and keys.

    Django takes longer to write the SQL of a page of rows than PostgreSQL to find them. ``make`` must pass
    its values on as they are: one that it reckons with, or leaves out, is refused at the first use. One
    statement is written for each set of names.
    """

    def __init__(self, make: Callable[..., models.QuerySet]) -> None:
        self.make = make
        self.known: dict[tuple[tuple[str, type], ...], _Written] = {}

    def rows(self, **values: UUID | int) -> list[tuple[Any, ...]]:
        """Ask for the rows.

        :raises CannotPrepare: the queryset does not pass on a value as it is
        """
        shape = tuple((name, type(value)) for name, value in values.items())
        if shape not in self.known:
            self.known[shape] = _Written(self.make, shape)
        return self.known[shape].rows(values)


class _Written:
    """The SQL for one set of names, with the places where their values go."""

    def __init__(self, make: Callable[..., models.QuerySet], shape: tuple[tuple[str, type], ...]) -> None:
        odd = itertools.count(2**31 - 1_000_003, -7919)  # no queryset says these numbers by itself
        stand_ins = {name: kind(int=next(odd)) if kind is UUID else next(odd) for name, kind in shape}
        queryset = make(**stand_ins)
        self.using = queryset.db
        self.compiler: Any = queryset.query.get_compiler(using=self.using)
        try:
            self.sql, params = self.compiler.as_sql()
        except EmptyResultSet:
            raise CannotPrepare("This queryset finds nothing, whatever it is asked.") from None
        names = {value: name for name, value in stand_ins.items()}
        # (True, name of a value) or (False, what it always is)
        self.params = [(param in names, names.get(param, param)) for param in params]
        if missing := set(stand_ins) - {name for is_value, name in self.params if is_value}:
            raise CannotPrepare(f"The queryset does not pass on {', '.join(sorted(missing))}.")
        self.converters = self.compiler.get_converters([column for column, *_ in self.compiler.select])

    def rows(self, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        asked = [values[what] if is_value else what for is_value, what in self.params]
        with connections[self.using].cursor() as cursor:
            cursor.execute(self.sql, asked)
            found = cursor.fetchall()
        return list(map(tuple, self.compiler.apply_converters(found, self.converters)))
