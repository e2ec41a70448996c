"""Imports in the state that a test starts from."""

from __future__ import annotations

from catalog import applying, reading, receiving, reviewing
from catalog.models import Decision, Import


def received(key: str, data: bytes, *, by=None) -> Import:
    return receiving.receive(key, data=data, file_name=f"{key}.xlsx", by=by).run


def checked(key: str, data: bytes, *, by=None) -> Import:
    """Read and compared, waiting for somebody to review it."""
    run = received(key, data, by=by)
    reading.read(run, by=None)
    return run


def reviewed(key: str, data: bytes, *, by, verdict=Decision.Verdict.TAKE) -> Import:
    """Every line that needs it is decided in one way, and the list is handed in."""
    run = checked(key, data, by=by)
    if run.rows.undecided().exists():
        reviewing.decide(run, run.rows.undecided(), verdict=verdict, reason="Looked at.", by=by)
    reviewing.hand_in(run, by=by)
    return run


def applied(key: str, data: bytes, *, by, approver, verdict=Decision.Verdict.TAKE) -> Import:
    run = reviewed(key, data, by=by, verdict=verdict)
    reviewing.approve(run, by=approver)
    applying.work_off(run)
    return run
