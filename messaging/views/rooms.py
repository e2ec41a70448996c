"""Pages of conversations; they work without a script."""

from __future__ import annotations

from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from config.base import SignedInRequest, record_viewed
from messaging import attaching, chatting, reading, streaming, withdrawing
from messaging.forms.rooms import MessageForm, PlaceForm, SendForm, WithdrawalForm
from messaging.models import Message, Room
from messaging.views.doors import signed_in

ROOMS_PER_PAGE = 30


@signed_in
def rooms(request: SignedInRequest) -> HttpResponse:
    last_event_id = streaming.last_event_id(request.user)
    own = Room.objects.visible_to(request.user).of(request.user)
    is_archive = request.GET.get("archive") == "1"
    listed = own.archived() if is_archive else own.current()
    visible = listed.latest_first().prefetch_related("members__user")
    page = Paginator(visible, ROOMS_PER_PAGE).get_page(request.GET.get("page"))
    unread = chatting.unread_for(request.user)
    context = {
        "page": page,
        "rooms": [(room, unread.get(room.pk, 0)) for room in page.object_list],
        "last_event_id": last_event_id,
        "is_archive": is_archive,
        "has_archive": not is_archive and own.archived().exists(),
    }
    return render(request, "messaging/room_list.html", context)


@never_cache  # a form that comes back with the Back button would send its number again
@signed_in
def room(request: SignedInRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(Room.objects.visible_to(request.user), pk=pk)
    files = request.FILES.getlist("files")
    form = (SendForm if files else MessageForm)(request.POST or None)
    if form.is_valid():
        attaching.post(found, by=request.user, files=files, **form.cleaned_data)
        return redirect("room", pk=pk)
    asked = PlaceForm(request.GET)
    place = asked.cleaned_data if asked.is_valid() else {}
    if day := place.pop("day", None):
        first = reading.first_of_day(found, day, zone=request.user.time_zone)
        return redirect(address_of(found, first))
    record_viewed.send(Room, record=found, request=request, action="read")
    place.pop("after", None)
    context = {**reading.room_context(found, request.user, **place), "room_form": form}
    return render(request, "messaging/room.html", context, status=400 if form.errors else 200)


def address_of(room: Room, sequence: int | None) -> str:
    """Where one reads ``room`` around a message."""
    page = reverse("room", args=[room.pk])
    return f"{page}?around={sequence}#message-{sequence}" if sequence else page


@signed_in
def withdraw(request: SignedInRequest, pk: UUID, sequence: int) -> HttpResponse:
    """The question why; scripts ask it on the room's own page."""
    visible = Message.objects.visible_to(request.user).select_related("room", "withdrawal")
    message = get_object_or_404(visible, room=pk, sequence=sequence, recorded_by=request.user)
    form = WithdrawalForm(request.POST or None)
    if form.is_valid():
        withdrawing.withdraw(message, by=request.user, reason=form.cleaned_data["reason"])
        return redirect(address_of(message.room, sequence))
    can = withdrawing.seconds_left(message, by=request.user, now=timezone.now()) > 0
    context = {"message": message, "room": message.room, "form": form, "can": can}
    return render(request, "messaging/withdraw.html", context, status=400 if form.errors else 200)
