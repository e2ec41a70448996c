"""Checks an evidence pack of an audit trail. Needs Python 3.11 and nothing else; trusts no server.

    python verify.py [PACK.zip] [--key PUBLIC_KEY …]

Give with --key the public key that the practice's daily anchors were mailed with. Without it, the pack is
checked against the keys that it brings along, and whoever made a false one can have put in their own.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Ed25519 after RFC 8032, section 5.1; for checking only: no secret passes through here.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
GENESIS = "00" * 32
Point = tuple[int, int, int, int]


class Wrong(Exception):
    """The pack is not what it says, and ``str()`` of this tells where that shows first."""


def _x_of(y: int, sign: int) -> int | None:
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


def _point(encoded: bytes) -> Point | None:
    number = int.from_bytes(encoded, "little")
    y = number & ((1 << 255) - 1)
    x = _x_of(y, number >> 255)
    return None if x is None else (x, y, 1, x * y % P)


def _add(one: Point, other: Point) -> Point:
    a, b = (one[1] - one[0]) * (other[1] - other[0]) % P, (one[1] + one[0]) * (other[1] + other[0]) % P
    c, d = 2 * one[3] * other[3] * D % P, 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(number: int, point: Point) -> Point:
    total: Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = _add(total, point)
        point, number = _add(point, point), number >> 1
    return total


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = _x_of(BASE_Y, 0) or 0
BASE: Point = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def is_signed(message: bytes, signature: str, key: str) -> bool:
    """Whether ``signature`` of ``message`` was made with the secret of public ``key``; both in hex."""
    try:
        raw, public = bytes.fromhex(signature), bytes.fromhex(key)
    except (ValueError, TypeError):
        return False
    if len(raw) != 64 or len(public) != 32:
        return False
    a, r, s = _point(public), _point(raw[:32]), int.from_bytes(raw[32:], "little")
    if a is None or r is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(raw[:32] + public + message).digest(), "little") % L
    left, right = _times(s, BASE), _add(r, _times(k, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (
        left[1] * right[2] - right[1] * left[2]
    ) % P == 0


def canonical(content: Any) -> bytes:
    """The one way to write ``content`` down."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def check(pack: zipfile.ZipFile, trusted: list[str]) -> dict[str, Any]:
    """Check everything in ``pack``; what its manifest says.

    :raises Wrong: something in it is not as it was
    """
    manifest = _manifest(pack, trusted)
    seals = _seals(pack)
    _anchors(pack, seals, trusted or manifest["keys"])
    digests = _chain(pack, seals)
    found = _events(pack, digests)
    if found != manifest["events"]:
        raise Wrong(f"{manifest['events']} events were packed, and {found} are here.")
    if manifest["complete"] and found != len(digests):
        raise Wrong("Events are missing in a pack that says it has all.")
    return manifest


def _manifest(pack: zipfile.ZipFile, trusted: list[str]) -> dict[str, Any]:
    text = pack.read("manifest.json")
    manifest: dict[str, Any] = json.loads(text)
    if manifest["key"] not in (trusted or manifest["keys"]):
        raise Wrong("The manifest is signed with a key that is not trusted.")
    if not is_signed(text, pack.read("manifest.sig").decode().strip(), manifest["key"]):
        raise Wrong("The signature of the manifest does not fit.")
    for name, told in manifest["files"].items():
        if hashlib.sha256(pack.read(name)).hexdigest() != told:
            raise Wrong(f"{name} is not as it was packed.")
    return manifest


def _lines(pack: zipfile.ZipFile, name: str) -> Iterator[dict[str, Any]]:
    with pack.open(name) as file:
        for line in file:
            yield json.loads(line)


def _seals(pack: zipfile.ZipFile) -> dict[int, dict[str, Any]]:
    seals: dict[int, dict[str, Any]] = {}
    mark = number = None
    for seal in _lines(pack, "seals.jsonl"):
        content = {name: seal[name] for name in ("at", "first", "head", "last", "number")}
        before = seal["before"] if mark is None else mark
        mark = hashlib.sha256(bytes.fromhex(before) + canonical(content)).hexdigest()
        if mark != seal["mark"] or (number is not None and seal["number"] != number + 1):
            raise Wrong(f"Seal {seal['number']} does not go on where the one before it ends.")
        number = seal["number"]
        seals[seal["number"]] = seal
    return seals


def _anchors(pack: zipfile.ZipFile, seals: dict[int, dict[str, Any]], keys: list[str]) -> None:
    for anchor in _lines(pack, "anchors.jsonl"):
        told = anchor["anchor"]
        if told["key"] not in keys or not is_signed(canonical(told), anchor["signature"], told["key"]):
            raise Wrong(f"The anchor of {told['day']} is not signed with a key that is trusted.")
        seal = seals.get(told["seal"])
        if seal and (seal["mark"], seal["head"]) != (told["mark"], told["head"]):
            raise Wrong(f"The anchor of {told['day']} knows another chain.")


def _chain(pack: zipfile.ZipFile, seals: dict[int, dict[str, Any]]) -> dict[int, str]:
    """The digest of each event in the seals concerned, each proved by its seal."""
    digests: dict[int, str] = {}
    for part in _lines(pack, "links.jsonl"):
        seal = seals.get(part["seal"])
        if seal is None or len(part["digests"]) != seal["last"] - seal["first"] + 1:
            raise Wrong(f"Seal {part['seal']} has other links than those here.")
        before = seals.get(part["seal"] - 1)
        state = before["head"] if before else part["before"] if part["seal"] > 1 else GENESIS
        for number, digest in enumerate(part["digests"], seal["first"]):
            state = hashlib.sha256(bytes.fromhex(state) + bytes.fromhex(digest)).hexdigest()
            digests[number] = digest
        if state != seal["head"]:
            raise Wrong(f"The links of seal {part['seal']} do not lead to its head.")
    return digests


def _events(pack: zipfile.ZipFile, digests: dict[int, str]) -> int:
    seen = 0
    last = 0
    for row in _lines(pack, "events.jsonl"):
        number = row["number"]
        if number <= last:
            raise Wrong(f"Event {number} is not in its order.")
        if hashlib.sha256(canonical(row["event"])).hexdigest() != digests.get(number):
            raise Wrong(f"Event {number} ({row['event'].get('id')}) does not say what was sealed.")
        last, seen = number, seen + 1
    return seen


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("pack", nargs="?", default="evidence.zip")
    parser.add_argument("--key", action="append", default=[], help="public key that is trusted, in hex")
    options = parser.parse_args(words)
    try:
        with zipfile.ZipFile(Path(options.pack)) as pack:
            manifest = check(pack, options.key)
    except Wrong as no:
        sys.stdout.write(f"WRONG: {no}\n")
        return 1
    except (OSError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as no:
        sys.stdout.write(f"WRONG: this is no whole evidence pack ({type(no).__name__}).\n")
        return 1
    sys.stdout.write(f"All {manifest['events']} events are as they were sealed.\n")
    if not options.key:
        sys.stdout.write(f"Signed with {manifest['key']}: compare it with the key in the mailed anchors.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
