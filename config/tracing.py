"""Where a piece of work comes from: the request, the command or the worker behind every audited row."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from django.http import HttpRequest, HttpResponse

_trace: ContextVar[dict[str, Any] | None] = ContextVar("trace", default=None)


def current() -> dict[str, Any]:
    """The origin of what happens now; empty where nothing told."""
    return dict(_trace.get() or {})


def begin(**origin: str) -> None:
    """Note where what this process does from now on comes from: a command, or a task of the worker's."""
    _trace.set(origin or None)


class TraceMiddleware:
    """Notes request id, address, device and session (hashed) for the rows this request writes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        session_key = request.COOKIES.get("__Host-sessionid") or request.COOKIES.get("sessionid") or ""
        token = _trace.set(
            {
                "request": str(uuid.uuid4()),
                "address": request.META.get("REMOTE_ADDR", ""),
                "device": request.headers.get("User-Agent", "")[:200],
                # The key itself would let a reader of the trail take the session over.
                "session": hashlib.sha256(session_key.encode()).hexdigest()[:16] if session_key else "",
            }
        )
        try:
            return self.get_response(request)
        finally:
            _trace.reset(token)
