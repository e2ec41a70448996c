"""Showing that the audit trail is whole, or which row is the first that is not.

The database walks through the chain part by part, so that memory stays bounded at any size; what is kept
elsewhere, the anchors, is compared with it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connection, transaction

from clinic.chaining import GENESIS

if TYPE_CHECKING:
    from collections.abc import Iterator

PART = 20_000
"""Links that are looked at in one statement."""


class Fault(NamedTuple):
    """What is wrong, with which row, and in words. ``kind`` is one of edit, delete, insert, swap, truncate,
    fork, clock, unsealed or anchor."""

    kind: str
    row: str
    sentence: str


class Outcome(NamedTuple):
    events: int
    seals: int
    faults: list[Fault]
    proved: int = 0
    """The number of the last link that was looked at."""
    is_whole: bool = True
    """Nothing was left for another time."""


def verify(
    *,
    anchors: Iterable[Any] = (),
    progress: Callable[[int, int], None] = lambda done, of: None,
    begin: int = 0,
    seconds: float | None = None,
) -> Outcome:
    """Walk through the chain; the first fault of the links, of the seals and of each comparison.

    ``anchors`` have a ``seal``, ``mark``, ``head``, ``events`` and a ``name``: where the chain stood then.
    After ``seconds`` it stops, and tells how far it came: ``begin`` there the next time. All but the links is
    compared when the last of them is reached.
    """
    with _one_moment(), connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(number), 0) FROM clinic_auditlink")
        links: int = cursor.fetchone()[0]
        cursor.execute("SELECT coalesce(max(number), 0), coalesce(max(last), 0) FROM clinic_auditseal")
        seals, sealed = cursor.fetchone()
        bad, proved = _first_of_links(cursor, links, progress, begin, seconds)
        if proved < links and bad is None:
            return Outcome(links, seals, [], proved, is_whole=False)
        faults = [
            bad,
            _first_of_seals(cursor),
            _ends(links, sealed),
            _outside(cursor, seals),
            *(_beside(cursor, anchor, seals) for anchor in anchors),
        ]
    return Outcome(links, seals, [fault for fault in faults if fault], proved)


@contextmanager
def _one_moment() -> Iterator[None]:
    """Everything that is compared is of one moment, while the clinic goes on."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            connection.cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


LINKS = f"""
WITH part AS (
  SELECT number, id, hash, coalesce(lag(number) OVER w, %(before)s) AS number_before,
    CASE WHEN number = 1 THEN decode('{GENESIS}', 'hex') ELSE lag(hash) OVER w END AS hash_before
  FROM clinic_auditlink WHERE number BETWEEN %(before)s AND %(last)s WINDOW w AS (ORDER BY number)
)
SELECT p.number, p.id, p.number_before, p.hash_before, p.hash, e.id IS NULL
FROM part p LEFT JOIN clinic_auditevent e ON e.id = p.id
WHERE p.number > %(before)s AND (p.number <> p.number_before + 1 OR e.id IS NULL
  OR p.hash IS DISTINCT FROM sha256(p.hash_before || clinic_audit_digest(e)))
ORDER BY p.number LIMIT 1
"""


def _first_of_links(
    cursor: Any, links: int, progress: Callable[[int, int], None], begin: int, seconds: float | None
) -> tuple[Fault | None, int]:
    """The first link that proves something else, and the last that was looked at."""
    ends = None if seconds is None else time.monotonic() + seconds
    for before in range(begin, links, PART):
        cursor.execute(LINKS, {"before": before, "last": before + PART})
        reached = min(before + PART, links)
        if row := cursor.fetchone():
            return _named(cursor, *row), reached
        progress(reached, links)
        if ends and time.monotonic() > ends:
            return None, reached
    return None, links


