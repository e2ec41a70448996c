"""Papers: a page as PDF/A, kept where only we can read it, and handed out only as it was kept.

The one door to WeasyPrint. A leaf: it knows no record, and every app may print with it.
"""

from __future__ import annotations

import datetime
import hashlib
import threading
from collections.abc import Mapping
from typing import Any, NamedTuple

import segno
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from weasyprint import CSS, HTML
from weasyprint import Attachment as PdfAttachment
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher

from config import hashing, sealing
from config.base import Refused, forbid_transaction, uuid7

FONTS = settings.BASE_DIR / "templates" / "fonts"
# Every paper looks alike on every machine, and names in Arabic or Vietnamese letters are whole.
FACES = {
    "normal": (FONTS / "DejaVuSansCondensed.ttf").as_uri(),
    "bold": (FONTS / "DejaVuSansCondensed-Bold.ttf").as_uri(),
}
_of_thread = threading.local()


class Damaged(Refused):
    def __init__(self) -> None:
        super().__init__("This file is not the one that was kept. Please tell the practice manager.")


class Attachment(NamedTuple):
    """What a paper was printed from, carried inside it as JSON."""

    name: str
    description: str
    content: Mapping[str, Any]
    made_at: datetime.datetime


def write(template: str, context: Mapping[str, Any], *, attached: Attachment, identity: str) -> bytes:
    """Print ``template`` as PDF/A-3a; the same content gives the same bytes, named by ``identity``."""
    return write_page(render_to_string(template, dict(context)), attached=attached, identity=identity)


def write_page(page: str, *, attached: Attachment, identity: str) -> bytes:
    """Print HTML as PDF/A-3a; the same page and content give the same bytes, named by ``identity``."""
    attachment = PdfAttachment(
        string=hashing.canonical(attached.content),
        name=attached.name,
        description=attached.description,
        relationship="Data",
        created=attached.made_at,
        modified=attached.made_at,
    )
    sheet, fonts = _letters()
    # Nothing is fetched from anywhere: a paper must not change with a server, nor tell it who reads.
    return HTML(string=page, url_fetcher=URLFetcher(allowed_protocols=["data"])).write_pdf(
        stylesheets=[sheet],
        font_config=fonts,
        attachments=[attachment],
        pdf_variant="pdf/a-3a",
        pdf_identifier=identity.encode(),
    )


def _letters() -> tuple[CSS, FontConfiguration]:
    """Our own typeface, read once in each thread: what draws text is not safe to share."""
    if not hasattr(_of_thread, "letters"):
        fonts = FontConfiguration()
        faces = "".join(
            f'@font-face {{ font-family: "Papers"; font-weight: {weight}; src: url("{address}") }}'
            for weight, address in FACES.items()
        )
        own = URLFetcher(allowed_protocols=["file"])
        _of_thread.letters = (CSS(string=faces, font_config=fonts, url_fetcher=own), fonts)
    found: tuple[CSS, FontConfiguration] = _of_thread.letters
    return found


def code(address: str) -> str:
    """Draw ``address`` as a QR code, as the address of a picture that a paper carries in itself."""
    return segno.make(address, error="m", micro=False).svg_data_uri(scale=4, border=2)


def keep(pdf: bytes, *, folder: str) -> tuple[str, str]:
    """Store a paper, sealed if the practice wants that, under a name that points to nobody.

    Tells that name, and the fingerprint of what is stored.
    """
    forbid_transaction()
    pdf = sealing.seal(pdf)
    day = timezone.now()
    name = default_storage.save(f"{folder}/{day:%Y/%m}/{uuid7()}.pdf", ContentFile(pdf))
    return name, hashlib.sha256(pdf).hexdigest()


def drop(name: str) -> None:
    """Remove a paper that is not to count after all."""
    default_storage.delete(name)


def read(name: str, *, sha256: str) -> bytes:
    """Read a paper from where it is kept, as it was printed.

    :raises Damaged: the stored file is gone, or is not the one that was printed
    """
    forbid_transaction()
    try:
        with default_storage.open(name) as file:
            content = file.read()
    except FileNotFoundError:
        raise Damaged from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise Damaged
    return content


def download(pdf: bytes, *, file_name: str) -> HttpResponse:
    """Hand a paper to a browser as a download that nothing on the way keeps."""
    return HttpResponse(
        pdf,
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'attachment; filename="{file_name}"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        },
    )
