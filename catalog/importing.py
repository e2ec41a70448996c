"""Bringing a supplier's workbook in at a terminal: all five steps at once, or the first three."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog import applying, reading, receiving, reviewing
from catalog.models import Import
from catalog.reading import Result, examine
from config.base import Refused

if TYPE_CHECKING:
    from clinic.models import User

__all__ = ["Result", "bring_in", "examine"]


class UnderWay(Refused):
    def __init__(self, run: Import) -> None:
        super().__init__(
            f"This very file is under way already, and is {run.get_status_display().lower()}. "
            "Please finish or refuse it in the staff site under Imports."
        )


def bring_in(key: str, *, data: bytes, file_name: str, by: User | None, apply_now: bool = False) -> Result:
    """Receive, read and, if ``apply_now``, apply a workbook.

    A file that was applied before and has nothing new in it is recognised, and not stored again.
    Applying now is the act of somebody who may run commands on the server: it needs no approval.

    :raises UnknownSupplier: there is no layout of this name
    :raises WorkbookRefused: the file is not a list of this supplier; the refusal is kept
    :raises UnderWay: the very file is being reviewed in the staff site
    """
    if applied := receiving.applied_before(key, data):
        again = examine(key, data=data)
        if again.comparison.is_settled:
            again.seen_before = applied
            return again
    run, is_new = receiving.receive(key, data=data, file_name=file_name, by=by)
    if not is_new and run.status != Import.Status.CHECKED:
        raise UnderWay(run)
    if is_new:
        result = reading.read(run, by=by, keeps_lines=True)
    else:
        result = examine(key, data=data)
        result.run = run
    if result is None:
        raise UnderWay(run)
    if apply_now and run.status == Import.Status.CHECKED:
        result.left_out = reviewing.approve_at_terminal(run, by=by)
        applying.apply(run, by=by)
    return result