def _named(cursor: Any, number: int, key: Any, before: int, *rest: Any) -> Fault:
    hash_before, own, is_gone = rest
    if number != before + 1:
        return Fault(
            "delete", str(key), f"Between links {before} and {number} of the chain some are missing."
        )
    if is_gone:
        return Fault("delete", str(key), f"The event of link {number} is gone.")
    # Of two that changed places, each says what the other's link proves.
    cursor.execute(
        """SELECT l.id, l.number FROM clinic_auditlink l JOIN clinic_auditevent e ON e.id = l.id
           WHERE l.number BETWEEN %s AND %s AND sha256(%s || clinic_audit_digest(e)) IN (%s, l.hash)
           ORDER BY l.number LIMIT 1""",
        [number + 1, number + PART, hash_before, own],
    )
    if other := cursor.fetchone():
        told = f"The event of link {number} stands where that of link {other[1]} ({other[0]}) was."
        return Fault("swap", str(key), told)
    return Fault("edit", str(key), f"The event of link {number} does not say any more what was sealed.")


SEALS = f"""
WITH row AS (
  SELECT s, number, first, last, head, mark, recorded_at,
    coalesce(lag(number) OVER w, 0) AS number_before, coalesce(lag(last) OVER w, 0) AS last_before,
    coalesce(lag(mark) OVER w, '{GENESIS}') AS mark_before, lag(recorded_at) OVER w AS at_before
  FROM clinic_auditseal s WINDOW w AS (ORDER BY number)
), judged AS (
  SELECT row.number, CASE
    WHEN row.number <> number_before + 1 OR first <> last_before + 1 THEN 'delete'
    WHEN row.head IS DISTINCT FROM encode(l.hash, 'hex') THEN 'fork'
    WHEN row.mark IS DISTINCT FROM clinic_seal_mark(mark_before, row.s) THEN 'edit'
    WHEN recorded_at < at_before THEN 'clock' END AS kind
  FROM row LEFT JOIN clinic_auditlink l ON l.number = row.last
)
SELECT number, kind FROM judged WHERE kind IS NOT NULL ORDER BY number LIMIT 1
"""
OF_SEALS = {
    "delete": "Seals before seal {number} are missing.",
    "fork": "Seal {number} proves another chain than the one that is here.",
    "edit": "Seal {number} does not say any more what it said.",
    "clock": "Seal {number} is dated before the one before it: the clock or the date was set back.",
}


def _first_of_seals(cursor: Any) -> Fault | None:
    cursor.execute(SEALS)
    if row := cursor.fetchone():
        number, kind = row
        return Fault(kind, f"seal {number}", OF_SEALS[kind].format(number=number))
    return None


def _ends(links: int, sealed: int) -> Fault | None:
    if links < sealed:
        return Fault("truncate", f"link {links + 1}", f"The chain ends at {links}; seals go to {sealed}.")
    if links > sealed:
        return Fault(
            "truncate", f"link {sealed + 1}", f"The seals end at {sealed}; the chain goes to {links}."
        )
    return None


def _outside(cursor: Any, seals: int) -> Fault | None:
    """Events that no link proves, although all of their time are sealed."""
    cursor.execute(
        """SELECT e.id, e.tx < clinic_audit_tail() FROM clinic_auditevent e
           WHERE (e.tx < (SELECT clinic_audit_tail())
                  OR e.at < now() - interval '5 minutes' AND e.tx < (SELECT clinic_audit_horizon()))
             AND NOT EXISTS (SELECT FROM clinic_auditlink l WHERE l.id = e.id)
           ORDER BY e.tx, e.id LIMIT 1"""
    )
    row = cursor.fetchone()
    if row is None:
        return None
    if row[1]:
        return Fault("insert", str(row[0]), "This event was put in after all of its time were sealed.")
    told = "It waits for its seal for more than five minutes." if seals else "Nothing was ever sealed."
    return Fault("unsealed", str(row[0]), f"{told} Is a worker running?")


def _beside(cursor: Any, anchor: Any, seals: int) -> Fault | None:
    """What an anchor says of a seal, beside what the seal says now."""
    if anchor.seal > seals:
        told = f"{anchor.name} knows {anchor.seal} seals over {anchor.events} events; here are {seals}."
        return Fault("truncate", f"seal {seals + 1}", told)
    cursor.execute("SELECT mark, head, last FROM clinic_auditseal WHERE number = %s", [anchor.seal])
    if cursor.fetchone() != (anchor.mark, anchor.head, anchor.events):
        told = (
            f"{anchor.name} says of seal {anchor.seal} something else than the seal: the trail was rewritten."
        )
        return Fault("fork", f"seal {anchor.seal}", told)
    return None
