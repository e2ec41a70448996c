"""Asks whether all that must always be true of the stored rows is true."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic import inspecting
from clinic.models import Inspection


class Command(BaseCommand):
    help = (
        "Check what must always be true of the stored rows: no time sold twice, no payment without its"
        " appointment, and so on. Exits with 1 if a check fails, and names some of the rows."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=["text", "json"], default="text", help="how to print")

    def handle(self, *args: Any, **options: Any) -> None:
        inspection = inspecting.inspect()
        if options["format"] == "json":
            self.stdout.write(json.dumps({"met": not inspection.failed, "checks": inspection.findings}))
        else:
            self.stdout.write(_sheet(inspection))
        if inspection.failed:
            raise CommandError(f"{inspection}. Look at the rows that are named.", returncode=1)


def _sheet(inspection: Inspection) -> str:
    lines = []
    for found in inspection.findings:
        broken = found["broken"]
        lines.append(f"{'FAILED' if broken else 'ok':7}{found['name']}: {found['sentence']}")
        if broken:
            lines.append(f"       {broken} broken, such as {', '.join(found['examples'])}")
    return "\n".join(lines)
