"""Import the price list of a supplier."""

from __future__ import annotations

import json
import sys
from argparse import RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from catalog import importing
from catalog.importing import Result
from catalog.sheets import LAYOUTS
from config.base import Refused

REFUSED, WRONG_USE = 1, 2
LONGEST_LIST = 40


class Command(BaseCommand):
    """Reads a workbook, compares it with the catalogue, and applies it when told to."""

    help = """Import the price list of a supplier.

Reads the workbook, checks every line and compares it with the catalogue.
Without --apply the import waits in the staff site for somebody to apply it.

  --dry-run       compare and print, write nothing
  --apply --yes   apply at once
  --apply         apply after a question

A product that we have keeps its strength: a line that would change it or casts
doubt on it is left out, to be decided about in the staff site.
A new one whose strength is in doubt comes in as stated, and cannot be prescribed
before somebody has looked at it.

A line that cannot be read never stops the others: it is kept and shown with
its cell and the reason. The same file twice changes nothing and says so.

Exit status: 0 done, 1 the file was refused, 2 wrong use."""

    supplier = ""  # a command of one supplier names it

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        if not self.supplier:
            parser.add_argument(
                "supplier", metavar="SUPPLIER", choices=list(LAYOUTS), help=", ".join(LAYOUTS)
            )
        parser.add_argument("file", metavar="FILE", type=Path, help="the workbook (.xlsx)")
        parser.add_argument(
            "--dry-run", action="store_true", help="print what would happen and write nothing"
        )
        parser.add_argument("--apply", action="store_true", help="carry the list into the catalogue")
        parser.add_argument("--yes", action="store_true", help="apply without asking")
        parser.add_argument("--format", choices=["text", "json"], default="text", help="what to print")

    def handle(self, *, file: Path, supplier: str = "", **options: Any) -> None:
        key = supplier or self.supplier
        if options["dry_run"] and options["apply"]:
            self._stop("Choose either --dry-run or --apply.", WRONG_USE)
        if options["yes"] and not options["apply"]:
            self._stop("--yes belongs to --apply.", WRONG_USE)
        try:
            data = file.read_bytes()
        except OSError as problem:
            self._stop(f"{file} cannot be read: {problem.strerror}.", WRONG_USE)
        try:
            result = self._import(key, data, file.name, options)
        except Refused as no:
            self._stop(str(no), REFUSED)
        self._print(result, options)

    def _import(self, key: str, data: bytes, file_name: str, options: dict[str, Any]) -> Result:
        if options["dry_run"]:
            return importing.examine(key, data=data)
        if options["apply"] and not options["yes"]:
            self._ask(importing.examine(key, data=data))
        return importing.bring_in(key, data=data, file_name=file_name, by=None, apply_now=options["apply"])

    def _ask(self, result: Result) -> None:
        if not sys.stdin.isatty():
            self._stop("Nobody is there to ask; add --yes to apply without a question.", WRONG_USE)
        self.stderr.write(f"{_sentence(result)} Apply? [y/N] ", ending="")
        self.stderr.flush()
        if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
            self._stop("Nothing was applied.", REFUSED)

    def _print(self, result: Result, options: dict[str, Any]) -> None:
        if options["format"] == "json":
            self.stdout.write(json.dumps(result.as_json(), indent=1, ensure_ascii=False))
            return
        self.stdout.write(_sentence(result))
        said = [finding for line in result.comparison.lines for finding in line.offer.findings] + result.notes
        for finding in said[:LONGEST_LIST]:
            self.stdout.write(f"  {finding.severity}: {finding}")
        if len(said) > LONGEST_LIST:
            self.stdout.write(f"  and {len(said) - LONGEST_LIST} more; --format json shows all.")
        self.stdout.write(_ending(result, options))

    def _stop(self, sentence: str, status: int) -> None:
        self.stderr.write(sentence)
        sys.exit(status)


def _sentence(result: Result) -> str:
    t = result.totals
    return (
        f"{t['read']} lines read: {t['new']} new, {t['changed']} changed, {t['unchanged']} unchanged, "
        f"{t['errors']} not taken, {t['gone']} gone from the list, {t['review']} to review."
    )


def _ending(result: Result, options: dict[str, Any]) -> str:
    if result.seen_before:
        return (
            f"This file was applied before, on {result.seen_before.applied_at:%d %B %Y}; nothing has changed."
        )
    if options["dry_run"]:
        return "Nothing was written."
    if options["apply"] and result.left_out:
        lines = "One line is" if result.left_out == 1 else f"{result.left_out} lines are"
        return (
            f"Applied. {lines} left out because somebody has to look at the strength: "
            "send the file in the staff site under Imports to decide."
        )
    if options["apply"]:
        return "Applied."
    return "The import waits in the staff site under Imports."
