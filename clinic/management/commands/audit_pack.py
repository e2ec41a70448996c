"""Writes an evidence pack: events of the audit trail with their proof, to be checked anywhere."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from clinic import packing
from clinic.models import AuditEvent
from config.base import Refused


def moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else timezone.make_aware(found)


class Command(BaseCommand):
    help = (
        "Write events of the audit trail, with all that proves them, into a zip that carries its own checker."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--out", metavar="FILE", type=Path, required=True)
        parser.add_argument("--from", dest="begin", type=moment, help="the first moment, such as 2027-01-31")
        parser.add_argument("--until", type=moment, help="the first moment that is not in it any more")
        parser.add_argument("--patient", type=UUID, help="only what concerns the patient with this key")

    def handle(self, *args: Any, **options: Any) -> None:
        events = AuditEvent.objects.all()
        wanted = {
            "at__gte": options["begin"], "at__lt": options["until"], "patient_id": options["patient"],
        }  # fmt: skip
        events = events.filter(**{name: value for name, value in wanted.items() if value})
        out: Path = options["out"]
        if out.exists():
            raise CommandError(f"{out} is already there. Name another file.")
        unfinished = out.with_name(f"{out.name}.part")
        try:
            # For its owner alone: it tells reasons that not everybody may read.
            handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                packed = packing.pack(events, to=file, by=None, why="From the command line.")
            unfinished.rename(out)
        except (Refused, OSError) as no:
            raise CommandError(str(no)) from no
        finally:
            unfinished.unlink(missing_ok=True)
        self.stdout.write(
            f"{packed.events} events in {out}; {packed.unsealed} are not sealed yet and left out."
        )
