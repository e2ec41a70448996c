"""What the script of an open room asks and sends."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from config.base import SignedInRequest, record_viewed
from messaging import appearing, attaching, chatting, drafting, reading, withdrawing
from messaging.forms.rooms import (
    DraftForm,
    MessageForm,
    PageForm,
    PresenceForm,
    ReadForm,
    SendForm,
    WithdrawalForm,
)
from messaging.models import Message, Room
from messaging.views.doors import for_scripts, leave_session_alone, sorry


@never_cache
@require_http_methods(["GET", "POST"])
@for_scripts
def messages(request: SignedInRequest, pk: UUID) -> HttpResponse:
    room = get_object_or_404(Room.objects.visible_to(request.user), pk=pk)
    return _say(request, room) if request.method == "POST" else _read(request, room)


@require_POST
@for_scripts
def read(request: SignedInRequest, pk: UUID) -> HttpResponse:
    room = get_object_or_404(Room.objects.visible_to(request.user), pk=pk)
    form = ReadForm(_sent(request))
    if not form.is_valid():
        return _explain(form)
    chatting.read_up_to(room, by=request.user, sequence=form.cleaned_data["sequence"])
    return JsonResponse({})


@never_cache
@require_GET
@for_scripts
def seen(request: SignedInRequest, pk: UUID, sequence: int) -> HttpResponse:
    """What a page without a script loads beside what it shows, as a picture: it was opened, so it is read."""
    room = get_object_or_404(Room.objects.visible_to(request.user), pk=pk)
    chatting.read_up_to(room, by=request.user, sequence=sequence)
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


@require_POST
@for_scripts
def draft(request: SignedInRequest, pk: UUID) -> HttpResponse:
    room = get_object_or_404(Room.objects.visible_to(request.user), pk=pk)
    form = DraftForm(_sent(request))
    if not form.is_valid():
        return _explain(form)
    return JsonResponse({"kept": drafting.keep(room, by=request.user, text=form.cleaned_data["text"])})


@require_POST
@for_scripts
def presence(request: SignedInRequest, pk: UUID) -> HttpResponse:
    room = get_object_or_404(Room.objects.visible_to(request.user), pk=pk)
    form = PresenceForm(_sent(request))
    if not form.is_valid():
        return _explain(form)
    leave_session_alone(request)
    return JsonResponse({"told": appearing.appear(room, by=request.user, **form.cleaned_data)})


@require_POST
@for_scripts
def withdrawal(request: SignedInRequest, pk: UUID, sequence: int) -> HttpResponse:
    visible = Message.objects.visible_to(request.user).select_related("room")
    message = get_object_or_404(visible, room=pk, sequence=sequence)
    form = WithdrawalForm(_sent(request))
    if not form.is_valid():
        return _explain(form)
    withdrawing.withdraw(message, by=request.user, reason=form.cleaned_data["reason"])
    return JsonResponse({})


@never_cache
@require_GET
@for_scripts
def unread(request: SignedInRequest) -> HttpResponse:
    leave_session_alone(request)
    counts = chatting.unread_for(request.user)
    return JsonResponse(
        {"rooms": {str(room): count for room, count in counts.items()}, "total": sum(counts.values())}
    )


def _read(request: SignedInRequest, room: Room) -> HttpResponse:
    form = PageForm(request.GET)
    if not form.is_valid():
        return _explain(form)
    page = reading.read(room, request.user, **form.cleaned_data)
    if not page["is_member"] and page["messages"]:  # not every time an open page looks for more
        record_viewed.send(Room, record=room, request=request, action="read")
    leave_session_alone(request)
    return JsonResponse(page)


def _say(request: SignedInRequest, room: Room) -> HttpResponse:
    if request.content_type == "multipart/form-data":
        return _send(request, room)
    form = MessageForm(_sent(request))
    if not form.is_valid():
        return _explain(form)
    message = chatting.post(room, by=request.user, **form.cleaned_data)
    return _said(request, message)


def _send(request: SignedInRequest, room: Room) -> HttpResponse:
    form = SendForm(request.POST)
    if not form.is_valid():
        return _explain(form)
    files = request.FILES.getlist("files")
    message = attaching.post(room, by=request.user, files=files, **form.cleaned_data)
    return _said(request, message)


def _said(request: SignedInRequest, message: Message) -> HttpResponse:
    return JsonResponse({"sequence": message.sequence, "message": reading.said(message, request.user)})


def _sent(request: SignedInRequest) -> dict[str, Any]:
    try:
        sent = json.loads(request.body)
    except ValueError:
        return {}
    return sent if isinstance(sent, dict) else {}


def _explain(form: forms.Form) -> HttpResponse:
    return sorry(
        " ".join(str(problem) for problems in form.errors.values() for problem in problems), status=400
    )
