"""What the blocks of pages say: pictures in the width that a screen needs, and times as people say them."""

from __future__ import annotations

from datetime import time
from typing import TYPE_CHECKING

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

if TYPE_CHECKING:
    from clinic.models import Media

register = template.Library()


@register.simple_tag
def picture(media: Media, wide: str = "") -> SafeString:
    """The picture; the browser chooses the width it needs."""
    addresses = [(size, _address(media, size)) for size in media.sizes]
    widest, source = addresses[-1]
    return format_html(
        '<img src="{}" srcset="{}" sizes="{}" width="{}" height="{}" alt="{}" loading="lazy">',
        source,
        ", ".join(f"{address} {size['width']}w" for size, address in addresses),
        "(min-width: 68rem) 66rem, 100vw" if wide == "wide" else "(min-width: 46rem) 44rem, 100vw",
        widest["width"],
        widest["height"],
        media.alt,
    )


def _address(media: Media, size: dict) -> str:
    suffix = size["file"].rsplit(".", maxsplit=1)[-1]
    return reverse("picture", args=[media.pk, size["width"], suffix])


@register.filter
def clock(at: time) -> str:
    """A time as people say it: 9 am, 5.30 pm."""
    if at == time.max:
        return "midnight"
    hour = at.hour % 12 or 12
    minutes = f".{at.minute:02}" if at.minute else ""
    return f"{hour}{minutes} {'am' if at.hour < 12 else 'pm'}"


@register.filter
def city(zone: str) -> str:
    """The city that a time zone is named for."""
    return zone.rsplit("/", maxsplit=1)[-1].replace("_", " ")
