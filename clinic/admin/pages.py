"""Pages: a tree that is dragged, an editor of blocks with the page beside it, revisions, publishing."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.templatetags.static import static
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST
from unfold.forms import BaseDialogForm

from clinic import advertising, blocks, exempting, presenting, publishing, revising, siting
from clinic.admin.revisions import RevisionsAdmin, state
from clinic.forms.blocks import FORMS, check
from clinic.forms.pages import ExemptionForm, PageForm, ScheduleForm
from clinic.models import Page
from config.admin import PossibleButtons, RecordAdmin, step
from config.base import SignedInRequest

WRITTEN = ["title", "slug", "lead", "body", "search_title", "description", "seen"]


@admin.register(Page)
class PageAdmin(RevisionsAdmin, PossibleButtons, RecordAdmin):
    form = PageForm
    change_form_template = "admin/pages/edit.html"
    list_display = ["title", "address", "show_state", "is_for", "publish_at", "unpublish_at"]
    list_filter = ["is_for"]
    search_fields = ["title", "slug", "lead", "description"]
    actions_detail = ["publish", "schedule", "unpublish", "ask_review", "ask_exemption"]

    def possible(self, record: Page) -> set[str]:
        written = {"publish", "schedule", "ask_review"} if publishing.is_changed(record) else set()
        live = {"unpublish", "schedule"} if record.live_version else set()
        return written | live | {"ask_exemption"}

    def get_fields(self, request, obj=None):
        """Where a page stands is chosen once; from then on it is dragged."""
        return WRITTEN if obj else ["is_for", "parent", *WRITTEN]

    def get_urls(self):
        view, name = self.admin_site.admin_view, "clinic_page"
        return [
            path("arrange/", view(self.arrange), name=f"{name}_arrange"),
            path("<uuid:pk>/preview/", view(self.preview), name=f"{name}_preview"),
            path("<uuid:pk>/autosave/", view(self.autosave), name=f"{name}_autosave"),
            *super().get_urls(),
        ]

    def changelist_view(self, request, extra_context=None):
        """Show the tree, unless somebody looks for something."""
        if request.GET or not self.has_view_permission(request):
            return super().changelist_view(request, extra_context)
        pages = [*self.get_queryset(request)]
        told = {
            **self.admin_site.each_context(request),
            "title": "Pages",
            "opts": self.opts,
            "roots": [(label, _branches(pages, None, key)) for key, label in Page.Readers.choices],
            "may_change": self.has_change_permission(request),
            "may_add": self.has_add_permission(request),
        }
        return TemplateResponse(request, "admin/pages/tree.html", told)

    @method_decorator(require_POST)
    def arrange(self, request: SignedInRequest) -> HttpResponse:
        """Put pages where they were dragged."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        try:
            rows = json.loads(request.POST.get("order", ""))
            spots = [
                siting.Spot(UUID(row["id"]), UUID(row["parent"]) if row["parent"] else None, number)
                for number, row in enumerate(rows)
            ]
        except (ValueError, TypeError, KeyError):
            return JsonResponse(
                {"why": "The order did not arrive whole. Please reload the page."}, status=400
            )
        try:
            moved = siting.arrange(_numbered(spots), by=request.user)
        except (siting.NotThere, siting.AddressTaken) as no:
            return JsonResponse({"why": str(no)}, status=409)
        there = self.get_queryset(request).values_list("pk", "address")
        return JsonResponse({"moved": moved, "addresses": {str(pk): address for pk, address in there}})

    @method_decorator(require_POST)
    def preview(self, request: SignedInRequest, pk: UUID) -> HttpResponse:
        """Show what was typed as readers would see it, and what the guard would say; nothing is kept."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        page: Any = self.get_visible_or_404(request, str(pk))
        said = publishing.content(page)
        why: list[str] = []
        if "body" in request.POST:  # who only reads sends nothing
            said |= {name: request.POST.get(name, "")[:5000] for name in said if name != "body"}
            said["body"], why = _body(request.POST["body"])
        shown = presenting.show(
            SimpleNamespace(**said), address=page.address or f"/{said['slug']}/", is_for=page.is_for
        )
        told = {"shown": shown, "why": " ".join(why)}
        found = advertising.found_in(publishing.texts(said, is_page=True))
        return JsonResponse(
            {
                "page": render_to_string("clinic/page_preview.html", told, request),
                "why": why,
                "found": [one._asdict() for one in found],
            }
        )

    @method_decorator(require_POST)
    def autosave(self, request: SignedInRequest, pk: UUID) -> HttpResponse:
        """Keep what is typed, for its writer alone, and tell who else is there."""
        page: Any = self.get_visible_or_404(request, str(pk))
        if not self.has_change_permission(request, page):
            raise PermissionDenied
        now, saw = timezone.now(), request.POST.get("seen", "")
        if request.POST.get("forget"):
            revising.forget(page, by=request.user)
        else:
            revising.autosave(page, _typed(request), saw=saw[:16], now=now, by=request.user)
        others = revising.others(page, now=now, by=request.user)
        return JsonResponse({"others": others, "is_changed": saw != publishing.mark(page)})

    @method_decorator(transaction.atomic)
    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        page: Any = self.get_object(request, object_id) if object_id else None
        if page and request.method == "POST":  # two people who save at once are told of each other
            Page.objects.visible_to(request.user).select_for_update().get(pk=page.pk)
        told: dict[str, Any] = {"block_forms": _block_forms(), "editor": _editor(self, request, page)}
        if page:
            told |= {
                "page": page,
                "state": state(page),
                "found": publishing.found_in(page),
                "revisions": revising.revisions(page),
                "redirects": page.redirects.all()[:10],
            }
        return super().changeform_view(request, object_id, form_url, {**told, **(extra_context or {})})

    def save_model(self, request, obj, form, change):
        if change:
            publishing.rewrite(obj, form.said(), saw=form.cleaned_data["seen"], by=request.user)
        else:
            for name in (*Page.CONTENT, "is_for", "parent"):
                setattr(obj, name, form.cleaned_data[name])
            publishing.begin(obj, by=request.user)
        if found := publishing.found_in(obj):
            words = ", ".join(sorted({f"“{one.words}”" for one in found}))
            messages.warning(
                request, f"Kept. It cannot be published with {words}; the places are marked below."
            )

    @step(
        "Publish",
        may="publish",
        text="What was saved last is published at once, so save first what you just typed.",
        icon="publish",
    )
    def publish(self, request: SignedInRequest, page: Page, form: BaseDialogForm) -> str:
        publishing.publish(page, by=request.user)
        return f"Published at {page.address}."

    @step(
        "Schedule",
        may="publish",
        form=ScheduleForm,
        text="What was saved last goes live then. Leave both empty to take a schedule back.",
        icon="schedule",
    )
    def schedule(self, request: SignedInRequest, page: Page, form: ScheduleForm) -> str:
        publishing.schedule(
            page, at=form.cleaned_data["at"], until=form.cleaned_data["until"], by=request.user
        )
        return "Scheduled." if page.publish_at or page.unpublish_at else "Nothing is scheduled any more."

    @step(
        "Take off",
        may="publish",
        text="Nobody reads it any more, nor the pages below it. What is written stays.",
        icon="visibility_off",
    )
    def unpublish(self, request: SignedInRequest, page: Page, form: BaseDialogForm) -> str:
        publishing.unpublish(page, by=request.user)
        return "It was taken off."

    @step(
        "Ask for a review",
        may="change",
        text="The page shows that somebody else is asked to read it and to publish it.",
        icon="rate_review",
    )
    def ask_review(self, request: SignedInRequest, page: Page, form: BaseDialogForm) -> str:
        publishing.ask_review(page, by=request.user)
        return "Somebody else is asked to read it."

    @step(
        "Ask to let words stand",
        may="decide",
        form=ExemptionForm,
        text="For the words of the advertising guard in what was saved last. Another manager decides.",
        icon="gavel",
    )
    def ask_exemption(self, request: SignedInRequest, page: Page, form: ExemptionForm) -> str:
        one, why = publishing.newest(page), form.cleaned_data["reason"]
        exempting.ask(page, one, publishing.found_in(one), reason=why, by=request.user)
        return "Another manager is asked to decide."

    def has_publish_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm("clinic.publish_page")

    def has_decide_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm(exempting.MAY)


def _branches(pages: list[Page], parent: UUID | None, is_for: str) -> list[dict[str, Any]]:
    return [
        {"page": page, "state": state(page), "below": _branches(pages, page.pk, is_for)}
        for page in pages
        if page.parent_id == parent and page.is_for == is_for
    ]


def _numbered(spots: list[siting.Spot]) -> list[siting.Spot]:
    """Count the pages of each branch by themselves."""
    counted: dict[UUID | None, int] = {}
    numbered = []
    for spot in spots:
        counted[spot.parent] = counted.get(spot.parent, -1) + 1
        numbered.append(spot._replace(position=counted[spot.parent]))
    return numbered


def _body(sent: str) -> tuple[list[dict[str, Any]], list[str]]:
    """The blocks that can be shown, and what is wrong with the others."""
    try:
        rows = json.loads(sent)
    except (ValueError, RecursionError):
        return [], ["The blocks did not arrive whole."]
    kept, wrong = [], []
    for number, row in enumerate(rows if isinstance(rows, list) else [], 1):
        block, errors = check(row)
        wrong += [f"Block {number}: {why}" for why in errors]
        kept += [block] if block else []
    return kept, wrong


def _typed(request: HttpRequest) -> dict[str, Any] | None:
    try:
        typed = json.loads(request.POST.get("content", "null"))
    except (ValueError, RecursionError):
        return None
    is_fit = (
        isinstance(typed, dict)
        and len(request.POST["content"]) < 500_000
        and "\\u0000" not in request.POST["content"]
    )
    return {name: typed.get(name) for name in Page.CONTENT} if is_fit else None


def _block_forms() -> list[dict[str, Any]]:
    """An empty form of each kind of block, for the editor to put in."""
    made = []
    for kind, form_class in FORMS.items():
        form = form_class(auto_id=False)
        for name, field in form.fields.items():
            field.widget.attrs["data-part"] = name
        made.append({"type": kind, "kind": blocks.KINDS[kind], "form": form})
    return made


def _editor(model_admin: PageAdmin, request: SignedInRequest, page: Page | None) -> dict[str, Any]:
    unsaved = revising.unsaved(page, by=request.user) if page else None
    return {
        "is_changed_here": model_admin.has_change_permission(request, page),
        "prose": static("django_prose_editor/editor.js"),
        "preview": reverse("admin:clinic_page_preview", args=[page.pk]) if page else "",
        "autosave": reverse("admin:clinic_page_autosave", args=[page.pk]) if page else "",
        "unsaved": unsaved.content if unsaved else None,
        "unsaved_at": unsaved.at.isoformat() if unsaved else "",
    }
