"""Each day, where the chain of the audit trail stands, signed and given away.

An anchor is kept in a table, in storage and, by mail, with somebody outside: whoever cuts off or rewrites the
trail would have to change all three, and has not the key.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any, NamedTuple

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from clinic import chaining
from clinic.demonstrating import Fault
from clinic.models import AuditAnchor, AuditSeal, Practice
from config import signing
from config.base import forbid_transaction
from config.hashing import canonical
from messaging import mailing
from messaging.models import Letter

FOLDER = "audit/anchors"
LARGEST = 1_000_000
"""Bytes of a file that is looked at; an anchor has some hundred."""


class Told(NamedTuple):
    """What one anchor says, wherever it was found."""

    name: str
    seal: int
    events: int
    mark: str
    head: str


def anchor() -> AuditAnchor | None:
    """Sign today's anchor, unless there is one or nothing is sealed; keep in storage all that are not there.

    :raises signing.NoKey: there is no key to sign with
    """
    forbid_transaction()
    chaining.seal()
    made = _sign()
    for one in AuditAnchor.objects.order_by("day"):
        if not default_storage.exists(one.path):
            default_storage.save(one.path, ContentFile(as_file(one)))
    return made


@transaction.atomic
def _sign() -> AuditAnchor | None:
    practice = Practice.objects.current()
    newest = AuditSeal.objects.order_by("-number").first()
    if newest is None or AuditAnchor.objects.filter(day=practice.today()).exists():
        return None
    document: dict[str, Any] = {
        "at": timezone.now().isoformat(),
        "day": practice.today().isoformat(),
        "events": newest.last,
        "head": newest.head,
        "key": signing.public_key(),
        "mark": newest.mark,
        "seal": newest.number,
    }
    text = canonical(document)
    made: AuditAnchor = AuditAnchor.objects.create(
        day=practice.today(),
        seal=newest.number,
        events=newest.last,
        document=text.decode(),
        signature=signing.sign(text),
        key=document["key"],
    )
    if practice.anchor_address:
        _mail(made, practice.anchor_address)
    return made


def _mail(made: AuditAnchor, address: str) -> None:
    letter = Letter(
        template="clinic/mail/audit_anchor",
        to=address,
        context={"day": made.day.isoformat(), "anchor": as_file(made).decode()},
        next_attempt_at=timezone.now(),
    )
    mailing.queue_all([letter])


def as_file(made: AuditAnchor) -> bytes:
    return canonical({"anchor": json.loads(made.document), "signature": made.signature})


def gather(files: Iterable[Path] = ()) -> tuple[list[Told], list[Fault]]:
    """All anchors of the table, of storage and in ``files``; and what among them is none of ours."""
    told: list[Told] = []
    faults: list[Fault] = []
    for name, content in [*_in_table(), *_in_storage(), *_in(files)]:
        found = read(name, content)
        (told if isinstance(found, Told) else faults).append(found)  # type: ignore[arg-type]
    return told, faults


def _in_table() -> Iterator[tuple[str, bytes | None]]:
    for one in AuditAnchor.objects.order_by("day"):
        yield str(one), canonical({"anchor": _parsed(one.document), "signature": one.signature})


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _in_storage() -> Iterator[tuple[str, bytes | None]]:
    try:
        _, names = default_storage.listdir(FOLDER)
    except FileNotFoundError:
        return
    for name in sorted(names):
        try:
            with default_storage.open(f"{FOLDER}/{name}") as file:
                yield f"{FOLDER}/{name}", file.read(LARGEST)
        except Exception:  # noqa: BLE001  each kind of storage has errors of its own, and one file ends no proof
            yield f"{FOLDER}/{name}", None


def _in(files: Iterable[Path]) -> Iterator[tuple[str, bytes | None]]:
    for path in files:
        try:
            with path.open("rb") as file:
                yield path.name, file.read(LARGEST)
        except OSError:
            yield path.name, None


def read(name: str, content: bytes | None) -> Told | Fault:
    """The anchor in ``content``, which may be a saved mail; a fault where it is none that we signed."""
    if content is None:
        return Fault("anchor", name, f"{name} cannot be read.")
    try:
        text = _text(content)
        whole, _ = json.JSONDecoder().raw_decode(text, max(text.find('{"anchor"'), 0))
        told, signature = whole["anchor"], whole["signature"]
        found = Told(name, int(told["seal"]), int(told["events"]), str(told["mark"]), str(told["head"]))
        is_ours = signing.is_ours(canonical(told), str(signature), str(told["key"]))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return Fault("anchor", name, f"{name} is not an anchor.")
    if not is_ours:
        return Fault("anchor", name, f"{name} is not signed with a key of the practice.")
    return found


def _text(content: bytes) -> str:
    """What is written in a file; of a saved letter, its plain text as it was before it was wrapped."""
    if content.lstrip()[:1] != b"{":
        mail = message_from_bytes(content, policy=policy.default)
        body = mail.get_body(("plain",))
        if body is not None:
            return str(body.get_content())
    return content.decode("utf-8", "replace")
