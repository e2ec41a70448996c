"""What happens to every request of the site."""

import time
from collections.abc import Callable
from http import HTTPStatus

from csp.constants import NONCE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from config.base import Refused, TooOften

SEEN_EVERY = 60  # seconds
NOTHING = "default-src 'none'; frame-ancestors 'none'"
# Unfold runs Alpine's standard build (eval) and sets style attributes; nothing else on the site does.
ADMIN_POLICY = {
    "script-src": [SELF, UNSAFE_EVAL, NONCE],
    "style-src": [SELF, UNSAFE_INLINE],
}


class FrontMiddleware:
    """The last to see an answer, whoever made it: what every one of them says to browsers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # The page of a call alone sets its own (messaging/views/calls.py).
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Content-Security-Policy", NOTHING)  # static files have none of their own
        return response


class AdminPolicyMiddleware:
    """Loosens the content security policy for the admin alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith("/admin/"):
            response._csp_replace = ADMIN_POLICY  # type: ignore[attr-defined]  # read by django-csp
        return response


class SeenMiddleware:
    """Starts the idle time of a session anew, once a minute: a write at every request would cost too much."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        session, now = getattr(request, "session", None), int(time.time())  # a stream has put its own away
        if session is None or not session.accessed or session.is_empty():
            return response
        if "X-Refresh" in request.headers:  # a page that looks for news by itself shows nobody is there
            return response
        if now - session.get("seen_at", 0) >= SEEN_EVERY:
            session["seen_at"] = now
        return response


class RefusalMiddleware:
    """Tells people why a rule said no, and brings them back to the page they came from."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, TooOften):
            return too_often(request, exception)
        if not isinstance(exception, Refused):
            return None
        back = request.headers.get("Referer", "")
        if request.method == "POST" and url_has_allowed_host_and_scheme(back, {request.get_host()}):
            messages.error(request, str(exception))
            return redirect(back)
        return render(request, "refused.html", {"why": str(exception)}, status=409)


def too_often(request: HttpRequest, why: TooOften) -> HttpResponse:
    """Say that somebody has to wait, and for how long."""
    answer = render(request, "refused.html", {"why": str(why)}, status=HTTPStatus.TOO_MANY_REQUESTS)
    answer.headers["Retry-After"] = str(why.wait)
    return answer
