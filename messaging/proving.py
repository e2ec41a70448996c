"""When the two sides of a call were connected, worked out from what each of them said and nothing else.

A stretch runs while both say that they are connected. It ends with the first word to the contrary, of either
side or of the server that heard nothing of one. What one side says alone never makes or lengthens a stretch.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from messaging.models import CallReport, Modality

Kind = CallReport.Kind
CONNECTS = {Kind.CONNECTED, Kind.RESUMED}
PARTS = {Kind.INTERRUPTED, Kind.LEFT, Kind.LOST, Kind.JOINED}


class Report(Protocol):
    """What ``CallReport`` tells."""

    side_id: UUID
    kind: str
    modality: str
    at: datetime


@dataclass(frozen=True)
class Side:
    """How one side stands after all that was said."""

    is_here: bool = False
    is_connected: bool = False
    was_connected: bool = False
    """Whether the two ever reached each other from this side."""
    modality: str = Modality.AUDIO

    def after(self, report: Report) -> Side:
        kind = Kind(report.kind)
        connects, parts = kind in CONNECTS, kind in PARTS
        return replace(
            self,
            is_here=kind not in {Kind.LEFT, Kind.LOST},
            is_connected=connects or (self.is_connected and not parts),
            was_connected=self.was_connected or connects,
            modality=report.modality,
        )


NOBODY = Side()


@dataclass(frozen=True)
class Stretch:
    """A time in which both were connected; with a picture only while both sent theirs."""

    modality: str
    started_at: datetime
    ended_at: datetime | None = None


def sides(reports: Iterable[Report]) -> dict[UUID, Side]:
    """How each side stands after ``reports``, which come in order."""
    found: dict[UUID, Side] = {}
    for report in reports:
        found[report.side_id] = found.get(report.side_id, NOBODY).after(report)
    return found


def stretches(reports: Iterable[Report]) -> list[Stretch]:
    """The times in which both were connected, after ``reports``, which come in order.

    A clock that is behind what was said before counts as that: stretches never overlap, none ends before it
    starts, and what is said later changes none that has ended.
    """
    found: list[Stretch] = []
    now: dict[UUID, Side] = {}
    latest: datetime | None = None
    for report in reports:
        now[report.side_id] = now.get(report.side_id, NOBODY).after(report)
        latest = max(latest, report.at) if latest else report.at
        running = found[-1] if found and found[-1].ended_at is None else None
        modality = together(now)
        if running and running.modality != modality:
            found[-1] = replace(running, ended_at=latest)
            running = None
        if modality and not running:
            found.append(Stretch(modality, latest))
    return found


def together(now: dict[UUID, Side]) -> str:
    """In which modality two sides are connected; empty where they are not."""
    connected = [side for side in now.values() if side.is_connected]
    if len(connected) < 2:
        return ""
    return Modality.VIDEO if all(one.modality == Modality.VIDEO for one in connected) else Modality.AUDIO
