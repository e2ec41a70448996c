"""Writes the demo clinic's public site where it is missing; seed_demo does it too."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from clinic import roles
from clinic.demo import website
from config.base import Refused


class Command(BaseCommand):
    help = (
        "Write the pages, menus, snippets and pictures of the demo clinic's public site. What is there"
        " already stays as it is: running it again changes nothing."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Demo pages have no place in production: set ENVIRONMENT=demo.")
        manager = roles.who_may("clinic.publish_page").order_by("pk").first()
        if manager is None:
            raise CommandError("There is no manager who could publish them. Load the demo first: seed_demo.")
        try:
            made = website.write(manager)
        except Refused as no:
            raise CommandError(str(no)) from no
        self.stderr.write("Public site: " + ", ".join(f"{n} {what}" for what, n in made.items()) + " added.")
