"""Pictures made anew: what one sees, the right way up, in the colours of a screen, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO

from PIL import Image, ImageCms, ImageOps

FORMATS = ["JPEG", "PNG", "WEBP"]
MOST_PIXELS = 40_000_000
LONG_SIDE, THUMBNAIL = 2400, 480
HEIC = (
    "This photo is in the iPhone's HEIC format, which cannot be shown here. Please send a screenshot of it,"
    " or choose “Most Compatible” under Settings, Camera, Formats and take it again."
)
DAMAGED = "This picture is damaged and cannot be read. Please take or save it again."
TOO_MANY = "This picture is too large: up to 40 megapixels can be sent. Please send a smaller one."


class Unfit(Exception):
    """This cannot be kept, and why."""


def is_one(content: bytes) -> bool:
    return (
        content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))
        or content[:4] + content[8:12] == b"RIFFWEBP"
    )


def is_heic(content: bytes) -> bool:
    brands = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
    return content[4:8] == b"ftyp" and content[8:12] in brands


def make_anew(content: bytes, widths: Iterable[int] = ()) -> tuple[dict, list[bytes]]:
    """Decode the picture and write what it shows, also in those of ``widths`` that are narrower than it is.

    :raises Unfit: it has too many pixels, or cannot be decoded
    """
    Image.MAX_IMAGE_PIXELS = None  # ours is asked first, and is stricter
    try:
        with Image.open(BytesIO(content), formats=FORMATS) as found:
            if found.width * found.height > MOST_PIXELS:
                raise Unfit(TOO_MANY)
            picture = _shown(found)
    except (OSError, SyntaxError, ValueError, EOFError):  # what Pillow's decoders raise
        raise Unfit(DAMAGED) from None
    small = picture.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    (whole, suffix), (thumbnail, _) = write(picture), write(small)
    told = {"kind": "image", "suffix": suffix, "thumbnail_suffix": suffix, "pages": 0, "size": len(whole)}
    narrower: list[dict[str, int]] = []
    told |= {
        "width": picture.width,
        "height": picture.height,
        "thumbnail_size": len(thumbnail),
        "narrower": narrower,
    }
    parts = [whole, thumbnail]
    for width in widths:
        if width < picture.width:
            narrow = picture.resize(
                (width, max(1, round(picture.height * width / picture.width))), Image.Resampling.LANCZOS
            )
            parts.append(write(narrow)[0])
            narrower.append({"width": width, "height": narrow.height, "size": len(parts[-1])})
    return told, parts


def write(picture: Image.Image) -> tuple[bytes, str]:
    """Write a picture as PNG where one sees through it, else as JPEG."""
    file = BytesIO()
    if picture.mode == "RGBA":
        picture.save(file, "PNG", optimize=True)
        return file.getvalue(), "png"
    picture.save(file, "JPEG", quality=85, optimize=True, progressive=True)
    return file.getvalue(), "jpg"


def _shown(found: Image.Image) -> Image.Image:
    profile = found.info.get("icc_profile")
    found.draft("RGB", (LONG_SIDE, LONG_SIDE))  # a large JPEG is decoded at a fraction of its size
    picture = ImageOps.exif_transpose(found)
    sees_through = picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info
    picture = picture.convert("RGBA" if sees_through else "RGB")
    picture.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS)
    if profile and found.mode in {"RGB", "RGBA"}:
        picture = _in_screen_colours(picture, profile)
    if sees_through and picture.getchannel("A").getextrema() == (255, 255):
        picture = picture.convert("RGB")
    # A new canvas: comments, profiles and text stay with the old one, which the writers would ask.
    canvas = Image.new(picture.mode, picture.size)
    canvas.paste(picture)
    return canvas


def _in_screen_colours(picture: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        changed = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"))
    except (ImageCms.PyCMSError, OSError):  # a profile that nobody can use: the colours stay as they are
        return picture
    return changed or picture
