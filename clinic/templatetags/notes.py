"""How notes are read: under the headings that they were signed with."""

from django import template

from clinic import noting
from clinic.models import Addendum, Note

register = template.Library()


@register.filter
def parts(note: Note) -> list[tuple[str, str]]:
    """Headings and words of a signed note."""
    return noting.parts(note)


@register.filter
def is_as_signed(signed: Note | Addendum) -> bool:
    """Whether the words still have the fingerprint that was kept when they were signed."""
    return noting.is_as_signed(signed)
