"""The page of a call, and what its script asks and says. Only the two sides of a room get in."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from config.base import SignedInRequest, record_viewed, uuid7
from messaging import calling, chatting, reaching, signalling, streaming
from messaging.forms.calls import BeatForm, FetchForm, JoinForm, PageIdForm, SignalForm
from messaging.models import Room
from messaging.views.doors import for_scripts, leave_session_alone, signed_in, sorry

LONGEST = 32_000
"""Bytes of one request."""
# This page alone may ask for them: every other says no to everybody (config.middleware).
MAY_SEE_AND_HEAR = "camera=(self), microphone=(self), geolocation=()"


def own(request: SignedInRequest, pk: UUID) -> Room:
    """The room, for those who are in it: who may only read it calls nobody."""
    room = get_object_or_404(Room.objects.visible_to(request.user), pk=pk)
    try:
        calling.require_member(room, request.user)
    except chatting.NotAMember as no:
        raise Http404 from no
    return room


@never_cache
@require_GET
@signed_in
def call(request: SignedInRequest, pk: UUID) -> HttpResponse:
    room = own(request, pk)
    last_event_id = streaming.last_event_id(request.user)
    record_viewed.send(Room, record=room, request=request, action="read")
    context = {
        "room": room,
        "state": calling.state(room, request.user),
        "refusal": calling.refusal(room, request.user),
        "beside": _beside(room, request),
        "page_id": uuid7(),
        "beat": int(calling.BEAT.total_seconds() * 1000),
        "last_event_id": last_event_id,
    }
    response = render(request, "messaging/call.html", context)
    response.headers["Permissions-Policy"] = MAY_SEE_AND_HEAR
    return response


def of_a_call(form_class: type[forms.Form]) -> Callable[..., Any]:
    """An address that a call's script sends to: it gets the room and what was sent, and answers the state."""

    def decorate(view: Callable[..., dict[str, Any] | None]) -> Callable[..., HttpResponse]:
        @never_cache
        @require_POST
        @for_scripts
        @wraps(view)
        def guarded(request: SignedInRequest, pk: UUID) -> HttpResponse:
            room = own(request, pk)
            sent = _sent(request)
            form = form_class(sent)
            if not form.is_valid():
                return sorry("Please reload the page and try again.", status=400)
            try:
                told = view(request, room, form.cleaned_data, sent)
            except calling.TooOften as no:
                return sorry(str(no), status=429)
            except signalling.NotASignal as no:
                return sorry(str(no), status=400)
            state = calling.state(room, request.user) | {"beside": _beside(room, request)}
            return JsonResponse(state if told is None else told)

        return guarded

    return decorate


@never_cache
@require_GET
@for_scripts
def state(request: SignedInRequest, pk: UUID) -> HttpResponse:
    room = own(request, pk)
    leave_session_alone(request)
    told = calling.state(room, request.user)
    told |= {"beside": _beside(room, request), "refusal": calling.refusal(room, request.user)}
    return JsonResponse(told)


@of_a_call(JoinForm)
def join(request: SignedInRequest, room: Room, said: dict[str, Any], sent: Any) -> dict[str, Any]:
    calling.join(room, by=request.user, **said)
    state = calling.state(room, request.user) | {"beside": _beside(room, request)}
    return state | reaching.servers()


@of_a_call(BeatForm)
def beat(request: SignedInRequest, room: Room, said: dict[str, Any], sent: Any) -> None:
    # It counts as the person's activity: they are in a call, and must not be signed out of it.
    calling.beat(room, by=request.user, **said)


@of_a_call(PageIdForm)
def admit(request: SignedInRequest, room: Room, said: dict[str, Any], sent: Any) -> None:
    calling.admit(room, by=request.user, **said)


@of_a_call(PageIdForm)
def leave(request: SignedInRequest, room: Room, said: dict[str, Any], sent: Any) -> None:
    calling.leave(room, by=request.user, **said)


@of_a_call(SignalForm)
def signal(request: SignedInRequest, room: Room, said: dict[str, Any], sent: Any) -> dict[str, Any]:
    return {"number": signalling.send(room, by=request.user, content=sent.get("content"), **said)}


@of_a_call(FetchForm)
def signals(request: SignedInRequest, room: Room, said: dict[str, Any], sent: Any) -> dict[str, Any]:
    return {"signals": signalling.fetch(room, by=request.user, **said)}


def _beside(room: Room, request: SignedInRequest) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for above in calling.ABOVE:
        told |= above.beside(room, request.user)
    return told


def _sent(request: SignedInRequest) -> dict[str, Any]:
    if len(request.body) > LONGEST:
        return {}
    try:
        sent = json.loads(request.body)
    except ValueError:
        return {}
    return sent if isinstance(sent, dict) else {}
