"""Writes a patient's whole file as a zip archive: to read, and for machines."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from clinic import copying
from clinic.models import Patient


class Command(BaseCommand):
    help = "Write everything about one patient that they may have as a zip archive. It is noted in the trail."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("patient", help="their key, or the e-mail address they sign in with")
        parser.add_argument(
            "--out", required=True, type=Path, help="the file to write; it must not exist yet"
        )

    def handle(self, *args: Any, patient: str, out: Path, **options: Any) -> None:
        found = _find(patient)
        content = copying.write(found, tell=self._tell)
        try:
            # For its owner alone: it is a whole medical file.
            with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
        except OSError as problem:
            raise CommandError(f"{out} cannot be written: {problem.strerror}.") from None
        copying.note_export(found)
        self.stdout.write(f"{out}: {len(content)} bytes.")

    def _tell(self, percent: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{percent} %", ending="")


def _find(patient: str) -> Patient:
    asked = Q(user__email__iexact=patient)
    with suppress(ValueError):  # an address, then
        asked |= Q(pk=UUID(patient))
    found = Patient.objects.select_related("user").filter(asked).first()
    if found is None:
        raise CommandError(f"There is no patient “{patient}”. Give their key or their e-mail address.")
    return found
