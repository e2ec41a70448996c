"""Writes the list of passwords that nobody may choose."""

from __future__ import annotations

import gzip
import heapq
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.management.base import BaseCommand, CommandError

from config import passwords

ROOM = 900_000
"""So many fit into the file with one good password in a thousand refused wrongly."""


class Command(BaseCommand):
    help = (
        "Write config/breached.bloom from Django's list of common passwords and, if named, from a file of "
        "Have I Been Pwned (lines SHA1:count), the most frequent first."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="SHA1:count, one a line; may be .gz")
        parser.add_argument("--to", type=Path, default=passwords.FILE)
        parser.add_argument("--most", type=int, default=ROOM)

    def handle(self, *args: Any, file: Path | None, to: Path, most: int, **options: Any) -> None:
        sums = {passwords.sum_of(text) for text in CommonPasswordValidator().passwords}
        if file:
            sums |= set(_most_frequent(file, most=most))
        to.write_bytes(passwords.Bloom.of(sorted(sums), count=len(sums)).write())
        self.stdout.write(f"{len(sums)} passwords in {to.stat().st_size} bytes.")


def _most_frequent(file: Path, *, most: int) -> Iterable[bytes]:
    """The sums of the ``most`` passwords that were seen most often."""
    try:
        with gzip.open(file, "rt") if file.suffix == ".gz" else file.open() as lines:
            pairs = (line.strip().partition(":") for line in lines if line.strip())
            read = ((int(count or 1), bytes.fromhex(text)) for text, _, count in pairs)
            chosen = heapq.nlargest(most, read)
    except (OSError, ValueError) as no:
        raise CommandError(f"{file} is not a list of lines SHA1:count. Please name another file.") from no
    if any(len(found) != 20 for _, found in chosen):
        raise CommandError(f"{file} has sums that are no SHA-1. Please name another file.")
    return [found for _, found in chosen]
