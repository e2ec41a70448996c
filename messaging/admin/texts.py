"""What letters say: written with a preview beside it, tried on oneself, published."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display
from unfold.forms import BaseDialogForm

from config.admin import RecordAdmin, step
from config.base import SignedInRequest
from messaging import kinds, lettering, trying
from messaging.forms.texts import LetterTemplateForm
from messaging.models import LetterTemplate

COLOURS = {"shipped": "default", "own": "success", "changed": "warning"}
REVISIONS = 20
"""How many revisions stand on the page; all of them are under History."""


class StateFilter(DropdownFilter):
    """In whose words letters are."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("own", "The practice’s words"), ("shipped", "As it came")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        wanted = {"own": True, "shipped": False}.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(is_own=wanted)


@admin.register(LetterTemplate)
class LetterTemplateAdmin(RecordAdmin):
    """One row a kind of letter; none is added or taken away by hand."""

    form = LetterTemplateForm
    change_form_template = "admin/letters/text.html"
    fields = ["subject", "body", "seen"]
    list_display = ["show_kind", "show_group", "show_state", "published_at", "published_by"]
    list_select_related = ["published_by"]
    list_filter = [StateFilter]
    list_per_page = 100
    search_fields = ["template", "subject", "body"]
    actions_detail = ["publish", "try_out", "back_to_shipped"]

    def get_fields(self, request, obj=None):
        """An SMS has no subject."""
        hidden = {"subject"} if obj and lettering.is_sms(obj.template) else set()
        return [name for name in self.fields if name not in hidden]

    def get_urls(self):
        name = "messaging_lettertemplate"
        own = [
            path("<uuid:pk>/preview/", self.admin_site.admin_view(self.preview), name=f"{name}_preview"),
            path(
                "<uuid:pk>/revisions/<uuid:revision>/",
                self.admin_site.admin_view(self.revision),
                name=f"{name}_revision",
            ),
        ]
        return [*own, *super().get_urls()]

    @method_decorator(require_POST)
    def preview(self, request: SignedInRequest, pk: UUID) -> HttpResponse:
        """How the text that was sent would read, with facts of a letter that was written; nothing is kept."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row: Any = self.get_visible_or_404(request, str(pk))
        text = lettering.draft(row)
        if "body" in request.POST:  # who only reads sends none
            text = lettering.Text(request.POST.get("subject", "")[:500], request.POST["body"][:10_000])
        shown = trying.show(row, text, by=request.user)
        return JsonResponse(shown._asdict())

    def revision(self, request: SignedInRequest, pk: UUID, revision: UUID) -> HttpResponse:
        """One earlier state beside the one that is written now; a POST goes on from it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row: Any = self.get_visible_or_404(request, str(pk))
        earlier = row.history.filter(history_id=revision).first()
        if earlier is None:
            raise Http404
        if request.method == "POST":
            if not self.has_change_permission(request, row):
                raise PermissionDenied
            text = lettering.Text(earlier.subject, earlier.body)
            saw = request.POST.get("seen", "")
            lettering.rewrite(row, text, saw=saw, by=request.user, why="Taken up from an earlier revision.")
            messages.success(request, "You go on from the earlier text. Publish it when it is ready.")
            return HttpResponseRedirect(reverse("admin:messaging_lettertemplate_change", args=[row.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": f"{row}: an earlier text",
            "opts": self.opts,
            "row": row,
            "earlier": earlier,
            "seen": lettering.mark(row),
            "rows": trying.compare(lettering.Text(earlier.subject, earlier.body), lettering.draft(row)),
            "may_take_up": self.has_change_permission(request, row),
        }
        return TemplateResponse(request, "admin/letters/revision.html", context)

    @method_decorator(transaction.atomic)
    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        row: Any = self.get_object(request, object_id) if object_id else None
        told: dict[str, Any] = {}
        if row:
            if request.method == "POST":  # two people who save at once are told of each other
                LetterTemplate.objects.visible_to(request.user).select_for_update().get(pk=row.pk)
            revisions = row.history.select_related("history_user")[:REVISIONS]
            told = {
                "names": sorted(lettering.known(row.template).items()) if row.template in kinds.KINDS else [],
                "preview_url": reverse("admin:messaging_lettertemplate_preview", args=[row.pk]),
                "revisions": revisions,
                "row": row,
                "is_published": lettering.is_published(row),
            }
        return super().changeform_view(request, object_id, form_url, {**told, **(extra_context or {})})

    def save_model(self, request, obj, form, change):
        lettering.rewrite(obj, form.text(), saw=form.cleaned_data["seen"], by=request.user)

    @display(description="Letter", ordering="template")
    def show_kind(self, row: LetterTemplate) -> str:
        return str(row)

    @display(description="About")
    def show_group(self, row: LetterTemplate) -> str:
        kind = kinds.KINDS.get(row.template)
        return str(kind.group.label) if kind else "Not sent any more"

    @display(description="State", label=COLOURS)
    def show_state(self, row: LetterTemplate) -> tuple[str, str]:
        if row.template in kinds.KINDS and not lettering.is_published(row):
            return "changed", "Changes not published"
        return ("own", f"Version {row.version}") if row.is_own else ("shipped", "As it came")

    @step(
        "Publish",
        may="publish",
        text="What was saved last is published, so save first what you just typed. Letters that wait say it"
        " too; sent ones stay as they were.",
        icon="publish",
    )
    def publish(self, request: SignedInRequest, row: LetterTemplate, form: BaseDialogForm) -> str:
        lettering.publish(row, by=request.user)
        return f"Published as version {row.version}."

    @step(
        "Send me a trial",
        may="publish",
        text="A letter with what was saved last comes to your own address.",
        icon="outgoing_mail",
    )
    def try_out(self, request: SignedInRequest, row: LetterTemplate, form: BaseDialogForm) -> str:
        trying.send(row, by=request.user)
        return f"A trial is on its way to {request.user.email}."

    @step(
        "Back to the text that came",
        may="publish",
        text="What is written now becomes a revision. Nothing is published by this.",
        icon="undo",
    )
    def back_to_shipped(self, request: SignedInRequest, row: LetterTemplate, form: BaseDialogForm) -> str:
        lettering.back_to_shipped(row, by=request.user)
        return "This is the text that came with the product. Publish it to have letters say it."

    def has_publish_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm("messaging.publish_lettertemplate")

    def has_add_permission(self, request):
        return False
