"""Pages of conversations; they work without a script."""

from __future__ import annotations

from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from config.base import SignedInRequest, record_viewed
from messaging import chatting, streaming
from messaging.forms.rooms import MessageForm, PageForm
from messaging.models import Room
from messaging.views.doors import signed_in

ROOMS_PER_PAGE = 30


@signed_in
def rooms(request: SignedInRequest) -> HttpResponse:
    last_event_id = streaming.last_event_id(request.user)
    visible = Room.objects.visible_to(request.user).latest_first().prefetch_related("members__user")
    page = Paginator(visible, ROOMS_PER_PAGE).get_page(request.GET.get("page"))
    unread = chatting.unread_for(request.user)
    context = {
        "page": page,
        "rooms": [(room, unread.get(room.pk, 0)) for room in page.object_list],
        "last_event_id": last_event_id,
    }
    return render(request, "messaging/room_list.html", context)


@signed_in
def room(request: SignedInRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(Room.objects.visible_to(request.user), pk=pk)
    form = MessageForm(request.POST or None)
    if form.is_valid():
        chatting.post(found, by=request.user, **form.cleaned_data)
        return redirect("room", pk=pk)
    asked = PageForm(request.GET)
    before = asked.cleaned_data["before"] if asked.is_valid() else None
    record_viewed.send(Room, record=found, request=request, action="read")
    context = {**chatting.room_context(found, request.user, before=before), "room_form": form}
    return render(request, "messaging/room.html", context, status=400 if form.errors else 200)
