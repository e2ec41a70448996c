"""Pictures of the public site: taken in, made anew in several widths, and handed out to who reads a page."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from clinic import advertising
from clinic.models import Media, Page
from config import printing, uploads, versioning
from config.base import Refused, forbid_transaction, uuid7

if TYPE_CHECKING:
    from clinic.models import User

FOLDER = "pictures"
WIDTHS = (480, 960, 1600)


class NoPicture(Refused):
    def __init__(self) -> None:
        super().__init__("Only pictures can be put on pages: JPEG, PNG or WebP.")


def take(content: bytes) -> list[dict[str, Any]]:
    """Make a picture anew in several widths, without the place and camera that hide in it, and store it.

    :raises uploads.NotTaken: it cannot be read
    :raises NoPicture: it is something else
    """
    forbid_transaction()
    taken = uploads.take(content, widths=WIDTHS)
    if taken.kind != "image":
        raise NoPicture
    sizes = [*taken.narrower, (taken.width, taken.height, taken.content)]
    return [_store(width, height, made, taken.suffix) for width, height, made in sizes]


def _store(width: int, height: int, made: bytes, suffix: str) -> dict[str, Any]:
    name = default_storage.save(f"{FOLDER}/{timezone.now():%Y/%m}/{uuid7()}.{suffix}", ContentFile(made))
    return {"width": width, "height": height, "file": name, "sha256": hashlib.sha256(made).hexdigest()}


def add(*, name: str, alt: str, credit: str, sizes: list[dict[str, Any]], by: User | None) -> Media:
    """Keep a picture that was taken in.

    :raises advertising.Advertises: its words name or promote a medicine
    """
    check_words(name=name, alt=alt, credit=credit)
    media = Media(name=name, alt=alt, credit=credit, sizes=sizes)
    versioning.insert(media, by=by)
    return media


@transaction.atomic
def describe(media: Media, *, name: str, alt: str, credit: str, by: User) -> None:
    """Call a picture otherwise.

    :raises advertising.Advertises: its words name or promote a medicine
    """
    check_words(name=name, alt=alt, credit=credit)
    media.lock()
    media.change(by=by, name=name, alt=alt, credit=credit)


def check_words(*, name: str, alt: str, credit: str) -> None:
    advertising.check({"Name": name, "Text in place of the picture": alt, "Who made it": credit})


def is_shown(media: Media) -> bool:
    """Whether a page that the public reads shows it."""
    shown = [{"type": "image", "value": {"picture": str(media.pk)}}]
    public = Page.objects.live().filter(is_for=Page.Readers.PUBLIC).values("live_version")
    return Page.history.model.objects.filter(history_id__in=public, body__contains=shown).exists()


def used_on(media: Media) -> list[Page]:
    """The pages whose draft shows it."""
    return [*Page.objects.filter(body__contains=[{"type": "image", "value": {"picture": str(media.pk)}}])]


def read(media: Media, *, width: int) -> tuple[bytes, str]:
    """The content of one of its widths, and its type.

    :raises KeyError: there is no such width
    :raises printing.Damaged: the stored file is gone, or is not the one that was kept
    """
    size = {one["width"]: one for one in media.sizes}[width]
    kind = "image/png" if size["file"].endswith(".png") else "image/jpeg"
    return printing.read(size["file"], sha256=size["sha256"]), kind


def find(pk: UUID, *, by: Any) -> Media | None:
    """The picture, if ``by`` may see it: staff see all, everybody else what is on a page."""
    media: Media | None = Media.objects.filter(pk=pk).first()
    if media is None or by.has_perm("clinic.view_media"):
        return media
    return media if by.is_authenticated or is_shown(media) else None
