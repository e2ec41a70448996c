"""Which passwords are taken: long enough for what they open, and not known from break-ins elsewhere.

Known ones are kept as a Bloom filter over their SHA-1, the form in which lists of them are published: a
file of ours, so that nobody's password leaves the machine to be looked up. A leaf.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Self

from django.core.exceptions import ValidationError

FILE = Path(__file__).with_name("breached.bloom")
MAGIC = b"PMBF1"
HEADER = len(MAGIC) + 1 + 8
LARGEST = 2 * 1024 * 1024
"""Bytes that the file may have: it is part of the code."""
WRONGLY = 1e-5
"""How likely a good password is refused as a known one, where there is room for so much care."""
SHORTEST_ROOT = 4
LEET = str.maketrans("@4310$57!", "aaeioss" + "ti")

KNOWN = (
    "This password, or one much like it, is known from break-ins elsewhere. "
    "Please choose another: a few words in a row are easy to remember."
)


class Bloom(NamedTuple):
    """A set of SHA-1 sums that may say yes to a stranger now and then, and never no to a member."""

    bits: bytes | bytearray
    hashes: int

    @classmethod
    def of(cls, sums: Iterable[bytes], *, count: int) -> Self:
        """Fill one for ``count`` sums: 20 bits for each, or fewer where the file would grow too large."""
        wanted = math.ceil(-count * math.log(WRONGLY) / math.log(2) ** 2 / 8)
        size = max(64, min(wanted, LARGEST - HEADER))
        bits = bytearray(size)
        made = cls(bits, max(1, round(size * 8 / max(1, count) * math.log(2))))
        for place in (place for one in sums for place in made._places(one)):
            bits[place >> 3] |= 1 << (place & 7)
        return made

    @classmethod
    def read(cls, content: bytes) -> Self:
        """:raises ValueError: this is no such file"""
        if content[: len(MAGIC)] != MAGIC or len(content) <= HEADER:
            raise ValueError("This is no list of known passwords.")
        return cls(content[HEADER:], content[len(MAGIC)])

    def write(self) -> bytes:
        size = len(self.bits)
        return MAGIC + bytes([min(self.hashes, 255)]) + size.to_bytes(8) + bytes(self.bits)

    def __contains__(self, sum_: object) -> bool:
        assert isinstance(sum_, bytes)  # noqa: S101  for the type checker
        return all(self.bits[place >> 3] >> (place & 7) & 1 for place in self._places(sum_))

    def _places(self, sum_: bytes) -> Iterator[int]:
        first, step = int.from_bytes(sum_[:8]), int.from_bytes(sum_[8:16]) | 1
        return ((first + turn * step) % (len(self.bits) * 8) for turn in range(self.hashes))


def sum_of(password: str) -> bytes:
    return hashlib.sha1(password.encode(), usedforsecurity=False).digest()


@lru_cache(maxsize=1)
def known() -> Bloom:
    return Bloom.read(FILE.read_bytes())


def variants(password: str) -> set[str]:
    """The password, and what it was made of by the tricks that everybody uses.

    Capitals, digits and signs at either end, letters written as digits, one word twice.
    """
    found = {password, password.lower()}
    for text in [password.lower(), password.lower().translate(LEET)]:
        found |= {text, re.sub(r"[^a-z]+$", "", text), re.sub(r"^[^a-z]+|[^a-z]+$", "", text)}
    for text in [*found]:
        if repeated := _repeated(re.sub("[-_. ]", "", text)):
            found.add(repeated)
    return {text for text in found if len(text) >= SHORTEST_ROOT or text == password}


def _repeated(text: str) -> str:
    """The word that ``text`` says again and again; empty where it does not."""
    length = (text + text).find(text, 1)
    return text[:length] if 3 <= length < len(text) else ""


def is_known(password: str) -> bool:
    return any(sum_of(text) in known() for text in variants(password))


class KnownPasswordValidator:
    """Refuses what is on the list, and what is made of it by the usual tricks."""

    def validate(self, password: str, user: Any = None) -> None:
        if is_known(password):
            raise ValidationError(KNOWN, code="password_known")

    def get_help_text(self) -> str:
        return "Not one that is known from break-ins elsewhere."


class StaffLengthValidator:
    """Asks more of whoever opens the records of others."""

    def __init__(self, min_length: int) -> None:
        self.min_length = min_length

    def validate(self, password: str, user: Any = None) -> None:
        if getattr(user, "is_staff", False) and len(password) < self.min_length:
            raise ValidationError(
                f"Whoever works here needs a password of at least {self.min_length} characters.",
                code="password_too_short",
            )

    def get_help_text(self) -> str:
        return f"At least {self.min_length} characters for whoever works here."
