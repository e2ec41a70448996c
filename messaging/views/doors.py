"""Who may come in, and how pages and scripts are told that they may not."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse

from config.base import Refused


def is_let_in(user: Any) -> bool:
    """Whether someone is signed in fully: staff with their second factor."""
    return user.is_authenticated and user.is_active and (not user.is_staff or user.is_verified())


def signed_in(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page for people who are signed in; the others are asked to."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_let_in(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def for_scripts(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """An address that a page's script asks: every answer is JSON, every "no" has its sentence."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_let_in(request.user):
            return sorry("You are signed out. Please sign in again.", status=401)
        try:
            return view(request, *args, **kwargs)
        except Http404:
            return sorry("There is no such conversation, or you are not in it.", status=404)
        except Refused as no:
            return sorry(str(no), status=409)

    return guarded


def sorry(sentence: str, *, status: int) -> JsonResponse:
    return JsonResponse({"error": sentence}, status=status)


def leave_session_alone(request: HttpRequest) -> None:
    """Keep what a page asks by itself from counting as the person's activity.

    Every request renews the session; a page left open would otherwise never be signed out.
    """
    # The session middleware saves nothing where there is no session.
    del request.session
