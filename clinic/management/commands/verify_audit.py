"""Shows that the audit trail is whole, or names the first row that is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic import anchoring, demonstrating


class Command(BaseCommand):
    help = (
        "Check the chain over the audit trail, its seals, and its anchors in the table, in storage and in the"
        " files given. Exits with 1 if something was changed, and names the first row of each kind of fault."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=["text", "json"], default="text", help="how to print")
        parser.add_argument(
            "--anchor",
            metavar="FILE",
            type=Path,
            action="append",
            default=[],
            help="an anchor that was kept elsewhere: a file, or a saved letter",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # Before the snapshot begins: an anchor that is made meanwhile must not seem to know the future.
        told, strange = anchoring.gather(options["anchor"])
        outcome = demonstrating.verify(anchors=told, progress=self._progress)
        faults = [*outcome.faults, *strange]
        if options["format"] == "json":
            found = [fault._asdict() for fault in faults]
            whole = {"met": not faults, "events": outcome.events, "seals": outcome.seals, "faults": found}
            self.stdout.write(json.dumps(whole))
        else:
            for fault in faults:
                self.stdout.write(f"FAILED {fault.kind}: {fault.row}: {fault.sentence}")
            self.stdout.write(f"{outcome.events} events in {outcome.seals} seals, {len(told)} anchors.")
        if faults:
            raise CommandError("The audit trail is not as it was written.", returncode=1)

    def _progress(self, done: int, of: int) -> None:
        if self.stderr.isatty():
            width = 30 * done // max(of, 1)
            self.stderr.write(f"\r{'#' * width:30} {done} of {of}", ending="\n" if done == of else "")
