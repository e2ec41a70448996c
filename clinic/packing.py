"""Evidence packs: events of the audit trail with all that proves them, to be checked without our server.

A pack of a choice of events proves each of them: for every seal that one stands in there are the digests of
all its links, which tell nothing of the other events, and all seals from there to the newest, which the
anchors vouch for. What is in it is said in a signed manifest; ``verify.py`` checks it all.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.utils import timezone

from clinic import auditing, chaining
from clinic.models import AuditAnchor, AuditEvent
from config import evidence, signing
from config.base import Refused
from config.hashing import canonical

if TYPE_CHECKING:
    from clinic.models import User
    from clinic.models.audit import AuditEventQuerySet

ROWS = 2_000
MOST = 200_000
"""Events of a pack that is made in a browser; `manage.py audit_pack` writes longer ones."""


class CannotPack(Refused):
    """There is nothing to pack, or nothing to sign it with."""


class Packed(NamedTuple):
    events: int
    unsealed: int


def pack(events: AuditEventQuerySet, *, to: IO[bytes], by: User | None, why: str = "") -> Packed:
    """Write the sealed ones of ``events`` and their proof into ``to`` as a zip, and note the export.

    What is not sealed yet, some of the last minute, is left out and counted.

    :raises CannotPack: none of them is sealed, or there is no key to sign with
    """
    try:
        key = signing.public_key()
    except signing.NoKey as no:
        raise CannotPack(f"The pack cannot be signed: {no}") from no
    with transaction.atomic(), tempfile.TemporaryDirectory() as name, connection.cursor() as cursor:
        folder = Path(name)
        _choose(cursor, events)
        cursor.execute("SELECT count(*), count(number) FROM packed")
        chosen, sealed = cursor.fetchone()
        if not sealed:
            raise CannotPack(
                "None of these events is sealed yet. Choose others, or try again in two minutes."
            )
        manifest = {
            "by": str(by.pk) if by else None,
            "complete": _write(cursor, folder),
            "events": sealed,
            "files": {file.name: _digest(file) for file in sorted(folder.iterdir())},
            "form": 1,
            "key": key,
            "keys": signing.known_keys(),
            "made_at": timezone.now().isoformat(),
        }
        cursor.execute("DROP TABLE packed")
        auditing.note(
            AuditEvent.Action.EXPORT, by=by, record=AuditEvent, why=why, rows=str(sealed), kind="evidence"
        )
        _zip(folder, canonical(manifest), to)
    return Packed(sealed, chosen - sealed)


def _choose(cursor: Any, events: AuditEventQuerySet) -> None:
    cursor.execute("CREATE TEMP TABLE packed (id uuid, number bigint) ON COMMIT DROP")
    try:
        sql, values = events.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:  # Django sees without asking that there can be none
        return
    chosen = f"SELECT e.id, l.number FROM ({sql}) e(id) LEFT JOIN clinic_auditlink l ON l.id = e.id"
    cursor.execute(f"INSERT INTO packed {chosen}", values)


def _write(cursor: Any, folder: Path) -> bool:
    """Write the files; whether every event of the seals concerned is among them."""
    events = _rows(
        """SELECT p.number, clinic_audit_content(e) FROM packed p JOIN clinic_auditevent e ON e.id = p.id
           WHERE p.number IS NOT NULL ORDER BY p.number"""
    )
    _lines(folder / "events.jsonl", ({"number": n, "event": json.loads(text)} for n, text in events))
    cursor.execute(
        """CREATE TEMP TABLE concerned ON COMMIT DROP AS SELECT s.number, s.first, s.last
           FROM clinic_auditseal s WHERE EXISTS
             (SELECT FROM packed p WHERE p.number BETWEEN s.first AND s.last)"""
    )
    links = _rows(
        """SELECT c.number, coalesce((SELECT head FROM clinic_auditseal b WHERE b.number = c.number - 1), ''),
             array_agg(encode(clinic_audit_digest(e), 'hex') ORDER BY l.number)
           FROM concerned c JOIN clinic_auditlink l ON l.number BETWEEN c.first AND c.last
           JOIN clinic_auditevent e ON e.id = l.id GROUP BY c.number ORDER BY c.number"""
    )
    _lines(
        folder / "links.jsonl",
        ({"seal": n, "before": head, "digests": digests} for n, head, digests in links),
    )
    seals = _rows(
        """SELECT clinic_seal_content(s), mark,
             coalesce((SELECT b.mark FROM clinic_auditseal b WHERE b.number = s.number - 1), %s)
           FROM clinic_auditseal s WHERE number >= (SELECT min(number) FROM concerned) ORDER BY number""",
        chaining.GENESIS,
    )
    _lines(
        folder / "seals.jsonl",
        ({**json.loads(text), "mark": mark, "before": before} for text, mark, before in seals),
    )
    anchors = AuditAnchor.objects.order_by("day").values_list("document", "signature")
    _lines(
        folder / "anchors.jsonl",
        ({"anchor": json.loads(text), "signature": signature} for text, signature in anchors),
    )
    (folder / "verify.py").write_bytes(Path(evidence.__file__).read_bytes())
    cursor.execute("""SELECT (SELECT sum(last - first + 1) FROM concerned) = count(number) FROM packed""")
    complete: bool = cursor.fetchone()[0]
    cursor.execute("DROP TABLE concerned")
    return complete


def _rows(sql: str, *values: Any) -> Iterator[Any]:
    """Rows of a statement as they come, so that a big pack takes no more memory than a small one."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, values or None)
        while rows := cursor.fetchmany(ROWS):
            yield from rows


def _lines(path: Path, rows: Iterable[Any]) -> None:
    with path.open("wb") as file:
        file.writelines(canonical(row) + b"\n" for row in rows)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _zip(folder: Path, manifest: bytes, to: IO[bytes]) -> None:
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)
        archive.writestr("manifest.json", manifest)
        archive.writestr("manifest.sig", signing.sign(manifest) + "\n")
