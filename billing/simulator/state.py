"""What the simulator remembers: objects, answers given, webhooks owed. One SQLite file."""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from billing.simulator.wire import ApiError, Tree

TABLES = """
CREATE TABLE IF NOT EXISTS objects (
    position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, kind TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS objects_by_kind ON objects (kind, position);
CREATE INDEX IF NOT EXISTS objects_by_status ON objects (kind, json_extract(body, '$.status'));
CREATE INDEX IF NOT EXISTS objects_by_source ON objects (kind, json_extract(body, '$.source'));
CREATE INDEX IF NOT EXISTS objects_by_intent ON objects (kind, json_extract(body, '$.payment_intent'));
CREATE INDEX IF NOT EXISTS objects_by_payout ON objects (kind, json_extract(body, '$._payout'));
CREATE TABLE IF NOT EXISTS answered (
    key TEXT PRIMARY KEY, request TEXT NOT NULL, body TEXT NOT NULL, at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS deliveries (
    event TEXT PRIMARY KEY, attempts INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL, state TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS switches (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


NEWEST_FIRST, OLDEST_FIRST = "DESC", "ASC"
BEYOND = {
    order: f"position {further} (SELECT position FROM objects WHERE id = ?)"  # noqa: S608  our own words
    for order, further in {NEWEST_FIRST: "<", OLDEST_FIRST: ">"}.items()
}
COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
MODELESS = {"refund", "balance_transaction"}  # objects of which Stripe does not say whether they are real


class State:
    """The simulator's memory. Every change is on disk before it is answered."""

    def __init__(self, path: str | Path) -> None:
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.db = sqlite3.connect(path, isolation_level=None, timeout=10)
        self.db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + TABLES)

    def close(self) -> None:
        self.db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Everything inside is kept together, or nothing is."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def wipe(self) -> None:
        for table in ("objects", "answered", "deliveries", "switches"):
            self.db.execute(f"DELETE FROM {table}")  # noqa: S608  our own names

    def now(self) -> int:
        """The time as the simulator has it: ours, moved by what a test has asked for."""
        return int(time.time()) + int(self.switch("clock", "0"))

    def switch(self, name: str, default: str) -> str:
        row = self.db.execute("SELECT value FROM switches WHERE name = ?", (name,)).fetchone()
        return row[0] if row else default

    def turn(self, name: str, value: str) -> None:
        self.db.execute("INSERT OR REPLACE INTO switches VALUES (?, ?)", (name, value))

    def add(self, kind: str, prefix: str, body: Tree) -> Tree:
        """Keep a new object and give it an id."""
        head = {"id": f"{prefix}_{secrets.token_hex(12)}", "object": kind, "created": self.now()}
        mode = {} if kind in MODELESS else {"livemode": False}
        made = {**head, **mode, **body}
        self.db.execute(
            "INSERT INTO objects (id, kind, body) VALUES (?, ?, ?)", (made["id"], kind, json.dumps(made))
        )
        return made

    def save(self, body: Tree) -> Tree:
        self.db.execute("UPDATE objects SET body = ? WHERE id = ?", (json.dumps(body), body["id"]))
        return body

    def get(self, kind: str, key: str, *, param: str = "id") -> Tree:
        row = self.db.execute("SELECT body FROM objects WHERE id = ? AND kind = ?", (key, kind)).fetchone()
        if row is None:
            message = f"No such {kind}: '{key}'"
            raise ApiError(message, status=404, code="resource_missing", param=param)
        return json.loads(row[0])

    def find(self, key: str) -> Tree | None:
        row = self.db.execute("SELECT body FROM objects WHERE id = ?", (key,)).fetchone()
        return json.loads(row[0]) if row else None

    def every(self, kind: str, **having: Any) -> list[Tree]:
        """All objects of a kind, newest first, whose fields have these values."""
        return self.some(kind, having)

    def some(
        self,
        kind: str,
        having: Tree,
        *,
        limit: int = -1,
        order: str = NEWEST_FIRST,
        beyond: str | None = None,
    ) -> list[Tree]:
        """Objects of a kind whose fields have these values, up to ``limit``, after the one named ``beyond``.

        A value may be a list, of which one must hold, or bounds such as ``{"gte": 5}``.
        """
        terms, values = ["kind = ?"], [kind]
        for name, value in having.items():
            term, operands = _condition(f"json_extract(body, '$.{name}')", value)
            terms.append(term)
            values += operands
        if beyond is not None:
            terms.append(BEYOND[order])
            values.append(beyond)
        rows = self.db.execute(
            f"SELECT body FROM objects WHERE {' AND '.join(terms)} "  # noqa: S608  our own names
            f"ORDER BY position {order} LIMIT ?",
            (*values, limit),
        )
        return [json.loads(row[0]) for row in rows]

    def total(self, kind: str, field: str, **having: Any) -> int:
        """The sum of a field over all objects of a kind whose fields have these values."""
        where = "".join(f" AND json_extract(body, '$.{name}') IS ?" for name in having)
        summed = f"SELECT sum(json_extract(body, '$.{field}')) FROM objects WHERE kind = ?{where}"  # noqa: S608
        return self.db.execute(summed, (kind, *having.values())).fetchone()[0] or 0


def _condition(field: str, value: Any) -> tuple[str, list[Any]]:
    if isinstance(value, list):
        return f"{field} IN ({', '.join('?' * len(value))})", value
    if isinstance(value, dict):
        terms = [f"{field} {COMPARISONS[name]} ?" for name in value]
        return " AND ".join(terms) or "1", [*value.values()]
    return f"{field} IS ?", [value]
