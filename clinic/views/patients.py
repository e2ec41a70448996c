"""The door to the patients' pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect

from clinic.models import Patient
from config.base import SignedInRequest


def for_patients(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let signed-in patients in, with their own record; staff have their desk."""

    @login_required
    @wraps(view)
    def guarded(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_staff:
            return redirect("admin:index")
        own = Patient.objects.visible_to(request.user).select_related("user").filter(user=request.user)
        return view(request, get_object_or_404(own), *args, **kwargs)

    return guarded
