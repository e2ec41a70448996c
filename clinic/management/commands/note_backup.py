"""Notes in the audit trail that a backup was made, or that the clinic was restored from one."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic import auditing
from clinic.models import AuditEvent

ACTIONS = {"made": AuditEvent.Action.BACKUP, "restored": AuditEvent.Action.RESTORE}


class Command(BaseCommand):
    help = (
        "Note in the audit trail that the backup FILE was made, or that this database was restored from it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=ACTIONS)
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *args: Any, what: str, file: Path, **options: Any) -> None:
        try:
            with file.open("rb") as content:
                digest = hashlib.file_digest(content, "sha256").hexdigest()
                size = content.tell()
        except OSError as no:
            raise CommandError(f"{file} cannot be read: {no.strerror}.") from no
        auditing.note(ACTIONS[what], by=None, sha256=digest, bytes=str(size))
        self.stdout.write(f"Noted: SHA-256 {digest}, {size} bytes.")
