"""Revisions of what is written and published: beside each other, block by block, and taken up again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from unfold.decorators import display

from clinic import publishing, revising
from config.admin import ScopedAdmin
from config.base import SignedInRequest

COLOURS = {"live": "success", "changed": "warning", "scheduled": "info", "draft": "default"}


def state(record: Any) -> tuple[str, str]:
    """How a page or snippet stands, in one word for its colour and in a few for people."""
    if getattr(record, "scheduled_version", None):
        return "scheduled", "Live, next one scheduled" if record.live_version else "Scheduled"
    if record.live_version is None:
        return "draft", "Held back" if getattr(record, "held_back", "") else "Draft"
    is_changed = record.live_content != publishing.content(record)
    return ("changed", "Live, with a draft") if is_changed else ("live", "Live")


class RevisionsAdmin(ScopedAdmin):
    """Tells how a record stands, and adds the page that compares two of its revisions."""

    def get_queryset(self, request):
        return publishing.with_live(super().get_queryset(request))

    @display(description="State", label=COLOURS)
    def show_state(self, record: Any) -> tuple[str, str]:
        return state(record)

    def get_urls(self):
        name = f"clinic_{self.opts.model_name}_revision"
        view = self.admin_site.admin_view(self.revision)
        return [path("<uuid:pk>/revisions/<uuid:revision>/", view, name=name), *super().get_urls()]

    def revision(self, request: SignedInRequest, pk: UUID, revision: UUID) -> HttpResponse:
        """One revision beside the draft, or beside another one (``?with=``); a POST goes on from it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        record: Any = self.get_visible_or_404(request, str(pk))
        earlier = publishing.version(record, revision)
        if earlier is None:
            raise Http404
        page = reverse(f"admin:clinic_{self.opts.model_name}_change", args=[record.pk])
        if request.method == "POST":
            if not self.has_change_permission(request, record):
                raise PermissionDenied
            publishing.restore(record, revision, saw=request.POST.get("seen", ""), by=request.user)
            messages.success(request, "You go on from the earlier revision. Publish it when it is ready.")
            return HttpResponseRedirect(page)
        other = self._other(record, request.GET.get("with", ""))
        told = {
            **self.admin_site.each_context(request),
            "title": f"{record}: revisions beside each other",
            "opts": self.opts,
            "record": record,
            "back": page,
            "earlier": earlier,
            "later": other,
            "revisions": revising.revisions(record),
            "seen": publishing.mark(record),
            "differences": revising.compare(earlier, other or record),
            "may_take_up": self.has_change_permission(request, record),
        }
        return TemplateResponse(request, "admin/pages/revision.html", told)

    @staticmethod
    def _other(record: Any, key: str) -> Any:
        if not key:
            return None
        try:
            found = publishing.version(record, UUID(key))
        except ValueError:
            found = None
        if found is None:
            raise Http404
        return found
