"""What every page knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from clinic import breaking, presenting
from clinic.models import AccessReason
from clinic.models.practice import Practice
from messaging import chatting


def practice(request: HttpRequest) -> dict[str, Any]:
    """The practice, what a person has not read, and what they opened: asked only by pages that show it."""
    return {
        "practice": SimpleLazyObject(Practice.objects.current),
        "demo": settings.ENVIRONMENT == "demo",
        "site_menus": SimpleLazyObject(presenting.menus),
        "unread_messages": SimpleLazyObject(lambda: _unread(request)),
        "openings": SimpleLazyObject(lambda: _openings(request)),
    }


def _unread(request: HttpRequest) -> int:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return 0
    return sum(chatting.unread_for(user).values())


def _openings(request: HttpRequest) -> list[AccessReason]:
    """What a person has open outside their care: told on every page of theirs while it lasts."""
    user: Any = getattr(request, "user", None)
    return breaking.open_now(user) if getattr(user, "has_opened", False) else []
