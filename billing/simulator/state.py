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
CREATE TABLE IF NOT EXISTS answered (
    key TEXT PRIMARY KEY, request TEXT NOT NULL, body TEXT NOT NULL, at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS deliveries (
    event TEXT PRIMARY KEY, attempts INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL, state TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS switches (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


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
        where = "".join(f" AND json_extract(body, '$.{name}') = ?" for name in having)
        rows = self.db.execute(
            f"SELECT body FROM objects WHERE kind = ?{where} ORDER BY position DESC",  # noqa: S608  our own names
            (kind, *having.values()),
        )
        return [json.loads(row[0]) for row in rows]
