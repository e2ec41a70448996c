"""What happens to every request: whose clock pages show, how long people stay, how often strangers try."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils import timezone

from clinic import serving, staying, throttling
from clinic.models import Practice
from config.base import TooOften
from config.middleware import too_often

WINDOW = timedelta(minutes=15)
SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}


class Limit(NamedTuple):
    """How many forms one network may send within ``WINDOW``."""

    most: int
    field: str = ""
    """What counts by itself, too: so many for one e-mail address, whoever sends them."""
    most_of_field: int = 5
    is_webhook: bool = False
    """Only what shows no right signature counts, and what shows one is never refused."""


LIMITS = {
    "account_login": Limit(150),  # a practice may have one address; passwords are counted apart
    "account_signup": Limit(30, field="email"),
    "account_reset_password": Limit(30, field="email"),
    "account_reset_password_from_key": Limit(30),
    "account_confirm_email": Limit(60),
    "account_confirm_login_code": Limit(30),  # allauth's, not used here
    "account_logout": Limit(60),
    "otp-login": Limit(60),
    "verify": Limit(60),
    "offers-end": Limit(60),
    "letter-reports": Limit(30, is_webhook=True),
    "text-reports": Limit(30, is_webhook=True),
}
"""What anybody may send without signing in, by the name of its address; a test finds what is missing."""
OTHERS = Limit(300)
"""What no stranger has any business to send at all."""
PER_PERSON = {"account_change_password": 10, "account_email": 20, "my-data-copy": 10, "my-data-close": 10}
"""Forms of people who are signed in, that would let a found-open browser try passwords or send letters."""


class PagesMiddleware:
    """Hands public pages from memory to who brings no session, past everything that asks for one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_plain = request.method in {"GET", "HEAD"} and not request.META.get("QUERY_STRING")
        if not is_plain or settings.SESSION_COOKIE_NAME in request.COOKIES:
            return self.get_response(request)
        if page := serving.SHELF.find(request.path_info):
            if request.headers.get("If-None-Match") == page.headers["ETag"]:
                return HttpResponseNotModified(headers=page.headers)
            return HttpResponse(page.content, headers=page.headers)
        response = self.get_response(request)
        serving.keep(request.path_info, response)
        return response


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


class StayingMiddleware:
    """Ends sessions that are too old, and keeps the list of them in step (``clinic.staying``)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        comes_with_one = bool(request.session.session_key)
        if comes_with_one and staying.is_over(request.session):
            logout(request)
        seen_at = request.session.get("seen_at") if comes_with_one else None
        response = self.get_response(request)
        session = getattr(request, "session", None)  # a stream has put its own away
        user: Any = getattr(request, "user", None)  # an answer from before it was asked who comes has none
        if session is not None and session.accessed and user and user.is_authenticated:
            if staying.ROW not in session:
                staying.begin(request, user)
            staying.follow(request, was_seen=session.get("seen_at") != seen_at)
            # Whoever sits there next must not find the pages of before by going back.
            response.headers.setdefault("Cache-Control", "private, no-store")
        staying.remember_browser(request, response)
        return response


class ThrottleMiddleware:
    """Bounds how often strangers send forms, and people those that guess at their own account."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        name = getattr(request.resolver_match, "view_name", "")
        if request.method in SAFE or name not in LIMITS or not LIMITS[name].is_webhook:
            return response
        if response.status_code in {400, 403}:
            return _knock(request, name, [(_network(request), LIMITS[name].most)]) or response
        return response

    def process_view(self, request: HttpRequest, *args: Any) -> HttpResponse | None:
        if request.method in SAFE:
            return None
        name = getattr(request.resolver_match, "view_name", "")
        if request.user.is_authenticated:
            counted = [(f"{request.user.pk}", PER_PERSON[name])] if name in PER_PERSON else []
            return _knock(request, name, counted)
        limit = LIMITS.get(name, OTHERS)
        if limit.is_webhook:
            return None
        counted = [(_network(request), limit.most)]
        if asked := request.POST.get(limit.field, "") if limit.field else "":
            counted.append((f"to {asked}", limit.most_of_field))
        return _knock(request, name if name in LIMITS else "others", counted)


def _network(request: HttpRequest) -> str:
    return throttling.network(request.META.get("REMOTE_ADDR", ""))


def _knock(request: HttpRequest, door: str, counted: list[tuple[str, int]]) -> HttpResponse | None:
    """Count at a door; the answer of one that is shut."""
    try:
        for source, most in counted:
            throttling.knock(door[:40], source=source, most=most, within=WINDOW)
    except TooOften as no:
        return too_often(request, no)
    return None
