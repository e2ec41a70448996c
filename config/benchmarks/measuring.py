"""Measuring times of calls, and the memory that processes really take."""

import statistics
import time
from collections.abc import Callable, Iterable
from http.client import HTTPConnection

import psutil

from config.benchmarks.reports import CannotMeasure

MEGABYTE = 1024 * 1024


def times(call: Callable[[], object], *, rounds: int, warm_up: int) -> list[float]:
    """Milliseconds that each of ``rounds`` calls took, after some that do not count."""
    for _ in range(warm_up):
        call()
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        call()
        taken.append((time.perf_counter() - started) * 1000)
    return taken


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


def fetcher(port: int, path: str, **headers: str) -> Callable[[], bytes]:
    """Make a function that fetches a page over one kept connection.

    :raises CannotMeasure: later, when the page is not the one that was meant.
    """
    connection = HTTPConnection("127.0.0.1", port, timeout=30)

    def fetch() -> bytes:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise CannotMeasure(f"{path} answered {answer.status}.")
        return body

    return fetch


def memory(pids: Iterable[int]) -> float:
    """Megabytes of these processes and all they started, shared pages counted once among those who share."""
    family = set()
    for process in map(psutil.Process, pids):
        family |= {process, *process.children(recursive=True)}
    return sum(map(share, family)) / MEGABYTE


def share(process: psutil.Process) -> int:
    found = process.memory_full_info()
    return int(getattr(found, "pss", found.uss))  # only Linux knows the proportional share
