"""What the staff site's first page writes: links to records, times by the clock of the page."""

from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone

from clinic import desk, timing

register = template.Library()


@register.simple_tag
def record_page(record: Any) -> str:
    return desk.record_page(record)


@register.filter
def at(when: datetime) -> str:
    return timing.clock(when, zone=timezone.get_current_timezone_name())
