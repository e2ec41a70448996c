"""PDFs made anew: their pages as one sees them, and nothing that acts, runs, opens or hides."""

from __future__ import annotations

from io import BytesIO

import pikepdf
import pypdfium2
from pikepdf import Name

from config.decoding.pictures import THUMBNAIL, Unfit, write

MOST_PAGES = 50
ACTS = [
    *("/AA", "/A", "/OpenAction", "/JS", "/JavaScript", "/Launch", "/RichMediaContent"),
    *("/EF", "/EmbeddedFiles", "/AF", "/Names", "/Collection"),
    *("/AcroForm", "/XFA", "/Annots", "/Perms"),
    *("/Metadata", "/PieceInfo", "/Thumb", "/LastModified"),
]
"""What is taken off every dictionary: actions and scripts, files, forms, and what tells of the maker."""
LOCKED = (
    "This PDF is protected by a password. Please save it without one, or send a photo or screenshot of it."
)
DAMAGED = "This PDF is damaged and cannot be read. Please save it again, or send a photo or screenshot of it."
TOO_LONG = f"A PDF can have up to {MOST_PAGES} pages. Please send the pages that matter."


def make_anew(content: bytes) -> tuple[dict, list[bytes]]:
    """Write the pages into a new PDF, and draw the first.

    :raises Unfit: it is locked or damaged, or has too many pages
    """
    try:
        whole, pages = _rewritten(content)
        thumbnail, width, height = _drawn(whole)
    except pikepdf.PasswordError:
        raise Unfit(LOCKED) from None
    except (pikepdf.PdfError, pypdfium2.PdfiumError, ValueError, TypeError, KeyError, RuntimeError):
        raise Unfit(DAMAGED) from None
    told = {"kind": "pdf", "suffix": "pdf", "thumbnail_suffix": "jpg", "pages": pages, "size": len(whole)}
    return told | {"width": width, "height": height}, [whole, thumbnail]


def _rewritten(content: bytes) -> tuple[bytes, int]:
    with pikepdf.open(BytesIO(content)) as sent, pikepdf.new() as kept:
        if sent.is_encrypted:  # some open without a password and are locked all the same
            raise Unfit(LOCKED)
        if not sent.pages:
            raise Unfit(DAMAGED)
        if len(sent.pages) > MOST_PAGES:
            raise Unfit(TOO_LONG)
        sent.flatten_annotations("screen")  # what was filled in or drawn becomes part of the page
        kept.pages.extend(sent.pages)
        for thing in kept.objects:
            _disarm(thing)
        file = BytesIO()
        kept.save(file, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        return file.getvalue(), len(kept.pages)


def _disarm(thing: pikepdf.Object) -> None:
    waiting = [thing]
    while waiting:  # dictionaries stand in dictionaries; what is referred to comes by itself
        one = waiting.pop()
        if isinstance(one, pikepdf.Array):
            waiting += [part for part in one if _holds(part)]
        elif isinstance(one, pikepdf.Dictionary | pikepdf.Stream):
            for name in [name for name in one.keys() if name in ACTS]:  # noqa: SIM118  no mapping of Python's
                # Images and functions have short names too: /A alone is an action where it says so.
                if name != "/A" or _is_action(one[name]):
                    del one[name]
            waiting += [part for _, part in one.items() if _holds(part)]


def _holds(part: object) -> bool:
    return isinstance(part, pikepdf.Array | pikepdf.Dictionary) and not part.is_indirect


def _is_action(thing: object) -> bool:
    return isinstance(thing, pikepdf.Dictionary) and Name.S in thing


def _drawn(content: bytes) -> tuple[bytes, int, int]:
    document = pypdfium2.PdfDocument(content)
    page = document[0]
    width, height = page.get_size()
    scale = THUMBNAIL / max(width, height, 1)
    picture = page.render(scale=scale, may_draw_forms=False).to_pil().convert("RGB")
    drawn, _ = write(picture)
    return drawn, picture.width, picture.height
