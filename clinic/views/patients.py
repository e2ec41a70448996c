"""The door to the patients' pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect

from clinic.models import Patient
from config.base import SignedInRequest


def for_patients(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let signed-in patients in, with their own record; staff have their desk."""

    @login_required
    @wraps(view)
    def guarded(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_staff:
            return redirect("admin:index")
        own: Patient | None = getattr(request.user, "patient", None)  # read together with the user
        if own is None:
            raise Http404
        return view(request, own, *args, **kwargs)

    return guarded
