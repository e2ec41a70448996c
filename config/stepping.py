"""A step that asks for the second factor again, unless its person showed it a moment ago. A leaf."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from config.base import SignedInRequest

FRESH = timedelta(minutes=5)
"""How long a second factor counts for the next sensitive step."""
PASSED_AT = "second_factor_at"
"""In the session: when its person last showed the second factor, as seconds since 1970."""


def second_factor_fresh(request: SignedInRequest, *, within: timedelta = FRESH) -> bool:
    """Whether this session's person showed the second factor a moment ago."""
    passed_at = request.session.get(PASSED_AT, 0)
    is_recent = timezone.now().timestamp() - passed_at < within.total_seconds()
    return is_recent and request.user.is_verified()  # type: ignore[attr-defined]  # put there by django-otp


def step_up(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Ask for the second factor again before ``view``, unless that was a moment ago."""

    @wraps(view)
    def guarded(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return view(request, *args, **kwargs) if second_factor_fresh(request) else ask_second_factor(request)

    return guarded


def ask_second_factor(request: SignedInRequest) -> HttpResponse:
    """Send somebody to show the second factor, and then back here."""
    # A form cannot be sent again by a redirect: its page asks for it once more.
    here = request.get_full_path() if request.method == "GET" else request.headers.get("Referer", "")
    return redirect_to_login(here, reverse("otp-verify"))
