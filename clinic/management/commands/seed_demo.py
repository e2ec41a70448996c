"""Fills an empty database with a clinic that never was, by calling the rules under a moved clock."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from billing.simulator.running import running
from clinic.demo import simulating

WIDTH = 30


class Command(BaseCommand):
    help = (
        "Fill an empty database with invented people and their past and coming weeks: bookings, payments, "
        "consultations, notes, scripts and messages. The same seed on the same day gives the same clinic."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, default=1, help="number that decides everything (default 1)")
        parser.add_argument("--patients", type=int, default=200, help="how many patients (default 200)")
        parser.add_argument("--days", type=int, default=42, help="how many past days (default 42)")
        parser.add_argument("--ahead", type=int, default=28, help="how many days to come (default 28)")
        parser.add_argument("--if-empty", action="store_true", help="do nothing where a clinic exists")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Demo people have no place in production: set ENVIRONMENT=demo.")
        if not simulating.is_empty():
            if options["if_empty"]:
                return
            raise CommandError("There is a clinic in this database already. Start with an empty one.")
        if min(options["patients"], options["days"], options["ahead"] + 1) < 1:
            raise CommandError("Give at least one patient and one day.")
        self.seed(options)

    def seed(self, options: dict[str, Any]) -> None:
        plan = simulating.Plan(options["seed"], options["patients"], options["days"], options["ahead"])
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = off")  # a crash would start this over anyway
        with running(settings.SIMULATOR_STATE) as till:
            settings.STRIPE_API_BASE = till.address
            simulation = simulating.Simulation(plan, till=till, progress=self.progress)
            told = simulation.run()
            till.control("clock", 0)
            till.control("webhooks", "normal")
        self.stderr.write("Demo clinic: " + ", ".join(f"{n} {what}" for what, n in told.items()) + ".")

    def progress(self, done: int, of: int, what: str) -> None:
        """Draw a bar on a terminal; say nothing elsewhere."""
        if not sys.stderr.isatty():
            return
        filled = WIDTH * done // max(of, 1)
        bar = "█" * filled + "░" * (WIDTH - filled)
        end = "\n" if done >= of else ""
        sys.stderr.write(f"\rDemo clinic {bar} {100 * done // max(of, 1):3}%  {what:24}{end}")
        sys.stderr.flush()
