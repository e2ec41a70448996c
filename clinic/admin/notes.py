"""Notes as they were signed, with what was added since, and the templates with which they begin."""

from __future__ import annotations

from typing import cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.template.response import TemplateResponse
from unfold.contrib.filters.admin import BooleanRadioFilter
from unfold.decorators import display

from clinic.models import Note, NoteTemplate
from config.admin import RecordAdmin
from config.base import record_viewed


@admin.register(Note)
class NoteAdmin(RecordAdmin):
    """Notes, to be read as they were signed; they are written on the consultation page."""

    when_empty = "A note begins with its consultation."
    list_display = ["__str__", "show_doctor", "show_status", "signed_at", "review_on"]
    list_select_related = ["encounter__patient__user", "encounter__practitioner__user"]
    list_filter = ["status", "review_on"]
    search_fields = ["encounter__patient__user__given_name", "encounter__patient__user__family_name"]

    @display(description="Doctor")
    def show_doctor(self, note: Note) -> str:
        return str(note.encounter.practitioner)

    @display(description="Status", label={"draft": "warning", "signed": "success"})
    def show_status(self, note: Note) -> tuple[str, str]:
        return note.status, note.get_status_display()

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Show what was signed, word for word, and whether it is still that."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        note = cast(Note, self.get_visible_or_404(request, object_id))
        if request.method not in {"GET", "HEAD"}:
            raise PermissionDenied  # what is added goes to the consultation
        if request.method == "GET":
            record_viewed.send(Note, record=note, request=request, action="read")
        context = {
            **self.admin_site.each_context(request),
            "title": str(note),
            "note": note,
            "opts": self.opts,
            "addenda": note.addenda.select_related("recorded_by"),
        }
        return TemplateResponse(request, "admin/note.html", context)

    def get_queryset(self, request):
        related = ["encounter__patient__user", "encounter__practitioner__user", "signed_by"]
        return super().get_queryset(request).select_related(*related)


@admin.register(NoteTemplate)
class NoteTemplateAdmin(RecordAdmin):
    list_display = ["name", "review_weeks", "is_offered"]
    list_filter = [("is_offered", BooleanRadioFilter)]
    search_fields = ["name"]
    fields = [
        ("name", "is_offered"),
        "presenting",
        "examination",
        "assessment",
        "plan",
        "goals",
        "exit_strategy",
        "review_weeks",
    ]

    def save_model(self, request, obj, form, change):
        obj.sign_with(by=request.user).save()
