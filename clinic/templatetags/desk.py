"""What the staff site's first page writes: links to records, times by the clock of the page."""

from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.utils import display_for_label

from clinic import desk
from messaging import clocks

register = template.Library()


@register.simple_tag
def record_page(record: Any) -> str:
    return desk.record_page(record)


@register.filter
def at(when: datetime) -> str:
    return clocks.clock(when, zone=timezone.get_current_timezone_name())


@register.filter
def label_of(field: Any) -> SafeString | str:
    """The coloured label that ``field`` of a record's page is in lists, or nothing."""
    _, column, value = getattr(field, "resolved_field", None) or (None, None, None)
    label = getattr(column, "label", None)
    return display_for_label(value, "", label) if label and value else ""
