"""What one piece of work asked of the database, to be asked again by hand for other rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from uuid import UUID

import uuid_utils.compat
from django.db import connection
from django.test.utils import CaptureQueriesContext

ANY_KEY = re.compile(r"\b[0-9a-f]{8}-?[0-9a-f]{4}-?7[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}\b")
BOOKKEEPING = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE SAVEPOINT")


class Recording(CaptureQueriesContext):
    """The statements between ``with`` and its end, with their values in them."""

    def __init__(self) -> None:
        super().__init__(connection)
        self.began = uuid_utils.compat.uuid7()

    @property
    def statements(self) -> list[str]:
        """In their order; where transactions begin and end is no statement."""
        asked = [query["sql"] for query in self.captured_queries]
        return [sql for sql in asked if not sql.startswith(BOOKKEEPING)]

    def again(self, recorded: Sequence[str], other: Sequence[str]) -> list[str]:
        """The statements with ``other`` values for those ``recorded``, and fresh keys for the rows made."""
        fresh: dict[UUID, UUID] = {}
        pairs = list(zip(recorded, other, strict=True))
        keys = {UUID(old): UUID(new) for old, new in pairs if ANY_KEY.fullmatch(old)}
        words = {old: new for old, new in pairs if not ANY_KEY.fullmatch(old)}
        # In one pass: what is put in must not be taken for something recorded.
        known = re.compile("|".join([ANY_KEY.pattern, *map(re.escape, words)]))

        def replaced(match: re.Match[str]) -> str:
            if match[0] in words:
                return words[match[0]]
            new = old = UUID(match[0])
            if old in keys:
                new = keys[old]
            elif old > self.began:
                new = fresh.setdefault(old, uuid_utils.compat.uuid7())
            return str(new) if "-" in match[0] else new.hex

        return [known.sub(replaced, sql) for sql in self.statements]
