"""Pictures of the public site, and the menus that lead through it."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.decorators import display

from clinic import picturing, siting
from clinic.forms.pages import MediaForm, MenuItemForm
from clinic.models import Media, MenuItem
from clinic.templatetags.pages import picture
from config.admin import RecordAdmin
from config.base import Refused, SignedInRequest


@admin.register(Media)
class MediaAdmin(RecordAdmin):
    form = MediaForm
    when_empty = "Send pictures here, say what one sees on them, and choose them on pages as blocks."
    list_display = ["show_small", "name", "alt", "show_sizes"]
    list_display_links = ["show_small", "name"]
    search_fields = ["name", "alt", "credit"]
    readonly_fields = ["show_picture", "show_sizes", "show_used"]

    def get_fields(self, request, obj=None):
        """A picture is sent once; another one is another record."""
        words = ["name", "alt", "credit"]
        return ["show_picture", *words, "show_sizes", "show_used"] if obj else ["file", *words]

    def add_view(self, request, form_url="", extra_context=None):
        """Decode what was sent before the form's transaction begins, where nothing else speaks against it."""
        request.taken = {}
        if request.method == "POST" and self.has_add_permission(request):
            form = MediaForm(request.POST, request.FILES)
            if form.is_valid():
                try:
                    request.taken = {"sizes": picturing.take(form.cleaned_data["file"].read())}
                    form.cleaned_data["file"].seek(0)
                except Refused as no:
                    request.taken = {"why_not": str(no)}
        return super().add_view(request, form_url, extra_context)

    def get_form(self, request, obj=None, change=False, **kwargs):
        made = super().get_form(request, obj, change, **kwargs)
        return type(made.__name__, (made,), getattr(request, "taken", {}))

    def save_model(self, request, obj, form, change):
        words = {name: form.cleaned_data[name] for name in ("name", "alt", "credit")}
        if change:
            picturing.describe(obj, **words, by=request.user)
        else:
            added = picturing.add(**words, sizes=form.sizes, by=request.user)
            obj.pk, obj._state.adding = added.pk, False

    @display(description="Picture")
    def show_small(self, media: Media) -> SafeString:
        size = media.sizes[0]
        address = reverse("picture", args=[media.pk, size["width"], size["file"].rsplit(".", maxsplit=1)[-1]])
        return format_html(
            '<img src="{}" alt="{}" width="96" class="rounded-default" loading="lazy">', address, media.alt
        )

    @display(description="Picture")
    def show_picture(self, media: Media) -> SafeString:
        return picture(media)

    @display(description="Widths")
    def show_sizes(self, media: Media) -> str:
        return ", ".join(f"{size['width']} × {size['height']}" for size in media.sizes)

    @display(description="Stands on")
    def show_used(self, media: Media) -> SafeString | str:
        pages = [
            (reverse("admin:clinic_page_change", args=[page.pk]), page) for page in picturing.used_on(media)
        ]
        return format_html_join(", ", '<a class="underline" href="{}">{}</a>', pages) or "No page yet"


@admin.register(MenuItem)
class MenuItemAdmin(RecordAdmin):
    form = MenuItemForm
    list_display = ["label", "place", "page", "link", "is_shown"]
    list_filter = ["place"]
    list_select_related = ["page"]
    search_fields = ["label"]
    fields = [("place", "label"), ("page", "link"), "is_shown"]

    def get_urls(self):
        view = self.admin_site.admin_view(self.arrange)
        return [path("arrange/", view, name="clinic_menuitem_arrange"), *super().get_urls()]

    def changelist_view(self, request, extra_context=None):
        """Show the menus as they are, unless somebody looks for something."""
        if request.GET or not self.has_view_permission(request):
            return super().changelist_view(request, extra_context)
        items = [*self.get_queryset(request).select_related("page")]
        menus = [
            (key, label, [item for item in items if item.place == key])
            for key, label in MenuItem.Place.choices
        ]
        told: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": "Menus",
            "opts": self.opts,
            "menus": menus,
            "may_change": self.has_change_permission(request),
            "may_add": self.has_add_permission(request),
        }
        return TemplateResponse(request, "admin/pages/menus.html", told)

    def save_model(self, request, obj, form, change):
        if not change:
            obj.position = self.get_queryset(request).filter(place=obj.place).count()
        obj.sign_with(by=request.user).save()

    @method_decorator(require_POST)
    def arrange(self, request: SignedInRequest) -> HttpResponse:
        """Put the entries of one menu in the order in which they were dragged."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        try:
            order = [UUID(row["id"]) for row in json.loads(request.POST.get("order", ""))]
        except (ValueError, TypeError, KeyError):
            return JsonResponse(
                {"why": "The order did not arrive whole. Please reload the page."}, status=400
            )
        siting.arrange_menu(request.POST.get("place", ""), order, by=request.user)
        return JsonResponse({"moved": len(order)})
