"""Draws every model's MOVES into docs/states.md, and tells whether the page is up to date."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.base import Stateful

PAGE = "docs/states.md"
HEAD = """# The lives of the records

Drawn from `MOVES` on the models by `make manage CMD=state_diagrams`; do not edit by hand.
"""


class Command(BaseCommand):
    help = f"Draw every model's MOVES into {PAGE}. With --check, only fail when that page is out of date."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="only compare")

    def handle(self, *args: Any, **options: Any) -> None:
        page = settings.BASE_DIR / PAGE
        drawn = "\n".join([HEAD, *_diagrams()])
        if not options["check"]:
            page.parent.mkdir(exist_ok=True)
            page.write_text(drawn)
        elif not page.exists() or page.read_text() != drawn:
            raise CommandError(f"{PAGE} is out of date: run make manage CMD=state_diagrams and commit it.")


def _diagrams() -> Iterator[str]:
    for model in sorted(apps.get_models(), key=lambda model: model._meta.label):
        if not issubclass(model, Stateful):
            continue
        yield f"## {model._meta.label}\n\n{model.__doc__}\n\n```mermaid\nstateDiagram-v2"
        yield f"    [*] --> {model._meta.get_field('status').default}"
        for status, following in model.MOVES.items():
            yield from (f"    {status} --> {after}" for after in sorted(following))
        yield "```\n"
