"""What every page knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from clinic.models.practice import Practice
from messaging import chatting


def practice(request: HttpRequest) -> dict[str, Any]:
    """The practice's own facts, and what a person has not read: asked only by the pages that show them."""
    return {
        "practice": SimpleLazyObject(Practice.objects.current),
        "demo": settings.ENVIRONMENT == "demo",
        "unread_messages": SimpleLazyObject(lambda: _unread(request)),
    }


def _unread(request: HttpRequest) -> int:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return 0
    return sum(chatting.unread_for(user).values())
