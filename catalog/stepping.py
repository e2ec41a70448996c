"""The steps of django-import-export for rows of long lists, in the room of one row."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from import_export.resources import Resource
from import_export.results import Result, RowResult


class NotTaken(ValidationError):
    """A line with an error: it is kept and shown, and makes no product."""

    def __init__(self) -> None:
        super().__init__("This line was not taken.")


class Row(RowResult):
    """What became of one line. The line itself says it all, so nothing is told a second time."""

    def add_instance_info(self, instance: Any) -> None:
        """Leave the record alone: to name 10,000 of them takes longer than to compare them."""


class Tally(Result):
    """What became of all lines, in numbers: the library would hold every one of them."""

    def append_row_result(self, row_result: RowResult) -> None: ...

    def append_invalid_row(self, number: int, row: Any, validation_error: Any) -> None: ...


class Steps(Resource):
    """The steps of the library for each row of a long list, in the room of one.

    It would note a mistake of ours on the row and go on; here that stops the list, of which nothing is
    kept then. What is wrong with a row itself is ``NotTaken``.
    """

    def get_row_result_class(self) -> type[Row]:
        return Row

    def get_result_class(self) -> type[Tally]:
        return Tally

    def import_row(self, row: dict[str, Any], instance_loader: Any, **kwargs: Any) -> Row:
        outcome: Row = super().import_row(row, instance_loader, **kwargs)
        if outcome.errors:
            raise outcome.errors[0].error
        if outcome.validation_error:
            outcome.validation_error.__traceback__ = None  # would hold on to the row, and so for ever
        return outcome
