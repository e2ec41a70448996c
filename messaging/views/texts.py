"""Where the provider of SMS reports deliveries and replies."""

from __future__ import annotations

from http import HTTPStatus

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from messaging import replying, texting

NOTHING = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
"""What Twilio wants to read: that we answer the reply with nothing."""


@csrf_exempt
@require_POST
def reports(request: HttpRequest) -> HttpResponse:
    """Keep what our provider tells us, each once; without its signature nothing is read."""
    if settings.SMS_PROVIDER != texting.TWILIO or not settings.SMS_SECRET:
        raise Http404
    said = [(name, value) for name, values in request.POST.lists() for value in values]
    if not texting.is_from_provider(request.headers.get("X-Twilio-Signature", ""), said):
        return HttpResponse("Show us that you are our provider.", status=HTTPStatus.FORBIDDEN)
    told = {name: value.replace("\x00", "") for name, value in said}
    name = told.get("MessageSid", "")
    if not name:
        return HttpResponse("We could not read this report.", status=HTTPStatus.BAD_REQUEST)
    if "MessageStatus" in told:
        replying.hear_delivery(
            name=name,
            status=told["MessageStatus"],
            number=told.get("To", ""),
            code=told.get("ErrorCode", ""),
        )
    elif "Body" in told:
        replying.hear_reply(name=name, number=told.get("From", ""), text=told["Body"])
    return HttpResponse(NOTHING, content_type="text/xml")
