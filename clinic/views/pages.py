"""The public site's pages, those of the portal, and what search engines ask for."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from clinic import picturing, presenting, serving, siting
from clinic.models import Page

FOR_EVER = "public, max-age=31536000, immutable"
PUBLIC, PORTAL = Page.Readers.PUBLIC, Page.Readers.PORTAL


def only_read(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Have nothing that takes a form at an address that may be anybody's slip of the pen: it is not there."""

    @wraps(view)
    def read(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            raise Http404
        return view(request, *args, **kwargs)

    return read


@only_read
def page(request: HttpRequest, address: str) -> HttpResponse:
    """A page of the public site, or where it is now."""
    return public(request, f"/{address}/") or moved(f"/{address}/", PUBLIC)


def public(request: HttpRequest, address: str) -> HttpResponse | None:
    """The page that is live at ``address``; kept for the next who comes, if nobody is signed in."""
    begun_at = serving.begin()
    found = presenting.find(address, is_for=PUBLIC)
    if found is None:
        return None
    facts = presenting.Facts(found.version.body)
    told = {
        "shown": presenting.show(found.version, address=address, is_for=PUBLIC, facts=facts),
        "menus": presenting.menus(),
        "practice": facts.practice,
        "base_url": settings.BASE_URL.rstrip("/"),
    }
    response = render(request, "clinic/page.html", told)
    if not request.user.is_authenticated:
        serving.offer(response, begun_at=begun_at, practice=facts.practice)
    return response


def moved(address: str, is_for: str) -> HttpResponse:
    """Send who comes to an address of before to where its page is now."""
    there = siting.redirected(address, is_for=is_for)
    if there is None:
        raise Http404
    return redirect(there, permanent=True)


@login_required
@only_read
def portal_page(request: HttpRequest, address: str = "") -> HttpResponse:
    """A page for who is signed in."""
    where = Page.ROOTS[PORTAL] + (f"{address}/" if address else "")
    found = presenting.find(where, is_for=PORTAL)
    if found is None:
        return moved(where, PORTAL)
    told = {
        "shown": presenting.show(found.version, address=where, is_for=PORTAL),
        "menus": presenting.menus(),
    }
    return render(request, "clinic/page_portal.html", told)


@require_safe
def picture(request: HttpRequest, pk: UUID, width: int, suffix: str) -> HttpResponse:
    """One width of a picture that stands on a page."""
    found = picturing.find(pk, by=request.user)
    if found is None:
        raise Http404
    try:
        content, kind = picturing.read(found, width=width)
    except KeyError as error:
        raise Http404 from error
    is_public = not request.user.is_authenticated
    return HttpResponse(
        content,
        content_type=kind,
        headers={
            "Cache-Control": FOR_EVER if is_public else "private, max-age=3600",
            "X-Content-Type-Options": "nosniff",
        },
    )


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """Every public page, for search engines."""
    pages = Page.objects.visible_to(request.user).live().filter(is_for=PUBLIC).order_by("address")
    told = {"pages": pages.values("address", "published_at"), "base_url": settings.BASE_URL.rstrip("/")}
    return render(request, "clinic/sitemap.xml", told, content_type="application/xml; charset=utf-8")


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """What search engines leave alone, and where the list of pages is."""
    shut = "\n".join(f"Disallow: {path}" for path in ("/admin/", "/portal/", "/accounts/", "/verify/"))
    text = f"User-agent: *\n{shut}\nSitemap: {settings.BASE_URL.rstrip('/')}/sitemap.xml\n"
    return HttpResponse(text, content_type="text/plain; charset=utf-8", status=HTTPStatus.OK)
