"""Tells which records the owner of the database may destroy now."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic import retaining
from clinic.models import Practice

TOLD = ("patient_key", "name", "born_on", "first_on", "last_on", "approved_at")


class Command(BaseCommand):
    help = "List the records that were approved for destruction and are under no hold. Nothing is destroyed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=["text", "json"], default="text")
        parser.add_argument("--only", metavar="KEY", help="ask for one patient; fails when it is not listed")

    def handle(self, *args: Any, only: str | None, **options: Any) -> None:
        lines = retaining.worksheet(Practice.objects.current().today())
        if only is not None:
            lines = lines.filter(patient_key=_key(only))
        found = [*lines.values(*TOLD)]
        if only is not None and not found:
            raise CommandError("This record is not to be destroyed now. Look for a hold, or a newer entry.")
        if options["format"] == "json":
            self.stdout.write(json.dumps(found, default=str, indent=1))
            return
        for one in found:
            period = f"{one['first_on']:%d/%m/%Y} to {one['last_on']:%d/%m/%Y}"
            self.stdout.write(
                f"{one['patient_key']}  {one['name']}, born {one['born_on']:%d/%m/%Y}, {period}"
            )


def _key(told: str) -> UUID:
    try:
        return UUID(told)
    except ValueError:
        raise CommandError(f"“{told}” is no key of a patient.") from None
