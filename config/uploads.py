"""Files from outside: made anew from what they show, in a process of its own, before anybody keeps them.

What people send is never kept as it came. A picture is decoded and written again, so that the place where
it was taken, its camera and whatever else hides in it are gone; a PDF keeps its pages and loses everything
that acts. Decoders of pictures and PDFs are large and old, and what they read is not ours: they run in a
child process with little memory, little time, no file to write to and none of our secrets. A leaf.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import NamedTuple

from config.base import Refused

LARGEST = 10 * 1024 * 1024
"""Bytes that one file may have as it comes."""
PATIENCE = 25
"""Seconds that the child may take, and no page waits longer for."""
AT_ONCE = threading.BoundedSemaphore(2)
"""Each child may hold a gigabyte: a crowd waits for its turn instead of filling the machine."""
BASE = Path(__file__).resolve().parents[1]

TOO_LARGE = "A file can have up to 10 MB. Please send a smaller one."
TOO_MUCH = (
    "This file is too large or too complicated to be read. Please send a simpler one, or a photo of it."
)
BUSY = "Many files are being sent at the moment. Please try again in a minute."


class NotTaken(Refused):
    """This file cannot be kept; the sentence says why, and what to do."""


class Taken(NamedTuple):
    """A file made anew. Of a PDF, ``width`` and ``height`` are those of its thumbnail."""

    kind: str
    suffix: str
    content: bytes
    thumbnail: bytes
    thumbnail_suffix: str
    width: int
    height: int
    pages: int
    narrower: tuple[tuple[int, int, bytes], ...] = ()
    """Of a picture, also in other widths where they were asked for: width, height and content."""


def take(content: bytes, *, widths: tuple[int, ...] = ()) -> Taken:
    """Make what was sent anew: a picture as JPEG or PNG, a PDF without anything that acts.

    What it is, is seen from what is in it; names and announced types count for nothing.

    :raises NotTaken: it is too large, damaged, locked, or neither picture nor PDF
    """
    if len(content) > LARGEST:
        raise NotTaken(TOO_LARGE)
    if not AT_ONCE.acquire(timeout=PATIENCE):
        raise NotTaken(BUSY)
    try:
        answer = _ask_child(content, widths)
    finally:
        AT_ONCE.release()
    head, _, body = answer.partition(b"\n")
    told = json.loads(head)
    if why := told.pop("refused", ""):
        raise NotTaken(why)
    size = told.pop("size")
    rest = body[size:]
    small = told.pop("thumbnail_size", len(rest))
    narrower, at = [], small
    for one in told.pop("narrower", []):
        narrower.append((one["width"], one["height"], rest[at : at + one["size"]]))
        at += one["size"]
    return Taken(content=body[:size], thumbnail=rest[:small], narrower=tuple(narrower), **told)


def _ask_child(content: bytes, widths: tuple[int, ...]) -> bytes:
    try:
        child = subprocess.run(  # noqa: S603  our own module, and numbers
            [sys.executable, "-m", "config.decoding", *map(str, widths)],
            input=content,
            capture_output=True,
            timeout=PATIENCE,
            cwd=BASE,
            env={"PATH": os.environ.get("PATH", "")},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotTaken(TOO_MUCH) from None
    if child.returncode:  # out of memory or time, or a decoder fell over
        raise NotTaken(TOO_MUCH)
    return child.stdout
