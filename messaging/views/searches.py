"""The search in conversations. What is looked for comes by POST, and goes into no address and no log."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from config.base import SignedInRequest, record_viewed
from messaging import searching
from messaging.forms.searches import SearchForm
from messaging.models import Room
from messaging.views.doors import signed_in


@sensitive_post_parameters("words", "csrfmiddlewaretoken")
@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
def search(request: SignedInRequest, pk: UUID | None = None) -> HttpResponse:
    """Search one conversation, or all of one's own."""
    room = get_object_or_404(Room.objects.visible_to(request.user), pk=pk) if pk else None
    form = SearchForm(request.POST if request.method == "POST" else None)
    hits = None
    if form.is_valid():
        if room and searching.reviews(room, request.user):
            record_viewed.send(Room, record=room, request=request, action="read")
        hits = searching.search(by=request.user, room=room, **form.cleaned_data)
        for found in [] if room else searching.reviewed(hits, request.user):
            record_viewed.send(Room, record=found, request=request, action="read")
    context = {"room": room, "form": form, "hits": hits}
    return render(request, "messaging/search.html", context, status=400 if form.errors else 200)
