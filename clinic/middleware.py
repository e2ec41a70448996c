"""Whose clock the pages show."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from clinic.models import Practice


class ClockMiddleware:
    """Staff work by the practice's clock, everybody else reads their own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        zone = _zone(request)
        if zone is None:
            return self.get_response(request)
        with timezone.override(ZoneInfo(zone)):
            return self.get_response(request)


def _zone(request: HttpRequest) -> str | None:
    if request.path.startswith("/admin/"):
        return Practice.objects.current().time_zone
    if request.path.startswith("/portal/") and request.user.is_authenticated:
        return request.user.time_zone
    return None
