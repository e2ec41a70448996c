"""The table in which all processes keep what none may forget alone: rate limits, and counts for the menu."""

from typing import Any

from django.core.management import call_command


def make_table(**kwargs: Any) -> None:
    """Make the cache's table after ``migrate``, where there is none yet."""
    call_command("createcachetable", verbosity=0, database=kwargs.get("using", "default"))
