"""One import from the file to the catalogue, in a process whose memory is all its own.

``python -m config.benchmarks.bringing_in SUPPLIER FILE`` prints what it did and what it took, as JSON.
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path

import django

from config.benchmarks.reports import CannotMeasure

KILOBYTES = 1024  # in a megabyte; the kernel tells the most memory in these


def bring_in(key: str, path: Path) -> dict[str, float]:
    """The steps of a list that a worker reads, that nobody has to look at, and that a worker applies."""
    from catalog import applying, reading, receiving, reviewing  # noqa: PLC0415  Django is up only now

    took, began = {}, time.perf_counter()
    run, _ = receiving.receive(key, data=path.read_bytes(), file_name=path.name, by=None)
    reading.read(run, by=None)
    took["read_s"] = time.perf_counter() - began
    reviewing.approve_at_terminal(run, by=None)
    took["review_s"] = time.perf_counter() - began - took["read_s"]
    applying.work_off(run)
    took["seconds"] = time.perf_counter() - began
    took["apply_s"] = took["seconds"] - took["read_s"] - took["review_s"]
    return took | run.change_sets.get().counts | {"peak_mb": peak_mb()}


def peak_mb() -> float:
    """The most memory of this process so far; ``getrusage`` would count that of whoever started it, too."""
    told = re.search(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    if told is None:
        raise CannotMeasure("The kernel does not tell how much memory was used.")
    return int(told[1]) / KILOBYTES


if __name__ == "__main__":
    django.setup()
    print(json.dumps(bring_in(sys.argv[1], Path(sys.argv[2]))))
