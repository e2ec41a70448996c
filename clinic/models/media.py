"""Pictures of the public site, and the menus that lead through it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from clinic.models.pages import Page
from config.base import Record, ScopedQuerySet

if TYPE_CHECKING:
    from clinic.models.people import User


class MediaQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("clinic.view_media") else self.none()


class Media(Record):
    """A picture, made anew from what was sent (``config.uploads``) and kept in several widths."""

    name = models.CharField(max_length=80, unique=True, help_text="Editors choose it by this name.")
    alt = models.CharField(
        "text in place of the picture",
        max_length=200,
        help_text="What one sees on it, for those who hear the page.",
    )
    credit = models.CharField("who made it", max_length=120, blank=True)
    sizes = models.JSONField(default=list, editable=False)
    """From narrow to wide, each with ``width``, ``height``, ``file`` and ``sha256``."""

    objects = MediaQuerySet.as_manager()

    class Meta:
        verbose_name = "picture"
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(alt=""),
                name="%(app_label)s_%(class)s_is_described",
                violation_error_message="Say what one sees on the picture.",
            ),
            models.CheckConstraint(condition=~Q(sizes=[]), name="%(app_label)s_%(class)s_has_a_file"),
        ]

    def __str__(self) -> str:
        return self.name


class MenuItemQuerySet(ScopedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self if user.has_perm("clinic.view_menuitem") else self.none()


class MenuItem(Record):
    """One entry of a menu. One whose page is not live is not shown."""

    class Place(models.TextChoices):
        MAIN = "main", "At the top"
        FOOTER = "footer", "At the bottom"
        PORTAL = "portal", "In the portal"

    place = models.CharField(max_length=10, choices=Place, default=Place.MAIN)
    position = models.PositiveSmallIntegerField(default=0, editable=False)
    label = models.CharField(max_length=40)
    page = models.ForeignKey(Page, models.PROTECT, null=True, blank=True, related_name="menu_items")
    link = models.CharField(
        max_length=200,
        blank=True,
        help_text="Instead of a page: an address of this site, such as /portal/book/.",
    )
    is_shown = models.BooleanField("shown", default=True)

    objects = MenuItemQuerySet.as_manager()

    class Meta:
        verbose_name = "entry of a menu"
        verbose_name_plural = "entries of menus"
        ordering = ["place", "position", "label", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(page__isnull=False, link="")
                | Q(page__isnull=True, link__regex=r"^/([^/\\].*)?$"),
                name="%(app_label)s_%(class)s_leads_somewhere",
                violation_error_message="Choose a page, or write an address of this site that begins with /.",
            ),
        ]

    def __str__(self) -> str:
        return self.label
