"""What the guard would say about a line that is still being typed."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST

from clinic import charting, gathering
from clinic.forms.prescriptions import LineForm
from clinic.models import Encounter
from config.base import SignedInRequest


class GuardScreen:
    """Adds the guard's answers to the pages of an admin."""

    admin_site: admin.AdminSite

    def get_urls(self):
        guard = self.admin_site.admin_view(require_POST(self.guard))  # directions stay out of addresses
        return [path("guard/<uuid:pk>/", guard, name="clinic_prescription_guard"), *super().get_urls()]  # type: ignore[misc]

    def guard(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The checks of the draft with the line that is typed; nothing is kept."""
        user = cast(SignedInRequest, request).user
        if not user.has_perm("clinic.issue_prescription"):
            raise PermissionDenied
        visible = Encounter.objects.visible_to(user).select_related("patient__user", "practitioner__user")
        encounter = get_object_or_404(visible, pk=pk)
        form = LineForm(request.POST, encounter=encounter, user=user)
        if not form.is_valid():
            return HttpResponse()  # what is missing is told when the line is sent
        case = gathering.as_if(encounter, by=user, now=timezone.now(), **form.cleaned_data)
        context = {"draft": charting.draft(case), "line": case.lines[0]}
        return TemplateResponse(request, "admin/consultation/_guarded.html", context)
