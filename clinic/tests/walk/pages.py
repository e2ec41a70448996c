"""The pages that every kind of record has on the staff site."""

from __future__ import annotations

from typing import NamedTuple


class Pages(NamedTuple):
    """Who gets the list, a row, and what can be done with it. Nobody deletes anything."""

    list: str
    row: str
    add: str = ""
    change: str = ""
    history: str | None = None
    """The list of its versions; who gets the row, unless said."""
    version: str | None = None
    """One of them; who gets the list of them, unless said."""

    def of(self, kind: str, method: str) -> str:
        history = self.row if self.history is None else self.history
        told = {
            "changelist get": self.list,
            "change get": self.row,
            "change post": self.change,
            "add get": self.add,
            "add post": self.add,
            "history get": history,
            "simple_history get": history if self.version is None else self.version,
        }
        return told.get(f"{kind} {method}", "")
