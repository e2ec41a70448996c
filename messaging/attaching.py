"""Pictures and PDFs with a message: taken in, kept in private, handed out to who reads the conversation.

Files are stored before the transaction and removed if it fails: nobody waits for a storage while holding
the room. What a crash leaves there is swept away later.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from config import printing, uploads
from config.base import Refused, forbid_transaction, uuid7
from messaging import chatting
from messaging.models import MOST_ATTACHED, Attachment, Message, Room

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    from clinic.models import User

FOLDER = "attachments"
LONGEST_NAME = 80
SWEPT = range(2, 9)
"""How many days back the sweep looks: today's files, and yesterday's, may still be on their way."""


class TooMany(Refused):
    def __init__(self) -> None:
        super().__init__(f"A message can carry up to {MOST_ATTACHED} files. Please send the others after it.")


class Unfit(Refused):
    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")


def post(
    room: Room,
    *,
    by: User,
    text: str,
    client_id: UUID,
    answers: int | None = None,
    files: Sequence[UploadedFile] = (),
) -> Message:
    """Say ``text`` with ``files``, as ``chatting.post`` does. Sending it again changes nothing.

    :raises TooMany: there are more than ``MOST_ATTACHED``
    :raises Unfit: one of them cannot be kept; then nothing of it all was
    """
    said: dict[str, Any] = {"by": by, "text": text, "client_id": client_id, "answers": answers}
    if not files:
        return chatting.post(room, **said)
    forbid_transaction()
    if already := room.messages.filter(recorded_by=by, client_id=client_id).first():
        return already
    if len(files) > MOST_ATTACHED:
        raise TooMany
    chatting.refuse_writing(room, by=by)  # before the work; asked again under the lock
    return _post(room, taken=[_take(file) for file in files], **said)


def _post(room: Room, *, taken: list[tuple[str, uploads.Taken]], **said: Any) -> Message:
    stored: list[str] = []
    try:
        kept = [_keep(name, file, stored=stored) for name, file in taken]
        message = chatting.post(room, files=kept, **said)
    except BaseException:
        _drop(stored)
        raise
    if not message.attachments.filter(file__in=stored).exists():  # sent twice at once: the other counts
        _drop(stored)
    return message


def _take(file: UploadedFile) -> tuple[str, uploads.Taken]:
    name = shown_name(file.name or "")
    if (file.size or 0) > uploads.LARGEST:  # it is not even read
        raise Unfit(name, uploads.TOO_LARGE)
    try:
        taken = uploads.take(file.read())
    except uploads.NotTaken as no:
        raise Unfit(name, str(no)) from None
    return f"{PurePath(name).stem[:LONGEST_NAME]}.{taken.suffix}", taken


def shown_name(name: str) -> str:
    """Write the name that a file came with so that it is a name and nothing else, and tells what it is.

    What cannot be seen goes, also the marks that turn the direction of writing ("fdp.exe" as "exe.pdf").
    """
    last = name.replace("\\", "/").rsplit("/", maxsplit=1)[-1]
    seen = "".join(letter for letter in last if unicodedata.category(letter)[0] != "C").strip(" .")
    return seen or "File"


def _keep(name: str, taken: uploads.Taken, *, stored: list[str]) -> dict[str, Any]:
    file = _store(taken.content, suffix=taken.suffix)
    stored.append(file)
    thumbnail = _store(taken.thumbnail, suffix=taken.thumbnail_suffix)
    stored.append(thumbnail)
    return {
        "kind": taken.kind,
        "name": name,
        "size": len(taken.content),
        "width": taken.width,
        "height": taken.height,
        "pages": taken.pages,
        "file": file,
        "sha256": hashlib.sha256(taken.content).hexdigest(),
        "thumbnail": thumbnail,
        "thumbnail_sha256": hashlib.sha256(taken.thumbnail).hexdigest(),
    }


def _store(content: bytes, *, suffix: str) -> str:
    name = f"{FOLDER}/{timezone.now():%Y/%m/%d}/{uuid7()}.{suffix}"  # points to nobody
    return default_storage.save(name, ContentFile(content))


def _drop(names: Iterable[str]) -> None:
    for name in names:
        default_storage.delete(name)


def read(attachment: Attachment) -> bytes:
    """Read a file from where it is kept, as it was taken in.

    :raises printing.Damaged: the stored file is gone, or is not the one that was kept
    """
    return printing.read(attachment.file, sha256=attachment.sha256)


def read_thumbnail(attachment: Attachment) -> bytes:
    """Read the small picture of a file.

    :raises printing.Damaged: it is gone, or is not the one that was kept
    """
    return printing.read(attachment.thumbnail, sha256=attachment.thumbnail_sha256)


def sweep(*, today: date) -> int:
    """Remove what was stored on earlier days and no message took; how many files that were."""
    forbid_transaction()
    removed = 0
    for back in SWEPT:
        folder = f"{FOLDER}/{today - timedelta(days=back):%Y/%m/%d}"
        there = {f"{folder}/{name}" for name in _names_in(folder)}
        orphans = there - set(
            Attachment.objects.filter(file__startswith=folder).values_list("file", flat=True)
        )
        small = Attachment.objects.filter(thumbnail__startswith=folder)
        orphans -= set(small.values_list("thumbnail", flat=True))
        _drop(orphans)
        removed += len(orphans)
    return removed


def _names_in(folder: str) -> list[str]:
    try:
        return default_storage.listdir(folder)[1]
    except FileNotFoundError:  # of a folder; a bucket has none and tells of no names
        return []
