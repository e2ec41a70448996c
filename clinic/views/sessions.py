"""Where somebody is signed in: their own page, for patients and staff."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from clinic import staying
from clinic.models import OpenSession
from config.base import SignedInRequest
from messaging.views.doors import signed_in


@never_cache
@signed_in
def sessions(request: SignedInRequest) -> HttpResponse:
    rows = OpenSession.objects.visible_to(request.user).live()
    context = {
        "sessions": rows,
        "here": request.session.get(staying.ROW),
        "layout": "base.html" if request.user.is_staff else "portal.html",
    }
    return render(request, "account/sessions.html", context)


@require_POST
@signed_in
def end(request: SignedInRequest, pk: uuid.UUID) -> HttpResponse:
    rows = OpenSession.objects.visible_to(request.user)
    row = get_object_or_404(rows, pk=pk)
    if str(row.pk) == request.session.get(staying.ROW):
        logout(request)
        return redirect("account_login")
    staying.end(rows.filter(pk=row.pk), of=request.user, by=request.user, why="Ended by its person.")
    messages.success(request, "That session has ended.")
    return redirect("sessions")


@require_POST
@signed_in
def end_others(request: SignedInRequest) -> HttpResponse:
    count = staying.end_all(request.user, by=request.user, why="Ended by its person.", but=request)
    told = "All other sessions have ended." if count else "There was no other session."
    messages.success(request, told)
    return redirect("sessions")
