"""Where a patient puts a question to the practice."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from config.base import Refused, SignedInRequest, uuid7
from messaging import enquiring
from messaging.forms.rooms import QuestionForm
from messaging.models import Room
from messaging.models.rooms import LONGEST
from messaging.views.doors import signed_in


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def ask(request: SignedInRequest) -> HttpResponse:
    """Ask, or go on where a question is open already: what is sent then is added to it."""
    if request.user.is_staff:
        raise Http404
    begun = _begun(request.GET.get("about", ""))
    form = QuestionForm(request.POST if request.method == "POST" else None, initial=begun)
    if form.is_valid():
        try:
            room = enquiring.ask(by=request.user, **form.cleaned_data)
        except Refused as no:
            form.add_error("text", str(no))
        else:
            return redirect("room", pk=room.pk)
    elif not form.is_bound and not begun and (open_one := enquiring.open_for(request.user)):
        return redirect("room", pk=open_one.pk)
    sent = form.data.get("client_id") if not form.errors.get("client_id") else None
    context = {"form": form, "client_id": sent or uuid7(), "longest": LONGEST}
    return render(request, "messaging/ask.html", context, status=400 if form.errors else 200)


def _begun(day: str) -> dict[str, str]:
    """What a question about one day of the list of who opened a record begins with."""
    try:
        about = parse_date(day)
    except ValueError:
        about = None
    if about is None:
        return {}
    words = f"On {date_format(about, 'j F Y')} somebody opened my record. Can you tell me why?"
    return {"topic": Room.Topic.DETAILS, "text": words}
