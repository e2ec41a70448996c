"""What a start may leave out because nothing has changed since the last one."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import psycopg

from config.supervisor import postgres
from config.supervisor.surroundings import BASE

CODE = ("config", "clinic", "catalog", "billing", "messaging")
ASSETS = (".css", ".js", ".svg", ".png", ".jpg", ".webp", ".woff2", ".ico", ".webmanifest")
COLLECTED = BASE / ".static" / "staticfiles.json"


def stale(state: Path) -> set[str]:
    """Say which of ``static`` and ``tables`` must be made again."""
    kept = _kept(state)
    return {
        name
        for name, fingerprint in fingerprints().items()
        if not fingerprint or kept.get(name) != fingerprint
    }


def keep(state: Path) -> None:
    """Remember that everything is made as things are now."""
    (state / "made.json").write_text(json.dumps(fingerprints()))


def fingerprints() -> dict[str, str]:
    """What each depends on; nothing where it has to be made every time."""
    applied = applied_migrations()
    installed = [BASE / "uv.lock"]
    # Not the migrations alone: what runs after them writes schedules, permissions and triggers from code.
    code = [path for name in CODE for path in (BASE / name).rglob("*.py") if "tests" not in path.parts]
    return {
        "static": _digest([*installed, *_assets()]) if COLLECTED.exists() else "",
        "tables": f"{_digest([*installed, *code])} {applied}" if applied else "",
    }


def applied_migrations() -> str:
    """A digest of the migrations that the embedded database has had; nothing for any other database."""
    if os.environ.get("DATABASE_URL"):
        return ""
    where = postgres.address(postgres.default_data(BASE))
    with psycopg.connect(
        host=where["HOST"], port=where["PORT"], user=where["USER"], dbname=where["NAME"]
    ) as connection:
        if connection.execute("SELECT to_regclass('django_migrations')").fetchone() == (None,):
            return ""
        rows = connection.execute("SELECT app, name, applied FROM django_migrations ORDER BY id").fetchall()
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def _assets() -> Iterator[Path]:
    for name in (*CODE, "templates"):
        yield from (path for path in (BASE / name).rglob("*") if path.suffix in ASSETS)


def _digest(paths: Iterable[Path]) -> str:
    """A digest of names, times and sizes; reading thousands of files would cost more than it saves."""
    found = ((str(path), status.st_mtime_ns, status.st_size) for path in paths for status in [path.stat()])
    return hashlib.sha256(repr(sorted(found)).encode()).hexdigest()


def _kept(state: Path) -> dict[str, str]:
    try:
        kept = json.loads((state / "made.json").read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}
