"""Public pages kept in the memory of each web process, until anything that they tell of changes.

The database says when: triggers on every table that pages are made of notify the processes, whoever wrote.
A process that does not hear the database at the moment keeps nothing.
"""

from __future__ import annotations

import hashlib
import threading
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from clinic.models import Practice
from messaging import listening

if TYPE_CHECKING:
    from django.http import HttpResponse

PAGES = "pages"
MOST = 500
"""Pages that are kept; there are hardly ever more."""

# What pages are made of. Of people only some columns: whoever signs up or in changes no page.
TABLES = (
    "clinic_page",
    "clinic_snippet",
    "clinic_menuitem",
    "clinic_media",
    "clinic_practice",
    "clinic_practitioner",
    "clinic_roster",
    "clinic_appointmenttype",
    "clinic_questionnaire",
    "billing_fee",
)
OF_USERS = "given_name, family_name, is_active"
FUNCTIONS = f"""
CREATE OR REPLACE FUNCTION clinic_pages_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('{listening.PG_CHANNEL}', '{{"n": "{PAGES}"}}');
  RETURN NULL;
END $$;
"""


def statements() -> list[str]:
    """The triggers, as SQL."""
    events = dict.fromkeys(TABLES, "INSERT OR UPDATE") | {"clinic_user": f"UPDATE OF {OF_USERS}"}
    return [
        f'CREATE OR REPLACE TRIGGER "{table}_on_pages" AFTER {event} ON "{table}"'
        " FOR EACH STATEMENT EXECUTE FUNCTION clinic_pages_changed()"
        for table, event in events.items()
    ]


class Kept(NamedTuple):
    """An answer as it was given, and until when it holds: fees and hours are those of a day."""

    content: bytes
    headers: dict[str, str]
    until: datetime


class Shelf:
    """The pages of this process."""

    def __init__(self) -> None:
        self._pages: dict[str, Kept] = {}
        self._guard = threading.Lock()
        self.changes = 0
        """How often something changed. A page that was begun before a change is not kept after it."""

    def clear(self) -> None:
        with self._guard:
            self.changes += 1
            self._pages.clear()

    def find(self, address: str) -> Kept | None:
        kept = self._pages.get(address)
        if kept is None or not listening.MANAGER.hears or kept.until <= timezone.now():
            return None
        return kept

    def keep(self, address: str, page: Kept, *, begun_at: int) -> None:
        with self._guard:
            if begun_at == self.changes and listening.MANAGER.hears and len(self._pages) < MOST:
                self._pages[address] = page


SHELF = Shelf()


def begin() -> int:
    """Which state of things a page that is made now will tell of."""
    if settings.PAGES_KEPT:
        listening.MANAGER.start()
    return SHELF.changes


def offer(response: HttpResponse, *, begun_at: int, practice: Practice) -> None:
    """Mark an answer as one that may be kept: made when ``begun_at`` says, and good for today."""
    tomorrow = practice.today() + timedelta(days=1)
    until = datetime.combine(tomorrow, time(), ZoneInfo(practice.time_zone))
    response.headers["Cache-Control"] = (
        "public, no-cache"  # browsers ask each time, and are told if it is new
    )
    response.headers["ETag"] = f'"{hashlib.sha256(response.content).hexdigest()[:24]}"'
    response.offered = (begun_at, until)  # type: ignore[attr-defined]  # read by the middleware


def keep(address: str, response: HttpResponse) -> None:
    """Put an answer that was offered on the shelf, as it left everything below."""
    begun_at, until = getattr(response, "offered", (None, None))
    if begun_at is None or until is None or response.cookies or not settings.PAGES_KEPT:
        return
    SHELF.keep(address, Kept(response.content, dict(response.items()), until), begun_at=begun_at)
