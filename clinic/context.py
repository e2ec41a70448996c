"""What every page knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from clinic.models.practice import Practice


def practice(request: HttpRequest) -> dict[str, Any]:
    """The practice's own facts, read only by the pages that show them."""
    return {"practice": SimpleLazyObject(Practice.objects.current), "demo": settings.ENVIRONMENT == "demo"}
