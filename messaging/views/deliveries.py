"""Where the provider of e-mail reports what became of letters.

Of django-anymail we take how each provider shows who it is, and how its reports read. Its own view would
announce them by a signal, one after the other, whatever becomes of them; here what cannot be read is refused
first, and then each report is kept in a transaction of its own.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from anymail.exceptions import AnymailConfigurationError, AnymailError, AnymailWebhookValidationFailure
from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from messaging import delivering

logger = logging.getLogger(__name__)
UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, AnymailError, AnymailConfigurationError)
TRACKING = {"mandrill": "/mandrill/"}
"""Where anymail has a provider's reports, if not under its name and ``tracking``."""


@csrf_exempt
@require_http_methods(["HEAD", "POST"])  # some ask whether we are there before they report
def reports(request: HttpRequest) -> HttpResponse:
    """Keep the reports of our provider, each once, however often and in whatever order they come."""
    door = _door()
    if request.method == "HEAD":
        return HttpResponse()
    try:
        door.run_validators(request)
    except AnymailWebhookValidationFailure:
        return HttpResponse("Show us that you are our provider.", status=HTTPStatus.FORBIDDEN)
    try:
        events = door.parse_events(request)
    except UNREADABLE:
        return HttpResponse("We could not read this report.", status=HTTPStatus.BAD_REQUEST)
    try:
        for event in events:
            delivering.hear(event, provider=door.esp_name)
    except DatabaseError:
        logger.exception("Reports about letters could not be kept.")
        return HttpResponse("Please send it again later.", status=HTTPStatus.SERVICE_UNAVAILABLE)
    return HttpResponse()


def _door() -> Any:
    """What anymail knows of our provider. Without a secret nobody is one: anymail would let everybody in."""
    if not (settings.MAIL_PROVIDER and settings.MAIL_WEBHOOK_SECRET):
        raise Http404
    address = TRACKING.get(settings.MAIL_PROVIDER, f"/{settings.MAIL_PROVIDER}/tracking/")
    try:
        view: Any = resolve(address, "anymail.urls").func
    except Resolver404 as unknown:
        raise Http404 from unknown
    return view.view_class(**view.view_initkwargs)
