"""The page behind the code on a paper: for anybody who holds it."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from clinic import verifying
from clinic.forms.verifying import BirthForm


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables("secret")
def verify(request: HttpRequest, secret: str) -> HttpResponse:
    """Ask for the date of birth; only then tell number, dates, status and fingerprint."""
    form = BirthForm(request.POST or None)
    context: dict[str, object] = {"form": form}
    status = HTTPStatus.BAD_REQUEST if form.is_bound else HTTPStatus.OK
    try:
        verifying.find(secret)
        if form.is_valid():
            context["paper"] = verifying.confirm(secret, born_on=form.cleaned_data["born_on"])
            status = HTTPStatus.OK
    except verifying.NoSuchPaper as no:
        context, status = {"why": no}, HTTPStatus.NOT_FOUND
    except verifying.TooManyDates as no:
        context, status = {"why": no}, HTTPStatus.TOO_MANY_REQUESTS
    except verifying.WrongDate as no:
        form.add_error("born_on", str(no))
    return _secret(render(request, "clinic/verify.html", context, status=status))


def _secret(answer: HttpResponse) -> HttpResponse:
    answer._has_been_logged = True  # type: ignore[attr-defined]  # or the log would keep the address
    patch_cache_control(answer, private=True, no_store=True)
    # Without any referrer browsers send the form as from nowhere, and it would be refused.
    answer.headers["X-Robots-Tag"], answer.headers["Referrer-Policy"] = "noindex", "same-origin"
    return answer
