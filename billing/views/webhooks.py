"""Where Stripe tells us that something happened."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing import receiving
from config.base import Refused


@csrf_exempt  # the signature says who sends it
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    try:
        receiving.receive(request.body, signature=request.headers.get("Stripe-Signature", ""))
    except Refused as no:
        return HttpResponseBadRequest(str(no), content_type="text/plain; charset=utf-8")
    return HttpResponse("Received.", content_type="text/plain; charset=utf-8")
